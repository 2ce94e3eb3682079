"""Optional values.

Mirrors: github.com/google/cel-go/cel/library.go (0.26)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kplan.apiserver.cel.values import NONE, Duration, EvaluationError, OptionalValue, Timestamp
from kplan.apiserver.gotimes import MIN_SECONDS, NANOS


def _is_zero(value: Any) -> bool:
    match value:
        case None:
            return True
        case bool() | int() | float():
            return value == 0
        case str() | bytes() | list() | tuple() | Mapping():
            return len(value) == 0
        case Duration():
            return value.nanos == 0
        case Timestamp():
            return value.nanos == MIN_SECONDS * NANOS
        case OptionalValue():
            return not value.present or _is_zero(value.value)
        case _:
            return False


def _value(optional: OptionalValue) -> Any:
    if not optional.present:
        raise EvaluationError("optional.none() dereference")
    return optional.value


def _unwrap(items: Any) -> list[Any]:
    return [o.value for o in items if o.present]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "optional_of": OptionalValue,
    "optional_ofNonZeroValue": lambda v: NONE if _is_zero(v) else OptionalValue(v),
    "optional_none": lambda: NONE,
    "optional_value": _value,
    "optional_hasValue": lambda o: o.present,
    "list_last": lambda items: OptionalValue(items[-1]) if items else NONE,
    "list_first": lambda items: OptionalValue(items[0]) if items else NONE,
    "optional_unwrap": _unwrap,
    "optional_unwrapOpt": _unwrap,
}
