"""The fast layer never cries wolf: what ``--schema-only`` refuses the whole of validation refuses, too."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kplan.load.documents import Document
from kplan.load.sources import load_sources
from kplan.model.objects import replace_in
from kplan.validation.judge import Judge, Settings
from tests.bench.fuzz import CRD, WIDGET, corpus, mutate
from tests.documents import as_document

RECORDED = Path(__file__).parents[2] / "fixtures" / "recorded"
SPEC = ("spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "spec", "x-kubernetes-validations")
DEFINITION = as_document(replace_in({k: v for k, v in CRD.items() if k != "status"}, SPEC, [{"rule": "self.size != 7"}]))


@cache
def judges() -> tuple[Judge, Judge]:
    """The fast one and the thorough one; both know the definition of Widgets."""
    both = Judge.at(Settings(schema_only=True)), Judge.at(Settings())
    for judge in both:
        judge.define([DEFINITION], [])
        assert not judge.useless
    return both


def assert_no_wolf(document: Document) -> bool:
    fast, full = (judge.judge(document) for judge in judges())
    if not fast.is_well:
        assert not full.is_well, [str(d.message) for d in fast.diagnostics]
    if document.object.get("kind") == "Widget":
        told = {(d.code, d.path, d.message) for d in full.diagnostics}
        assert {(d.code, d.path, d.message) for d in fast.diagnostics} <= told
    return not fast.is_well


def recorded() -> Iterator[Document]:
    for path in sorted(RECORDED.glob("*.json.gz")):
        with gzip.open(path) as file:
            for step in json.load(file)["steps"]:
                yield from load_sources(["-"], stdin=(step.get("manifests") or "").encode()).documents


def test_over_the_recorded_manifests() -> None:
    documents = list(recorded())
    assert len(documents) > 100
    for document in documents:
        assert_no_wolf(document)


@settings(max_examples=400, deadline=None, database=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_over_damaged_objects_of_every_kind(seed: int) -> None:
    r = random.Random(seed)
    assert_no_wolf(as_document(mutate(r.choice(corpus()), r, corpus())))


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_over_damaged_custom_resources(seed: int) -> None:
    assert_no_wolf(as_document(mutate(WIDGET, random.Random(seed), corpus())))


@pytest.mark.parametrize(
    ("spec", "path", "message"),
    [
        ({"size": "3"}, ("spec", "size"), 'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"'),
        ({"size": 10}, ("spec", "size"), "spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9"),
        ({"size": 3, "colour": "red"}, ("spec", "colour"), 'unknown field "spec.colour"'),
        ({"size": 3, "maybe": "c"}, ("spec", "maybe"), 'spec.maybe: Unsupported value: "c": supported values: "a", "b"'),
        ({"size": 3, "ports": [{"port": 1}, {"port": 1}]}, ("spec", "ports", 1), 'spec.ports[1]: Duplicate value: {"port":1}'),
    ],
)
def test_custom_resources_are_held_against_their_structural_schema(spec: dict[str, Any], path: tuple[Any, ...], message: str) -> None:
    document = as_document({**WIDGET, "spec": spec})
    assert assert_no_wolf(document)
    assert [(d.path, d.message) for d in judges()[0].judge(document).diagnostics] == [(path, message)]


@pytest.mark.parametrize("change", [{"spec": {"size": 7}}, {"metadata": {"name": "No"}}])
def test_rules_and_metadata_are_left_to_the_whole_of_validation(change: dict[str, Any]) -> None:
    fast, full = (judge.judge(as_document({**WIDGET, "spec": {"size": 3}, **change})) for judge in judges())
    assert fast.is_well and not full.is_well
