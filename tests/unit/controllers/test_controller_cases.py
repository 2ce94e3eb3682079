"""Runs the tables of ``tests/cases/controllers``: a world in, one reconcile, its actions out.

``then`` lists every create, update and delete in order; equal ones in a row are written once with ``count``.  Of status
writes, events, timers and noops it lists those that matter.  Instead, or as well, rows say what it came to: ``sizes``, the
replicas of the ReplicaSets; ``gone``, the names of what was deleted; ``done``, how many actions there were of a verb; and
``left``, the values at dotted paths of the subject.  ``leaves`` says it of any object, of claims and volumes in the words of
``tests.volumes``, null of one that is gone; then ``events`` are all events there were.  A controller that
``starts`` looks at the world before.  ``tracked`` puts in pods of a Job, as ``2 Running`` or ``1 Failed at 3``.
"""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from kplan.engine.contract import Options
from tests.tables import rows

KEYS = "given leaves gates events says then done left tracked sizes gone options subject"

_ORDERED = ("create", "update", "delete")


def expected(case: dict[str, Any]) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    for row in case["then"]:
        out += [row] * row.get("count", 1)
    return out


def sizes(world: Any) -> dict[str, int]:
    return {rs["metadata"]["name"]: rs["spec"]["replicas"] for rs in world.store.objects("ReplicaSet.apps")}


def matches(at: Any, want: dict[str, Any], got: dict[str, Any]) -> bool:
    for key, value in want.items():
        if key == "set":
            if any(at(got["object"], path) != v for path, v in value.items()):
                return False
        elif key == "size":
            if len(got["object"]["endpoints"]) != value:
                return False
        elif key == "refused":
            if value not in (got["error"].message if got["error"] else ""):
                return False
        elif key == "says":
            if value not in got["says"]:
                return False
        elif key != "count" and got.get(key) != value:
            return False
    return True


def brief(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in ("object", "error")}


def leaves(world: Any, case: dict[str, Any], done: list[dict[str, Any]]) -> None:
    story = [brief(r) for r in done]
    for name, want in case["leaves"].items():
        found = world.store.get(world.ref(name))
        if want is None or found is None:
            assert want is found, (name, story)
        elif isinstance(want, str):
            assert world.outcome(found) == want, (name, story)
        else:
            for path, value in want.items():
                assert world.at(found, path) == value, (name, path, found, story)
    assert [f"{r['type']} {r['event']}" for r in done if "event" in r] == case.get("events", []), story
    assert set(case.get("says", ())) <= {r["says"] for r in done if "event" in r}, story


@pytest.mark.parametrize(("table", "case"), rows("controllers", KEYS, shared=True))
def test_case(cluster: Any, table: dict[str, Any], case: dict[str, Any]) -> None:
    world = cluster(options=Options(**case.get("options", {})), gates=case.get("gates", {}))
    for row in [*table.get("given", ()), *case.get("given", ())]:
        world.add(row)
    world.add_tracked(table["subject"], case.get("tracked", []))
    module = importlib.import_module(f"kplan.controllers.{table['controller']}")
    controller = module.CONTROLLER()
    if table.get("starts"):
        controller.start(world.store, world.context)
    done = world.reconcile(controller, cluster.ref(case.get("subject", table["subject"])))
    if "sizes" in case:
        assert sizes(world) == case["sizes"], [brief(r) for r in done]
    if "gone" in case:
        assert sorted(r["delete"].split()[-1] for r in done if "delete" in r) == sorted(case["gone"]), [brief(r) for r in done]
    for verb, count in case.get("done", {}).items():
        assert sum(verb in r and r["error"] is None for r in done) == count, [brief(r) for r in done]
    subject = world.store.get(cluster.ref(table["subject"]))
    for path, value in case.get("left", {}).items():
        assert cluster.at(subject, path) == value, (path, subject.get("status"), [brief(r) for r in done])
    if "leaves" in case:
        leaves(world, case, done)
    if "then" not in case:
        return
    wanted = expected(case)
    ordered = [r for r in wanted if any(k in r for k in _ORDERED)]
    actual = [r for r in done if any(k in r for k in _ORDERED)]
    story = [brief(r) for r in done]
    assert len(ordered) == len(actual), story
    for want, got in zip(ordered, actual, strict=True):
        assert matches(cluster.at, want, got), (want, got)
    for want in (r for r in wanted if r not in ordered):
        assert any(matches(cluster.at, want, got) for got in done), (want, story, [r.get("object", {}).get("status") for r in done if "status" in r])
