"""What is hostile ends quickly, and with an answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kplan.apiserver.goregexp import matches
from kplan.apiserver.merge.request import JSON, PatchRequest
from kplan.apiserver.outcome import Status
from kplan.apiserver.server import APIServer
from kplan.catalog.catalog import Catalog
from kplan.kubectl.output.jsonpath import BadTemplate, Template
from kplan.model.names import Names
from kplan.store.store import Store
from tests.bench.fuzz import CRD

CATALOG = Catalog.at("1.36")


@contextmanager
def quickly(seconds: float = 1.0) -> Iterator[None]:
    """What is inside takes no longer of the processor."""
    begin = time.process_time()
    yield
    assert time.process_time() - begin < seconds


def define(schema: dict[str, Any]) -> Any:
    """The answer to a CustomResourceDefinition whose spec has this schema."""
    root = {"type": "object", "properties": {"spec": schema}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": root}}
    definition = {**CRD, "metadata": {"name": "widgets.example.com"}, "spec": {**CRD["spec"], "versions": [version]}}
    return APIServer(Store(()), CATALOG, Names(0)).create(definition, user=True)


def test_patterns_take_linear_time() -> None:
    with quickly():
        assert not matches("^(a+)+$", "a" * 50_000 + "!")


def test_a_rule_that_costs_too_much_is_refused() -> None:
    lists: dict[str, Any] = {"type": "array", "items": {"type": "array", "items": {"type": "string"}}}
    rule = "self.x.all(a, self.x.all(b, self.x.all(c, a == b && b == c)))"
    with quickly():
        answer = define({"type": "object", "properties": {"x": lists}, "x-kubernetes-validations": [{"rule": rule}]})
    assert answer.error is not None and "exceeds budget" in answer.error.message


def test_a_schema_nested_deeply_has_an_answer() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(80):
        schema = {"type": "object", "properties": {"a": schema}}
    with quickly(2):
        define(schema)


def test_a_patch_that_doubles_again_and_again_is_cut_short() -> None:
    info = CATALOG.kind("v1", "ConfigMap")
    assert info is not None
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "b"}}
    body = [{"op": "copy", "from": "/data", "path": f"/data/x{i}"} for i in range(10_000)]
    with quickly():
        assert isinstance(PatchRequest(JSON, body, info, CATALOG)(obj), Status)
        assert isinstance(PatchRequest(JSON, body * 2, info, CATALOG)(obj), Status)


@pytest.mark.parametrize("text", ["{" * 50_000, "{.a[" * 20_000, "{" + ".." * 20_000 + "}", "{range .items[*]}" * 2_000, "{.a[?(@.b" * 5_000])
def test_templates_end(text: str) -> None:
    with quickly(2):
        try:
            list(Template(text).find({"items": [], "a": {"b": 1}}))
        except BadTemplate:
            return
