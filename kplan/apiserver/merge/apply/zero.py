"""An object of a kind in which nothing is set, as Go writes it: what is no pointer and not left out is there.

Mirrors: staging/src/k8s.io/apimachinery/pkg/runtime/interfaces.go, ObjectCreater (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.catalog.catalog import Catalog
from kplan.catalog.definitions import Schema

_EMPTY = {"string": "", "integer": 0, "number": 0, "boolean": False, "quantity": "0", "int-or-string": 0}


class Zeros:
    """The empty values of the built-in types."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: dict[str, dict[str, Any]] = {}

    def of(self, definition: str) -> dict[str, Any]:
        """The empty value of a definition. Not to be changed."""
        found = self._known.get(definition)
        if found is None:
            found = self._known[definition] = self._make(definition)
        return found

    def _make(self, definition: str) -> dict[str, Any]:
        out: dict[str, Any] = {}
        fields = self._catalog.definition(definition).fields
        for go in self._catalog.go_struct(definition):
            schema = fields.get(go.name)
            if schema is None or go.embedded == "TypeMeta" or go.omit == "zero":
                continue
            if not go.pointer and schema.ref:
                out[go.name] = self.of(schema.ref)
            elif not go.omit:
                out[go.name] = None if go.pointer else _empty(schema)
        return out


def _empty(schema: Schema) -> Any:
    return _EMPTY.get(schema.type)
