"""Runs the tables of ``tests/cases/settled``: a cluster, what is done to it, and what it comes to.

``given`` and ``do`` hold manifests, which are completed (apiVersion, namespace, UID) and defaulted; ``do`` also patches
(``{patch: Pod a, set: {path: value}}``), deletes (``{delete: Pod a}``) and lets time pass (``{wait: 5}``).  ``then`` names
objects and the values at dotted paths in them, ``null`` for an object that is gone; a kind alone (``EndpointSlice of web``)
means the only object of the kind that has this controller.  ``for`` lets time pass, ``events`` are reasons of events that
must have been recorded, ``says`` whole messages of them, ``does_not`` reasons that must not.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from kplan.apiserver.strategy import StrategyContext, strategy_for
from kplan.catalog.catalog import Catalog
from kplan.engine.contract import Options
from kplan.model.objects import Object, Ref, get_in, replace_in, thaw
from kplan.pipeline import Session, participants
from tests.tables import rows

KEYS = "given do then later for events says options does_not"
CATALOG = Catalog.at("1.36")
MADE_AT = "2026-01-01T00:00:00Z"


def complete(given: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest with what goes without saying: ``{Pod: a, spec: …}`` is a Pod named a in the namespace default."""
    draft = thaw(given)
    kind, name = next((k, v) for k, v in given.items() if k[0].isupper())
    del draft[kind]
    info = CATALOG.resource(kind)
    assert info is not None, kind
    if kind == "Pod":
        draft = pod(draft)
    meta = {"name": name, **draft.pop("metadata", {})}
    for key in ("labels", "annotations", "finalizers"):
        if key in draft:
            meta[key] = draft.pop(key)
    if info.namespaced:
        meta["namespace"] = draft.pop("namespace", "default")
    return {"apiVersion": info.api_version, "kind": info.kind, "metadata": meta, **draft}


def pod(draft: dict[str, Any]) -> dict[str, Any]:
    """The pod of ``{on: n1, ip: 10.0.0.1, ready: false}``: it runs since the beginning; without ``on`` it is as it is written."""
    spec = {"containers": [{"name": "main", "image": "web:1"}], "terminationGracePeriodSeconds": 30, **draft.pop("spec", {})}
    node, ip, phase, ready = (draft.pop(k, None) for k in ("on", "ip", "phase", "ready"))
    draft.setdefault("labels", {"app": "web"})
    if node is None:
        return {**draft, "spec": spec}
    phase, ready = phase or "Running", ready is not False and phase in (None, "Running")
    conditions = [{"type": t, "status": "True" if ready else "False", "lastTransitionTime": MADE_AT} for t in ("Ready", "ContainersReady")]
    status = {"phase": phase, "startTime": MADE_AT, "conditions": conditions, "containerStatuses": [{"name": "main", "ready": ready}]}
    status |= {"podIP": ip, "podIPs": [{"ip": ip}]} if ip else {}
    return {**draft, "spec": {**spec, "nodeName": node}, "status": status}


def loaded(given: Mapping[str, Any], session: Session) -> Object:
    """An object that was there before."""
    made = complete(given)
    place = f"{made['kind']}-{made['metadata'].get('namespace', '')}-{made['metadata']['name']}"
    made["metadata"] = {"uid": place, "resourceVersion": "1", "creationTimestamp": MADE_AT, **made["metadata"]}
    info = CATALOG.kind(made["apiVersion"], made["kind"])
    assert info is not None
    strategy_for(info.group_kind).default(made, StrategyContext(CATALOG.gates, session.store, session.server.now))
    return made


def ref_of(text: str, session: Session) -> Ref:
    """``Pod a`` or ``Pod other/a``; ``EndpointSlice of web`` by its controller."""
    kind, _, name = text.partition(" ")
    info = CATALOG.resource(kind)
    assert info is not None, kind
    if name.startswith("of "):
        found = [o for o in session.store.objects(info.group_kind) if any(r["name"] == name[3:] for r in o["metadata"].get("ownerReferences") or ())]
        assert len(found) == 1, (text, [o["metadata"]["name"] for o in found])
        return Ref(info.group_kind, found[0]["metadata"].get("namespace") or "", found[0]["metadata"]["name"])
    namespace, _, short = name.rpartition("/")
    return Ref(info.group_kind, (namespace or "default") if info.namespaced else "", short)


def steps(path: str) -> tuple[str | int, ...]:
    return tuple(int(s) if s.isdigit() else s.replace("\0", ".") for s in path.replace("\\.", "\0").split("."))


def replaced(obj: Object, path: str, value: Any) -> Object:
    changed: Object = replace_in(obj, steps(path), value)
    return changed


def do(action: Mapping[str, Any], session: Session) -> None:
    if "delete" in action:
        options = {k: action[k] for k in ("grace", "propagation") if k in action}
        assert session.server.delete(ref_of(action["delete"], session), **options).error is None
    elif "wait" in action:
        session.engine.settle(until=session.server.now + action["wait"])
    elif "patch" in action:
        where = ref_of(action["patch"], session)
        for path, value in action["set"].items():
            subresource = "status" if path.startswith("status.") else ""
            answer = session.server.patch(where, partial(replaced, path=path, value=value), subresource=subresource)
            assert answer.error is None, answer.error
    else:
        answer = session.server.create(complete(action), user=True, manager="kubectl-create")
        assert answer.error is None, answer.error
    session.between()


def settled(table: dict[str, Any], case: dict[str, Any], order: int) -> Session:
    """The world of a case after all that is done to it; ``order`` is 1, or -1 for the controllers backwards."""
    options = Options(**case.get("options", table.get("options", {})))
    session = Session.open([], version="1.36", options=options, controllers=participants()[::order])
    basics: list[dict[str, Any]] = [
        {"Namespace": "default", "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}},
        {"ServiceAccount": "default"},
    ]
    for row in [*basics, *table.get("given", ()), *case.get("given", ())]:
        session.store.load(loaded(row, session))
    session.begin()
    for action in case.get("do", ()):
        do(action, session)
    session.settle(case.get("for"))
    return session


@pytest.mark.parametrize("order", [1, -1], ids=["", "backwards"])
@pytest.mark.parametrize(("table", "case"), rows("settled", KEYS, shared=True))
def test_case(table: dict[str, Any], case: dict[str, Any], order: int) -> None:
    session = settled(table, case, order)
    for where, wanted in case["then"].items():
        found = session.store.get(ref_of(where, session))
        if wanted is None:
            assert found is None, found
            continue
        assert found is not None, [str(w.ref) for w in session.store.journal.writes]
        for path, value in wanted.items():
            assert get_in(found, steps(path)) == value, (where, path, found)
    reasons = {e.reason for e in session.store.journal.events}
    assert set(case.get("events", ())) <= reasons, reasons
    assert reasons.isdisjoint(case.get("does_not", ())), reasons
    messages = {e.message for e in session.store.journal.events}
    assert set(case.get("says", ())) <= messages, messages
    later = [entry.note for entry in session.engine.later()]
    for note in case.get("later", ()):
        assert any(note in entry for entry in later), later
    if "later" in case and not case["later"]:
        assert not later


@pytest.mark.parametrize(("table", "case"), rows("settled", KEYS, shared=True))
def test_nothing_is_left_to_do(table: dict[str, Any], case: dict[str, Any]) -> None:
    session = settled(table, case, 1)
    again = Session.open(session.store.everything(), version="1.36", options=session.engine.options, now=session.server.now)
    again.begin()
    assert [(w.actor, w.verb, str(w.ref), w.because) for w in again.store.journal.writes] == []
