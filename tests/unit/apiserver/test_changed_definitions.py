"""What becomes of custom resources when their definition changes."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.apiserver.server import APIServer
from kplan.catalog.catalog import Catalog
from kplan.model.names import Names
from kplan.model.objects import Ref
from kplan.store.store import Store

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "uid": "n"}, "status": {"phase": "Active"}}
OLD = {"size": {"type": "integer"}, "colour": {"type": "string"}}


def definition(**versions: dict[str, Any]) -> dict[str, Any]:
    """A definition with these versions, of which the last is the stored one."""
    served = [
        {
            "name": name,
            "served": True,
            "storage": name == list(versions)[-1],
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": fields}}}},
        }
        for name, fields in versions.items()
    ]
    names = {"plural": "shirts", "singular": "shirt", "kind": "Shirt", "listKind": "ShirtList"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "shirts.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": served},
    }


CHANGES = {
    "a field that goes is shown no more": (definition(v1={"size": {"type": "integer"}}), "example.com/v1", {"size": 4}),
    "a new default is shown": (
        definition(v1={**OLD, "fit": {"type": "string", "default": "slim"}}),
        "example.com/v1",
        {"size": 4, "colour": "red", "fit": "slim"},
    ),
    "a limit that is broken already changes nothing": (
        definition(v1={**OLD, "size": {"type": "integer", "maximum": 1}}),
        "example.com/v1",
        {"size": 4, "colour": "red"},
    ),
    "a new stored version is that of all": (definition(v1=OLD, v2={"size": {"type": "integer"}}), "example.com/v2", {"size": 4}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_objects_are_read_by_the_new_schema(name: str) -> None:
    changed, api_version, spec = CHANGES[name]
    server = APIServer(Store([NAMESPACE]), Catalog.at("1.36"), Names(), now=1_800_000_000.0)
    assert server.create(definition(v1=OLD), user=True).ok
    shirt = {"apiVersion": "example.com/v1", "kind": "Shirt", "metadata": {"name": "a", "namespace": "default"}, "spec": {"size": 4, "colour": "red"}}
    assert server.create(shirt, user=True).ok
    outcome = server.update({**changed, "metadata": {"name": "shirts.example.com"}}, user=True)
    assert outcome.ok, outcome.error
    found = server.view.get(Ref("Shirt.example.com", "default", "a"))
    assert found is not None
    assert (found["apiVersion"], found["spec"]) == (api_version, spec)
    assert found["metadata"]["generation"] == 1
