"""Whatever is left out of an object or put in its place, admission answers; it never breaks."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from kplan.apiserver.outcome import Outcome
from kplan.apiserver.server import APIServer
from kplan.catalog.catalog import Catalog
from kplan.model.names import Names
from kplan.store.store import Store

TABLES = Path(__file__).parents[1] / "cases" / "admission"
HARD = {"cpu": "9", "limits.memory": "9Gi", "pods": "9", "requests.storage": "1Ti", "services.nodeports": "9"}
WORLD: list[dict[str, Any]] = [
    {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "default", "labels": {"pod-security.kubernetes.io/warn": "restricted"}},
    },
    {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": "default", "annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}},
    },
    {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "l", "namespace": "default"},
        "spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}, "min": {"cpu": "1m"}}, {"type": "Pod", "max": {"cpu": "9"}}]},
    },
    {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "q", "namespace": "default"},
        "spec": {"hard": HARD},
        "status": {"hard": HARD, "used": dict.fromkeys(HARD, "0")},
    },
]
ODD: list[Any] = [None, {}, [], "", "x", "1Gi", 0, -1, 1.5, True, [None], [{}], {"a": None}]


@cache
def objects() -> list[dict[str, Any]]:
    found = []
    for path in sorted(TABLES.glob("*.yaml")):
        _, table = YAML(typ="safe").load_all(path)
        found += [case["create"] for case in table if "create" in case]
    return found


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield (*at, key)
        yield from places(value[key], (*at, key))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutilated_objects_are_answered(data: st.DataObject) -> None:
    obj = copy.deepcopy(data.draw(st.sampled_from(objects())))
    obj.setdefault("metadata", {})["namespace"] = "default"
    for _ in range(2):
        found = [p for p in places(obj) if p[0] not in ("apiVersion", "kind")]
        if not found:
            break
        place = data.draw(st.sampled_from(found))
        holder = obj
        for key in place[:-1]:
            holder = holder[key]
        if data.draw(st.booleans()):
            del holder[place[-1]]
        else:
            holder[place[-1]] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
    server = APIServer(Store(WORLD), Catalog.at("1.36"), Names(0))
    assert isinstance(server.create(obj, user=True), Outcome)
