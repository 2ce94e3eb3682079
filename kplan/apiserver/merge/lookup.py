"""How a field is merged: what a kind's schema says of its patch strategy and merge key.

Mirrors: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/meta.go (1.36)
Differs: one lookup over the compiled schemas serves client and server, with the words of the server's (Go structs).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kplan.apiserver.merge.errors import BadPatch

if TYPE_CHECKING:
    from kplan.catalog.catalog import Catalog
    from kplan.catalog.definitions import Schema

MERGE, REPLACE, RETAIN_KEYS = "merge", "replace", "retainKeys"


class FieldRule(NamedTuple):
    """How one field merges. ``strategy`` is "", merge or replace; ``inside`` is where its value's own fields are known."""

    inside: PatchSchema
    strategy: str
    retain_keys: bool
    merge_key: str


@dataclass(frozen=True, slots=True)
class PatchSchema:
    """The fields of a typed object, or of the elements of a list of them; without a definition nothing is known."""

    catalog: Catalog
    definition: str
    """The schema's name, "" for an untyped map."""

    def field(self, name: str) -> FieldRule:
        """The rule of a field whose value is a map or a list.

        Raises: BadPatch where the type has no such field.
        """
        if not self.definition:
            raise BadPatch("merging an object in json but data type is not struct, instead is: map")
        schema = self.catalog.definition(self.definition).fields.get(name)
        if schema is None:
            short = self.definition.rpartition(".")[2]
            raise BadPatch(f'unable to find api field in struct {short} for the json field "{name}"')
        strategies = tuple(s for s in schema.patch_strategies if s)
        rest = [s for s in strategies if s != RETAIN_KEYS]
        if len(strategies) > 2 or len(rest) > 1:
            raise BadPatch(f"unexpected patch strategy: {list(strategies)}")
        return FieldRule(self._inside(schema), rest[0] if rest else "", RETAIN_KEYS in strategies, schema.merge_key or "")

    def _inside(self, schema: Schema) -> PatchSchema:
        inner = schema.items if schema.items is not None else schema
        return PatchSchema(self.catalog, inner.ref or "")
