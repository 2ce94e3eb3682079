"""What a mutation makes of an object: an apply configuration merged into it, or a JSON patch.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch/{smd,json_patch}.go,
         staging/src/k8s.io/apiserver/pkg/cel/mutation/dynamic/objects.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.apiserver.cel.library.times import timestamp_text
from kplan.apiserver.cel.values import ObjectValue, Timestamp
from kplan.apiserver.merge.apply.checking import check, told
from kplan.apiserver.merge.apply.elements import field, index, shown
from kplan.apiserver.merge.apply.merging import merged
from kplan.apiserver.merge.apply.shape import Shape
from kplan.apiserver.merge.errors import BadPatch
from kplan.apiserver.merge.jsonpatch import apply_json_patch
from kplan.apiserver.strategy import Draft
from kplan.model.objects import Object, thaw


class MutationError(Exception):
    """A mutation that cannot be done; its text is the server's."""


def native(value: Any) -> Any:
    """The JSON of an expression's value."""
    match value:
        case ObjectValue():
            return {k: native(v) for k, v in value.fields.items()}
        case Mapping():
            return {str(k): native(v) for k, v in value.items()}
        case list() | tuple():
            return [native(v) for v in value]
        case Timestamp():
            return timestamp_text(value)
        case bytes():
            return value.decode("utf-8", "replace")
        case bool() | int() | float() | str() | None:
            return value
        case _:
            return str(value)


def type_mismatches(value: Any, path: str) -> Iterator[str]:
    """Objects whose type is not the one of their place: ``Object.spec.wrong{}`` given to ``spec``."""
    if isinstance(value, ObjectValue):
        if value.type_name != path:
            said = f'unexpected type name "{value.type_name}", expected "{path}", which matches field name path from root Object type'
            yield said
        for name, inner in value.fields.items():
            yield from type_mismatches(inner, f"{path}.{name}")
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from type_mismatches(inner, path)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from type_mismatches(inner, path)


def _check_types(value: Any) -> None:
    root = value.type_name if isinstance(value, ObjectValue) else ""
    if said := list(type_mismatches(value, root)) if root else []:
        raise MutationError("type mismatch: " + "\n".join(said))


def apply_configuration(obj: Object, value: Any, shape: Shape) -> Draft:
    """The object with an apply configuration merged into it.

    Raises: MutationError.
    """
    _check_types(value)
    patch = {**native(value), "apiVersion": obj["apiVersion"], "kind": obj["kind"]}
    if mistakes := check(patch, shape):
        raise MutationError(f"error applying patch: failed to convert patch object to typed object: {told(mistakes)}")
    if atomics := list(_atomics(patch, shape, "")):
        said = f"may not mutate atomic arrays, maps or structs: {', '.join(atomics)}"
        raise MutationError(f"error applying patch: invalid ApplyConfiguration: {said}")
    out: Draft = thaw(merged(obj, patch, shape))
    return out


def _atomics(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if isinstance(value, Mapping) and shape.mapping is not None:
        if shape.mapping.atomic:
            yield path
        for key, inner in value.items():
            if shape.mapping.declares(key) and (of_field := shape.mapping.value(key)) is not None:
                yield from _atomics(inner, of_field, path + shown(field(key)))
    elif isinstance(value, list) and shape.listing is not None:
        if not shape.listing.associative:
            yield path
        for i, inner in enumerate(value):
            yield from _atomics(inner, shape.listing.element, path + shown(index(i)))


def apply_patches(obj: Object, values: Any) -> Draft | None:
    """The object with JSON patches applied; None where a ``test`` failed, so that nothing is to be changed.

    Raises: MutationError.
    """
    operations = [_operation(value) for value in values]
    try:
        out: Draft = apply_json_patch(obj, operations)
    except BadPatch as refused:
        if refused.message.endswith("test failed"):
            return None
        raise MutationError(f"JSON Patch: {refused.message}") from None
    return out


def _operation(value: Any) -> dict[str, Any]:
    operation: dict[str, Any] = {"op": value.get("op", ""), "path": value.get("path", "")}
    if value.get("from"):
        operation["from"] = value["from"]
    if "value" in value:
        _check_types(value["value"])
        operation["value"] = native(value["value"])
    return operation
