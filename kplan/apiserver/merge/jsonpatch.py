"""JSON patch (RFC 6902), as the API server's library takes it.

Negative indices count from the end, ``replace`` of an absent field of a map adds it, ``remove`` of one is an error.

Mirrors: gopkg.in/evanphx/json-patch.v4 patch.go
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from kplan.apiserver.merge.errors import BadPatch
from kplan.apiserver.merge.values import same
from kplan.model.objects import Object, thaw

MOST_OPERATIONS = 10_000
MOST_COPIED_BYTES = 3 * 1024 * 1024

Container = dict[str, Any] | list[Any]
_INDEX = re.compile(r"[+-]?\d+", re.ASCII)
_MISSING = "missing value"


def apply_json_patch(obj: Object, operations: list[Any]) -> Any:
    """The object after all operations; the argument is not changed.

    Raises: BadPatch where an operation does not apply.
    """
    document: list[Any] = [thaw(obj)]
    copied = 0
    for operation in operations:
        kind = operation.get("op")
        act = _ACTS.get(kind) if isinstance(kind, str) else None
        if act is None:
            raise refused(f"Unexpected kind: {kind if isinstance(kind, str) else 'unknown'}")
        if kind == "copy" and (copied := copied + _copied_size(document, operation)) > MOST_COPIED_BYTES:
            raise refused(f"Unable to complete the copy, the accumulated size increase of copy is {copied}, exceeding the limit {MOST_COPIED_BYTES}")
        act(document, operation)
    return document[0]


def _copied_size(document: list[Any], operation: Mapping[str, Any]) -> int:
    """Bytes a copy adds; 0 where it will fail for another reason."""
    try:
        where, step, _ = _source(document, operation, "copy")
        return len(orjson.dumps(_get(where, step)))
    except BadPatch:
        return 0


def refused(message: str) -> BadPatch:
    """422: an operation does not apply. (kubectl shows only the server's general sentence.)"""
    return BadPatch(message, 422, "Invalid")


def _pointer(operation: Mapping[str, Any], field: str, failed: str) -> str:
    value = operation.get(field)
    if not isinstance(value, str):
        raise refused(f"{failed}: {_MISSING}")
    return value


def _find(document: list[Any], pointer: str) -> tuple[Container | None, str]:
    """The container a pointer's last step looks into, None where there is none; and that step."""
    steps = [s.replace("~1", "/").replace("~0", "~") for s in pointer.split("/")]
    if len(steps) < 2:
        return None, ""
    here = document[0]
    for step in steps[1:-1]:
        try:
            here = _get(here, step)
        except BadPatch:
            return None, ""
        if not isinstance(here, dict | list):
            return None, ""
    return here, steps[-1]


def _index(step: str, size: int, most: int) -> int:
    """A list index from 0 to ``most``; negative ones count from ``size``."""
    if not _INDEX.fullmatch(step):
        raise refused(f'strconv.Atoi: parsing "{step}": invalid syntax')
    at = int(step)
    if at > most or at < -size:
        raise refused(f"Unable to access invalid index: {at}: invalid index referenced")
    return at + size if at < 0 else at


def _get(where: Container, step: str) -> Any:
    if isinstance(where, dict):
        return where.get(step)
    return where[_index(step, len(where), len(where) - 1)]


def _put(where: Container, step: str, value: Any) -> None:
    """Add: a list grows."""
    if isinstance(where, dict):
        where[step] = value
    elif step == "-":
        where.append(value)
    elif not _INDEX.fullmatch(step):
        raise refused(f"value was not a proper array index: '{step}': strconv.Atoi: parsing \"{step}\": invalid syntax")
    else:
        where.insert(_index(step, len(where) + 1, len(where)), value)


def _drop(where: Container, step: str) -> None:
    if isinstance(where, list):
        del where[_index(step, len(where), len(where) - 1)]
    elif step in where:
        del where[step]
    else:
        raise refused(f"Unable to remove nonexistent key: {step}: {_MISSING}")


def _wrapped(what: str, error: BadPatch) -> BadPatch:
    return refused(f"{what}: {error.message}")


def _add(document: list[Any], operation: Mapping[str, Any]) -> None:
    path = _pointer(operation, "path", "add operation failed to decode path")
    where, step = _find(document, path)
    if where is None:
        raise refused(f'add operation does not apply: doc is missing path: "{path}": {_MISSING}')
    try:
        _put(where, step, thaw(operation.get("value")))
    except BadPatch as e:
        raise _wrapped(f"error in add for path: '{path}'", e) from None


def _remove(document: list[Any], operation: Mapping[str, Any]) -> None:
    path = _pointer(operation, "path", "remove operation failed to decode path")
    where, step = _find(document, path)
    if where is None:
        raise refused(f'remove operation does not apply: doc is missing path: "{path}": {_MISSING}')
    try:
        _drop(where, step)
    except BadPatch as e:
        raise _wrapped(f"error in remove for path: '{path}'", e) from None


def _replace(document: list[Any], operation: Mapping[str, Any]) -> None:
    path = _pointer(operation, "path", "replace operation failed to decode path: operation missing path field")
    value = thaw(operation.get("value"))
    if path == "":
        if not isinstance(value, dict | list):
            raise refused("replace operation value must be object or array")
        document[0] = value
        return
    where, step = _find(document, path)
    if where is None:
        raise refused(f"replace operation does not apply: doc is missing path: {path}: {_MISSING}")
    if isinstance(where, dict):
        where[step] = value
        return
    try:
        where[_index(step, len(where), len(where) - 1)] = value
    except BadPatch:
        raise refused(f"replace operation does not apply: doc is missing key: {path}: {_MISSING}") from None


def _source(document: list[Any], operation: Mapping[str, Any], verb: str) -> tuple[Container, str, str]:
    origin = _pointer(operation, "from", f"{verb} operation failed to decode from: operation, missing from field")
    where, step = _find(document, origin)
    if where is None:
        raise refused(f"{verb} operation does not apply: doc is missing from path: {origin}: {_MISSING}")
    return where, step, origin


def _target(document: list[Any], operation: Mapping[str, Any], verb: str) -> tuple[Container, str, str]:
    path = _pointer(operation, "path", f"{verb} operation failed to decode path")
    where, step = _find(document, path)
    if where is None:
        raise refused(f"{verb} operation does not apply: doc is missing destination path: {path}: {_MISSING}")
    return where, step, path


def _move(document: list[Any], operation: Mapping[str, Any]) -> None:
    where, step, _ = _source(document, operation, "move")
    try:
        value = _get(where, step)
        _drop(where, step)
    except BadPatch as e:
        raise _wrapped(f"error in move for path: '{step}'", e) from None
    where, step, path = _target(document, operation, "move")
    try:
        _put(where, step, value)
    except BadPatch as e:
        raise _wrapped(f"error in move for path: '{path}'", e) from None


def _copy(document: list[Any], operation: Mapping[str, Any]) -> None:
    where, step, origin = _source(document, operation, "copy")
    try:
        value = thaw(_get(where, step))
    except BadPatch as e:
        raise _wrapped(f"error in copy for from: '{origin}'", e) from None
    where, step, _ = _target(document, operation, "copy")
    try:
        _put(where, step, value)
    except BadPatch as e:
        raise _wrapped("error while adding value during copy", e) from None


def _test(document: list[Any], operation: Mapping[str, Any]) -> None:
    path = _pointer(operation, "path", "test operation failed to decode path: operation missing path field")
    if path == "":
        value = document[0]
    else:
        where, step = _find(document, path)
        if where is None:
            raise refused(f"test operation does not apply: is missing path: {path}: {_MISSING}")
        try:
            value = _get(where, step)
        except BadPatch as e:
            raise _wrapped(f"error in test for path: '{path}'", e) from None
    if not same(value, operation.get("value")):
        raise refused(f"testing value {path} failed: test failed")


_ACTS = {"add": _add, "remove": _remove, "replace": _replace, "move": _move, "copy": _copy, "test": _test}
