"""Sets of fields of an object, as trees.

A field may be a member although its parent is none, and the other way around.

Mirrors: sigs.k8s.io/structured-merge-diff/v6/fieldpath/{set,serialize}.go
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kplan.apiserver.merge.apply.elements import canonical, field, in_order, is_element, shown
from kplan.apiserver.merge.apply.shape import Shape

FieldPath = tuple[str, ...]
"""Path elements from the top of an object."""


class Fields:
    """A set of fields. Only who made one may insert into it."""

    __slots__ = ("children", "members")

    def __init__(self, members: Iterable[str] = (), children: Mapping[str, Fields] | None = None) -> None:
        self.members = set(members)
        self.children: dict[str, Fields] = dict(children or {})

    @staticmethod
    def of(*paths: FieldPath) -> Fields:
        """The set of the paths."""
        out = Fields()
        for path in paths:
            out.insert(path)
        return out

    def insert(self, path: FieldPath) -> None:
        """Add a field, not its parents. Nobody owns the whole object."""
        if not path:
            return
        node = self
        for element in path[:-1]:
            found = node.children.get(element)
            if found is None:
                found = node.children[element] = Fields()
            node = found
        node.members.add(path[-1])

    def __bool__(self) -> bool:
        return bool(self.members) or any(self.children.values())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fields) and self.members == other.members and self.children == other.children

    __hash__ = None  # type: ignore[assignment]

    def has(self, path: FieldPath) -> bool:
        """Whether a field is a member."""
        node: Fields | None = self
        for element in path[:-1]:
            node = node.children.get(element) if node is not None else None
        return node is not None and path[-1] in node.members

    def below(self, element: str) -> Fields:
        """The members that begin with an element, without it."""
        return self.children.get(element) or _EMPTY

    def __or__(self, other: Fields) -> Fields:
        children = dict(self.children)
        for element, theirs in other.children.items():
            ours = children.get(element)
            children[element] = theirs if ours is None else ours | theirs
        return Fields(self.members | other.members, children)

    def __and__(self, other: Fields) -> Fields:
        both = {e: ours & other.children[e] for e, ours in self.children.items() if e in other.children}
        return Fields(self.members & other.members, {e: c for e, c in both.items() if c})

    def __sub__(self, other: Fields) -> Fields:
        left = {e: ours - other.children[e] if e in other.children else ours for e, ours in self.children.items()}
        return Fields(self.members - other.members, {e: c for e, c in left.items() if c})

    def without(self, other: Fields) -> Fields:
        """The members that are not in the other set, and neither below one of its members."""
        left = {
            e: ours.without(other.children[e]) if e in other.children else ours
            for e, ours in self.children.items()
            if e not in other.members
        }
        return Fields(self.members - other.members, {e: c for e, c in left.items() if c})

    def with_named_parents(self, shape: Shape | None) -> Fields:
        """The set with the fields of structs that lead to its members; keys of maps are left out."""
        mapping, listing = (shape.mapping, shape.listing) if shape is not None else (None, None)
        named = {e for e in self.children if e[:2] == "f:" and mapping is not None and mapping.declares(e[2:])}
        children = {}
        for element, child in self.children.items():
            inner = None
            if element[:2] == "f:" and mapping is not None:
                inner = mapping.value(element[2:])
            elif element[:2] == "k:" and listing is not None:
                inner = listing.element
            children[element] = child.with_named_parents(inner)
        return Fields(self.members | named, children)

    def __iter__(self) -> Iterator[FieldPath]:
        """The members' paths: those of a level, then those below, in order."""
        for element in in_order(self.members):
            yield (element,)
        for element in in_order(self.children):
            for rest in self.children[element]:
                yield (element, *rest)

    def to_json(self) -> dict[str, Any]:
        """``fieldsV1`` of managedFields."""
        out: dict[str, Any] = {}
        for element in in_order(self.members | self.children.keys()):
            child = self.children.get(element)
            inner = child.to_json() if child is not None else {}
            out[element] = {".": {}, **inner} if inner and element in self.members else inner
        return out

    @staticmethod
    def from_json(tree: Mapping[str, Any]) -> Fields:
        """The set of ``fieldsV1``; elements of unknown kinds are left out."""
        out = Fields()
        for text, inner in tree.items():
            if text == "." or not is_element(text):
                continue
            element = canonical(text)
            below = Fields.from_json(inner)
            if "." in inner or not (below.members or below.children):
                out.members.add(element)
            if below.members or below.children:
                out.children[element] = below
        return out


_EMPTY = Fields()


def path_of(*names: str) -> FieldPath:
    """The path of nested fields."""
    return tuple(map(field, names))


def path_text(path: FieldPath) -> str:
    """The path as messages show it: ``.spec.ports[port=80].targetPort``."""
    return "".join(map(shown, path))
