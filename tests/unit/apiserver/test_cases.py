"""Runs the tables in ``tests/cases/apiserver``: one request each against the one door.

A case has ``create`` or ``update`` (an object as a user writes it; an update is the stored object with these fields put
over it, null for those that go), may have ``given`` (objects stored before, through the same door), ``dry_run`` and
``subresource``, and says what comes of it: ``refused`` (the message), ``stored`` (fields the stored object has; null for
those it has not) and ``warnings``.
"""

from __future__ import annotations

from typing import Any

import pytest

from kplan.apiserver.outcome import Outcome
from kplan.apiserver.server import APIServer
from kplan.catalog.catalog import Catalog
from kplan.model.names import Names
from kplan.model.objects import ref_of, thaw
from kplan.store.store import Store
from tests.tables import rows

KEYS = "create stored refused warnings given update subresource dry_run"
WORLD = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "uid": "n"}, "status": {"phase": "Active"}},
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default", "uid": "a"}},
]


def complete(server: APIServer, obj: dict[str, Any]) -> dict[str, Any]:
    """The object as kubectl sends it: with a namespace, where its kind has one."""
    info = server.resolve(obj["apiVersion"], obj["kind"])
    assert info is not None
    meta = dict(obj.get("metadata") or {})
    if info.namespaced:
        meta.setdefault("namespace", "default")
    return {**obj, "metadata": meta}


def put_over(base: Any, change: Any) -> Any:
    """A JSON merge patch."""
    if not isinstance(change, dict):
        return change
    out = dict(base) if isinstance(base, dict) else {}
    for key, value in change.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = put_over(out.get(key), value)
    return out


def ask(server: APIServer, case: dict[str, Any]) -> Outcome:
    if "create" in case:
        return server.create(complete(server, case["create"]), user=True, dry_run=case.get("dry_run", False))
    change = complete(server, case["update"])
    stored = server.view.get(ref_of(change))
    assert stored is not None, "nothing to update"
    return server.update(put_over(thaw(stored), change), user=True, subresource=case.get("subresource", ""))


def missing(expected: Any, found: Any, at: str = "") -> list[str]:
    """Where what was stored is not what was expected."""
    if isinstance(expected, dict):
        here = found if isinstance(found, dict) else {}
        return [m for k, v in expected.items() for m in missing(v, here.get(k), f"{at}.{k}")]
    return [] if expected == found else [f"{at}: {found!r} instead of {expected!r}"]


@pytest.mark.parametrize("case", rows("apiserver", KEYS))
def test_case(case: dict[str, Any]) -> None:
    server = APIServer(Store(WORLD), Catalog.at("1.36"), Names(0))
    for obj in case.get("given", ()):
        answer = server.create(complete(server, obj), user=True)
        assert answer.ok, answer.error
    outcome = ask(server, case)
    said = outcome.error.message if outcome.error is not None else None
    assert said == case.get("refused")
    if "stored" in case:
        assert missing(case["stored"], outcome.object) == []
    if "warnings" in case:
        assert list(outcome.warnings) == case["warnings"]
