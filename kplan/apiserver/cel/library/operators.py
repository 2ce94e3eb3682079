"""Arithmetic, order and membership.

Mirrors: github.com/google/cel-go/common/types/{int,uint,double,string,list,overflow,compare}.go (0.26)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from kplan.apiserver.cel.values import (
    INT_MAX,
    INT_MIN,
    UINT_MAX,
    Duration,
    EvaluationError,
    MapList,
    SetList,
    Timestamp,
    Uint,
    contains,
    is_number,
    type_name,
)


def no_overload() -> EvaluationError:
    """The error of operands no operator takes."""
    return EvaluationError("no such overload")


def checked_int(value: int) -> int:
    """An int within its 64 bits."""
    if not INT_MIN <= value <= INT_MAX:
        raise EvaluationError("integer overflow")
    return value


def checked_uint(value: int) -> Uint:
    """A uint within its 64 bits."""
    if not 0 <= value <= UINT_MAX:
        raise EvaluationError("unsigned integer overflow")
    return Uint(value)


def _same_numbers(a: Any, b: Any) -> str:
    kind = type_name(a)
    return kind if kind == type_name(b) and kind in ("int", "uint", "double") else ""


def _arithmetic(name: str, on_int: Callable[[int, int], int], on_double: Callable[[float, float], float] | None) -> Any:
    def operator(a: Any, b: Any) -> Any:
        match _same_numbers(a, b):
            case "int":
                return checked_int(on_int(a, b))
            case "uint":
                return checked_uint(on_int(int(a), int(b)))
            case "double" if on_double is not None:
                return on_double(a, b)
        raise no_overload()

    return operator


def _divide(a: int, b: int) -> int:
    if b == 0:
        raise EvaluationError("division by zero")
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _modulo(a: int, b: int) -> int:
    if b == 0:
        raise EvaluationError("modulus by zero")
    return int(math.fmod(a, b)) if abs(a) < 2**53 and abs(b) < 2**53 else a - b * _divide(a, b)


def _divide_double(a: float, b: float) -> float:
    if b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


_add_numbers = _arithmetic("+", lambda a, b: a + b, lambda a, b: a + b)
_subtract_numbers = _arithmetic("-", lambda a, b: a - b, lambda a, b: a - b)


def add(a: Any, b: Any) -> Any:
    """``a + b``."""
    if isinstance(a, str) and isinstance(b, str):
        return a + b
    if isinstance(a, bytes) and isinstance(b, bytes):
        return a + b
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return _concatenate(a, b)
    if isinstance(a, Duration) and isinstance(b, Duration):
        return Duration(checked_int(a.nanos + b.nanos))
    if isinstance(a, (Timestamp, Duration)) and isinstance(b, (Timestamp, Duration)) and type(a) is not type(b):
        return Timestamp(a.nanos + b.nanos, getattr(a, "offset", 0) or getattr(b, "offset", 0))
    return _add_numbers(a, b)


def _concatenate(a: Any, b: Any) -> Any:
    if isinstance(a, SetList):
        return SetList([*a, *(item for item in b if not contains(a, item))])
    if isinstance(a, MapList):
        merged = MapList(a)
        merged.keys = a.keys
        for item in b:
            at = next((i for i, own in enumerate(merged) if a.key_of(own) == a.key_of(item)), None)
            if at is None:
                merged.append(item)
            else:
                merged[at] = item
        return merged
    return [*a, *b]


def subtract(a: Any, b: Any) -> Any:
    """``a - b``."""
    if isinstance(a, (Timestamp, Duration)) and isinstance(b, Duration):
        return type(a)(checked_int(a.nanos - b.nanos))
    if isinstance(a, Timestamp) and isinstance(b, Timestamp):
        return Duration(checked_int(a.nanos - b.nanos))
    return _subtract_numbers(a, b)


def negate(a: Any) -> Any:
    """``-a``."""
    if isinstance(a, float):
        return -a
    if isinstance(a, int) and not isinstance(a, (bool, Uint)):
        return checked_int(-a)
    raise no_overload()


def logical_not(a: Any) -> Any:
    """``!a``."""
    if not isinstance(a, bool):
        raise no_overload()
    return not a


def compare(a: Any, b: Any) -> int:
    """-1, 0 or 1 as ``a`` comes before, with or after ``b``.

    Raises: EvaluationError.
    """
    if is_number(a) and is_number(b):
        if any(isinstance(v, float) and math.isnan(v) for v in (a, b)):
            raise EvaluationError("NaN values cannot be ordered")
    elif type(a) is not type(b) or not isinstance(a, (bool, str, bytes, Timestamp, Duration)):
        raise no_overload()
    return int(a > b) - int(a < b)


def is_in(value: Any, container: Any) -> bool:
    """``value in container``."""
    if isinstance(container, Mapping):
        return isinstance(value, (bool, int, float, str)) and value in container
    if isinstance(container, (list, tuple)):
        return contains(container, value)
    raise no_overload()


OPERATORS: dict[str, Callable[..., Any]] = {
    "_+_": add,
    "_-_": subtract,
    "_*_": _arithmetic("*", lambda a, b: a * b, lambda a, b: a * b),
    "_/_": _arithmetic("/", _divide, _divide_double),
    "_%_": _arithmetic("%", _modulo, None),
    "-_": negate,
    "!_": logical_not,
    "_<_": lambda a, b: compare(a, b) < 0,
    "_<=_": lambda a, b: compare(a, b) <= 0,
    "_>_": lambda a, b: compare(a, b) > 0,
    "_>=_": lambda a, b: compare(a, b) >= 0,
    "@in": is_in,
}
