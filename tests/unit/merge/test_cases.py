"""Runs the tables in ``tests/cases/merge``; each file has a runner of its own name."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.apiserver.fieldmanagers import KindVersions
from kplan.apiserver.merge.apply.entries import decoded
from kplan.apiserver.merge.apply.fields import Fields, path_of, path_text
from kplan.apiserver.merge.apply.shape import Shapes
from kplan.apiserver.merge.apply.tracking import FieldManager
from kplan.apiserver.merge.apply.zero import Zeros
from kplan.apiserver.merge.errors import BadPatch
from kplan.apiserver.merge.jsonmerge import apply_merge, create_three_way_merge
from kplan.apiserver.merge.jsonpatch import apply_json_patch
from kplan.apiserver.merge.lookup import PatchSchema
from kplan.apiserver.merge.strategic import apply_strategic
from kplan.apiserver.merge.strategicdiff import create_three_way_patch
from kplan.apiserver.outcome import Status
from kplan.catalog.catalog import Catalog
from tests.tables import table

CATALOG = Catalog.at("1.36")


def cases(name: str) -> list[Any]:
    found = table(f"merge/{name}")
    return [pytest.param(case, id=case["name"] if isinstance(case, dict) else str(i)) for i, case in enumerate(found)]


def schema(kind: list[str]) -> PatchSchema:
    info = CATALOG.kind(*kind)
    assert info is not None
    return PatchSchema(CATALOG, info.definition)


@pytest.mark.parametrize("case", cases("three_way"))
def test_three_way(case: dict[str, Any]) -> None:
    original, modified, current = (case[k] for k in ("original", "modified", "current"))
    if case["kind"] == "custom":
        patch = create_three_way_merge(original, modified, current)
        result = apply_merge(current, patch)
    else:
        patch = create_three_way_patch(original, modified, current, schema(case["kind"]))
        result = apply_strategic(current, patch, schema(case["kind"]))
    assert patch == case["patch"]
    assert result == case.get("result", current)


@pytest.mark.parametrize("case", cases("strategic"))
def test_strategic(case: dict[str, Any]) -> None:
    try:
        result = apply_strategic(case["object"], case["patch"], schema(case["kind"]))
    except BadPatch as refused:
        assert refused.message == case.get("refused")
    else:
        assert result == case["result"]


@pytest.mark.parametrize("case", cases("json_merge"))
def test_json_merge(case: list[Any]) -> None:
    before, patch, after = case
    assert apply_merge(before, patch) == after


@pytest.mark.parametrize("case", cases("json_patch"))
def test_json_patch(case: dict[str, Any]) -> None:
    try:
        result = apply_json_patch(case["object"], case["patch"])
    except BadPatch as refused:
        assert refused.message == case.get("refused")
    else:
        assert result == case["result"]


def complete(kind: list[str], obj: dict[str, Any], **meta: Any) -> dict[str, Any]:
    given = obj.get("metadata") or {}
    return {**obj, "apiVersion": kind[0], "kind": kind[1], "metadata": {"name": "x", "namespace": "default", **given, **meta}}


@pytest.mark.parametrize("case", cases("server_side"))
def test_server_side(case: dict[str, Any]) -> None:
    kind, shapes = case["kind"], Shapes(CATALOG)
    info = CATALOG.kind(*kind)
    assert info is not None
    versions = KindVersions(kind[1], info.group, CATALOG.kind, lambda i: shapes.definition(i.definition))
    zero = {"apiVersion": kind[0], "kind": kind[1], **Zeros(CATALOG).of(info.definition)}
    ignored = Fields.of(*map(path_of, case.get("ignored", [])))
    live = complete(kind, case["live"], uid="u") if "live" in case else None
    for second, step in enumerate(case["steps"]):
        keeper = FieldManager(versions, kind[0], kind[1], zero, ignored, now=f"2026-01-01T00:00:{second:02}Z")
        if "update" in step:
            new = complete(kind, step["update"], uid="u")
            live = complete(kind, step["update"], uid="u", managedFields=keeper.update(live, new, step["manager"]))
            continue
        outcome = keeper.apply(live, complete(kind, step["apply"]), step["manager"], step.get("force", False))
        if isinstance(outcome, Status):
            assert outcome.message == step.get("refused")
        else:
            assert "refused" not in step
            live = dict(outcome)
    for key, value in case.get("object", {}).items():
        assert live is not None
        assert {k: v for k, v in live[key].items() if v is not None} == value
    if "managers" in case:
        assert live is not None
        owned = decoded(live["metadata"]["managedFields"]).managers
        assert {m.name: [path_text(p) for p in managed.fields] for m, managed in owned.items()} == case["managers"]
