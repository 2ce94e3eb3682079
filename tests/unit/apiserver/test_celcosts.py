"""What expressions are thought to cost, where a definition is judged by it."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.apiserver.batch import FreshCluster

HOSTS = {"type": "array", "maxItems": 256, "items": {"type": "string", "maxLength": 64}}
NAMES = {"type": "array", "items": {"type": "string"}}
TOO_DEAR = "estimated rule cost exceeds budget by factor of more than 100x"


def answer(rule: str, **properties: Any) -> dict[str, Any]:
    """What the server says to a definition with this rule on its spec."""
    spec = {"type": "object", "properties": properties, "x-kubernetes-validations": [{"rule": rule}]}
    schema = {"type": "object", "properties": {"spec": spec}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "entries", "singular": "entry", "kind": "Entry", "listKind": "EntryList"}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "entries.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]},
    }
    return FreshCluster().answer(definition)


@pytest.mark.parametrize(
    "rule",
    [
        'self.hosts.all(h, h.contains("/"))',
        '(has(self.hosts) ? self.hosts : []).exists(h, h.contains("/"))',
    ],
)
def test_a_bounded_list_may_be_searched(rule: str) -> None:
    assert answer(rule, hosts=HOSTS)["code"] == 201


def test_texts_of_any_length_in_a_list_of_any_length_are_too_dear() -> None:
    refused = answer('self.names.all(n, n.contains("/"))', names=NAMES)
    assert refused["code"] == 422
    assert TOO_DEAR in refused["message"]


def test_pairs_of_an_unbounded_list_are_too_dear() -> None:
    refused = answer("self.names.all(a, self.names.all(b, a != b || a == b))", names=NAMES)
    assert TOO_DEAR in refused["message"]


def test_an_expression_is_of_limited_size() -> None:
    text = "'" + "a" * 100_000 + "' != ''"
    assert "ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100008, limit 100000" in answer(text)["message"]
