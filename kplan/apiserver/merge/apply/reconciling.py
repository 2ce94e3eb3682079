"""Sets of fields after a type became atomic: who managed some of a list or map now manages all of it.

Mirrors: sigs.k8s.io/structured-merge-diff/v6/typed/reconcile_schema.go
"""

from __future__ import annotations

from kplan.apiserver.merge.apply.fields import FieldPath, Fields
from kplan.apiserver.merge.apply.shape import Shape


def reconciled(fields: Fields, shape: Shape) -> Fields:
    """The set as it would be written with the shape of today."""
    changed: list[FieldPath] = []
    _find(fields, shape, (), False, changed)
    if not changed:
        return fields
    atomic = Fields.of(*changed)
    return fields.without(atomic) | atomic


def _find(fields: Fields | None, shape: Shape, path: FieldPath, leaf: bool, out: list[FieldPath]) -> None:
    """Find the lists and maps that are atomic now and of which the set has parts."""
    if shape.mapping is not None:
        if shape.mapping.is_deduced():
            return
        if shape.mapping.atomic:
            if not leaf and fields:
                out.append(path)
            return
    elif shape.scalar:
        return
    elif shape.listing is not None and not shape.listing.associative:
        if not leaf:
            out.append(path)
        return
    for element in {**dict.fromkeys(fields.children), **dict.fromkeys(fields.members)} if fields is not None else ():
        inner = _inner(shape, element)
        if inner is not None and fields is not None:
            child = fields.children.get(element)
            _find(child, inner, (*path, element), element in fields.members and child is None, out)


def _inner(shape: Shape, element: str) -> Shape | None:
    if shape.mapping is not None:
        return shape.mapping.value(element[2:]) if element[:2] == "f:" else shape.mapping.value("")
    return shape.listing.element if shape.listing is not None else None
