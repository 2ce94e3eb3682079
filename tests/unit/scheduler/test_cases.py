"""Runs the tables of ``tests/cases/scheduler``: a cluster, what comes to it, and where the pods are then.

A node is ``{Node: n1, cpu: 2, labels: {…}, taints: […]}``; a pod ``{Pod: a, on: n1, cpu: 500m, priority: 5, …}``, its other
keys go into its spec; other objects are written in full.  ``given`` is there before, ``do`` comes one after another.
With ``together`` the next comes at the same time.  ``then`` names objects: text for a pod is the node it is on, or (with a blank in it) the message of its PodScheduled
condition; a mapping holds values at dotted paths, ``null`` an object that is gone.  ``events`` are messages of the
scheduler's events, in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from kplan.catalog.catalog import Catalog
from kplan.engine.contract import Options
from kplan.model.objects import Object, Ref, get_in, replace_in, thaw
from kplan.pipeline import Session
from kplan.scheduler.scheduler import Scheduler
from tests.tables import rows

KEYS = "everybody given do then events for config"
CATALOG = Catalog.at("1.36")
MADE_AT = "2026-01-01T00:00:00Z"
METADATA = ("labels", "annotations", "namespace", "uid", "ownerReferences", "finalizers", "deletionTimestamp", "creationTimestamp")


def node(draft: dict[str, Any]) -> dict[str, Any]:
    """A node of 4 cpus and 8Gi, for 110 pods."""
    room = {"cpu": "4", "memory": "8Gi", "pods": "110"} | {k: str(draft.pop(k)) for k in ("cpu", "memory", "pods") if k in draft}
    room |= {k: str(v) for k, v in draft.pop("room", {}).items()}
    draft["labels"] = {"kubernetes.io/hostname": draft.pop("name"), **draft.get("labels", {})}
    spec = {k: draft.pop(k) for k in ("taints", "unschedulable") if k in draft}
    return {**draft, "spec": spec, "status": {"allocatable": room, "capacity": room, **draft.pop("status", {})}}


def pod(draft: dict[str, Any]) -> dict[str, Any]:
    """A pod with one container, which runs where it is on a node."""
    del draft["name"]
    asked = {k: str(draft.pop(k)) for k in ("cpu", "memory") if k in draft} | {k: str(v) for k, v in draft.pop("asks", {}).items()}
    container = {"name": "main", "image": "web:1", **({"resources": {"requests": asked, "limits": {k: v for k, v in asked.items() if "/" in k}}} if asked else {})}
    outside = {k: draft.pop(k) for k in (*METADATA, "status") if k in draft}
    where = {"nodeName": draft.pop("on")} if "on" in draft else {}
    status = {"phase": "Running" if where else "Pending", "startTime": MADE_AT, **outside.pop("status", {})}
    return {**outside, "spec": {"containers": [container], "schedulerName": "default-scheduler", **where, **draft}, "status": status}


def complete(given: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest with what goes without saying."""
    draft = thaw(given)
    kind, name = next((k, v) for k, v in given.items() if k[0].isupper())
    del draft[kind]
    info = CATALOG.resource(kind)
    assert info is not None, kind
    if kind in ("Node", "Pod"):
        draft = {"Node": node, "Pod": pod}[kind]({**draft, "name": name})
    meta = {"name": name, **{k: draft.pop(k) for k in METADATA if k in draft}}
    if info.namespaced:
        meta.setdefault("namespace", "default")
    return {"apiVersion": info.api_version, "kind": info.kind, "metadata": meta, **draft}


def loaded(given: Mapping[str, Any]) -> Object:
    """An object that was there before."""
    made = complete(given)
    made["metadata"] = {"uid": f"{made['kind']}-{made['metadata']['name']}".lower(), "resourceVersion": "1", "creationTimestamp": MADE_AT} | made["metadata"]
    return made


def ref_of(text: str) -> Ref:
    """``Pod a``, ``Pod other/a``."""
    kind, _, name = text.partition(" ")
    info = CATALOG.resource(kind)
    assert info is not None, kind
    namespace, _, short = name.rpartition("/")
    return Ref(info.group_kind, (namespace or "default") if info.namespaced else "", short)


def replaced(obj: Object, path: tuple[str | int, ...], value: Any) -> Object:
    changed: Object = replace_in(obj, path, value)
    return changed


def steps(path: str) -> tuple[str | int, ...]:
    return tuple(int(s) if s.isdigit() else s.replace("\0", ".") for s in path.replace("\\.", "\0").split("."))


def do(action: Mapping[str, Any], session: Session) -> None:
    together = action.get("together")
    action = {k: v for k, v in action.items() if k != "together"}
    if "delete" in action:
        answer = session.server.delete(ref_of(action["delete"]), grace=0)
    elif "patch" in action:
        path, value = action["path"], action["value"]
        subresource = "status" if path.startswith("status.") else ""
        answer = session.server.patch(ref_of(action["patch"]), partial(replaced, path=steps(path), value=value), subresource=subresource)
    else:
        answer = session.server.create(complete(action), user=True)
    assert answer.error is None, answer.error
    if not together:
        session.settle()


def placement(found: Object) -> str:
    """The node a pod is on, else what its PodScheduled condition says."""
    conditions = {c["type"]: c for c in found["status"].get("conditions") or ()}
    return found["spec"].get("nodeName") or conditions.get("PodScheduled", {}).get("message") or "waits"


@pytest.mark.parametrize(("table", "case"), rows("scheduler", KEYS, shared=True))
def test_case(table: dict[str, Any], case: dict[str, Any]) -> None:
    options = Options(scheduler_config=case.get("config"))
    everybody = case.get("everybody", table.get("everybody", False))
    session = Session.open([], version="1.36", options=options, controllers=None if everybody else [Scheduler()])
    basics: list[dict[str, Any]] = [{"Namespace": "default", "status": {"phase": "Active"}}, {"ServiceAccount": "default"}]
    for row in [*basics, *table.get("given", ()), *case.get("given", ())]:
        session.store.load(loaded(row))
    session.begin()
    for action in case.get("do", ()):
        do(action, session)
    session.settle(case.get("for"))
    for where, wanted in case["then"].items():
        found = session.store.get(ref_of(where))
        if wanted is None:
            assert found is None, found
            continue
        assert found is not None, where
        if isinstance(wanted, str):
            assert placement(found) == wanted
            continue
        for path, value in wanted.items():
            assert get_in(found, steps(path)) == value, (where, path, found)
    if "events" in case:
        assert [e.message for e in session.store.journal.events if e.actor == Scheduler.name] == case["events"]
