"""What is inside a value: fields, keys and items, there or not.

Mirrors: github.com/google/cel-go/interpreter/attributes.go: refQualify, refQualifyIfPresent (0.26)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.cel.values import NONE, EvaluationError, OptionalValue, type_name

_MISSING = object()


def select(value: Any, name: str) -> Any:
    """``value.name``.

    Raises: EvaluationError.
    """
    if isinstance(value, Mapping):
        try:
            return value[name]
        except KeyError:
            raise EvaluationError(f"no such key: {name}") from None
    if isinstance(value, OptionalValue):
        return optional_index(value, name)
    raise EvaluationError(f"no such key: {name}")


def has(value: Any, name: str) -> bool:
    """``has(value.name)``."""
    if isinstance(value, OptionalValue):
        return value.present and has(value.value, name)
    return isinstance(value, Mapping) and name in value


def index(value: Any, key: Any) -> Any:
    """``value[key]``.

    Raises: EvaluationError.
    """
    if isinstance(value, OptionalValue):
        return optional_index(value, key)
    if isinstance(value, (list, tuple)):
        at = _list_index(key)
        if not 0 <= at < len(value):
            raise EvaluationError(f"index out of bounds: {at}")
        return value[at]
    if isinstance(value, Mapping):
        found = value[key] if _is_key(key) and key in value else _MISSING
        if found is _MISSING:
            raise EvaluationError(f"no such key: {key}")
        return found
    raise EvaluationError(f"no such key: {key}" if isinstance(key, str) else "no such overload")


def _is_key(key: Any) -> bool:
    return isinstance(key, (bool, int, float, str))


def _list_index(key: Any) -> int:
    if isinstance(key, bool) or not isinstance(key, (int, float)):
        raise EvaluationError(f"unsupported index type '{type_name(key)}' in list")
    if key != int(key):
        raise EvaluationError(f"unsupported index value {key} in list")
    return int(key)


def optional_index(value: Any, key: Any) -> OptionalValue:
    """``value[?key]`` and ``value.?key``."""
    if isinstance(value, OptionalValue):
        return optional_index(value.value, key) if value.present else NONE
    if isinstance(value, (list, tuple)):
        at = _list_index(key)
        return OptionalValue(value[at]) if 0 <= at < len(value) else NONE
    if isinstance(value, Mapping) and _is_key(key) and key in value:
        return OptionalValue(value[key])
    return NONE
