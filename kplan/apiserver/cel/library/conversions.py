"""size, type, dyn, and the conversions between types.

Mirrors: github.com/google/cel-go/common/types/*.go (ConvertToType) (0.26)
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from kplan.apiserver.cel.library.operators import checked_int, checked_uint
from kplan.apiserver.cel.library.times import duration_text, timestamp_text
from kplan.apiserver.cel.values import NANOS, Duration, EvaluationError, Timestamp, TypeValue, type_name
from kplan.apiserver.gotimes import offset_seconds, parse_duration, parse_timestamp

_INT = re.compile(r"[+-]?\d+", re.ASCII)
_UINT = re.compile(r"\d+", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d+(_?\d)*\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity)|nan", re.ASCII | re.IGNORECASE)
_TRUE, _FALSE = ("1", "t", "T", "TRUE", "true", "True"), ("0", "f", "F", "FALSE", "false", "False")
_MIN_UNIX, _MAX_UNIX = -62135596800, 253402300799


def _refused(source: str, target: str) -> EvaluationError:
    return EvaluationError(f"type conversion error from '{source}' to '{target}'")


def string_to_int(text: str) -> int:
    """``int("12")``."""
    if _INT.fullmatch(text) is None or not -(2**63) <= int(text) < 2**63:
        raise _refused("string", "int")
    return int(text)


def _string_to_uint(text: str) -> Any:
    if _UINT.fullmatch(text) is None or int(text) >= 2**64:
        raise _refused("string", "uint")
    return checked_uint(int(text))


def _string_to_double(text: str) -> float:
    if _FLOAT.fullmatch(text) is None:
        raise _refused("string", "double")
    return float(text)


def _string_to_bool(text: str) -> bool:
    if text not in (*_TRUE, *_FALSE):
        raise _refused("string", "bool")
    return text in _TRUE


def _string_to_duration(text: str) -> Duration:
    nanos = parse_duration(text)
    if nanos is None:
        raise _refused("string", "google.protobuf.Duration")
    return Duration(nanos)


def string_to_timestamp(text: str) -> Timestamp:
    """``timestamp("2026-01-01T00:00:00Z")``."""
    nanos = parse_timestamp(text)
    if nanos is None:
        raise _refused("string", "google.protobuf.Timestamp")
    return _within(nanos, offset_seconds(text))


def _within(nanos: int, offset: int = 0) -> Timestamp:
    if not _MIN_UNIX <= nanos // NANOS <= _MAX_UNIX:
        raise EvaluationError("timestamp overflow")
    return Timestamp(nanos, offset)


def _double_to_int(value: float) -> int:
    if not math.isfinite(value) or not -(2.0**63) < value < 2.0**63:
        raise EvaluationError("integer overflow")
    return checked_int(int(value))


def _double_to_uint(value: float) -> Any:
    if not math.isfinite(value) or not 0 <= value < 2.0**64:
        raise EvaluationError("unsigned integer overflow")
    return checked_uint(int(value))


def double_text(value: float) -> str:
    """A double as Go's ``%g`` writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    digits, exponent = _shortest(value)
    sign = "-" if value < 0 else ""
    if exponent < -4 or exponent >= max(21, 0):
        return f"{sign}{_scientific(digits, exponent)}"
    if exponent >= len(digits) - 1:
        return sign + digits + "0" * (exponent - len(digits) + 1)
    if exponent >= 0:
        return f"{sign}{digits[: exponent + 1]}.{digits[exponent + 1 :]}"
    return f"{sign}0.{'0' * (-exponent - 1)}{digits}"


def _shortest(value: float) -> tuple[str, int]:
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0)
    point -= len(whole + fraction) - len((whole + fraction).lstrip("0"))
    return digits.rstrip("0") or "0", point - 1


def _scientific(digits: str, exponent: int) -> str:
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _bytes_to_string(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise EvaluationError("invalid UTF-8 in bytes, cannot convert to string") from None


def to_text(value: Any) -> str:
    """``string(value)`` of a simple value."""
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return double_text(value)
        case bytes():
            return _bytes_to_string(value)
        case Timestamp():
            return timestamp_text(value)
        case Duration():
            return duration_text(value)
        case TypeValue():
            return value.name
        case _:
            return str(value)


def _itself(value: Any) -> Any:
    return value


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "type": lambda v: TypeValue(type_name(v)),
    "string_to_bool": _string_to_bool,
    "string_to_bytes": lambda v: v.encode(),
    "int64_to_double": float,
    "uint64_to_double": float,
    "string_to_double": _string_to_double,
    "int64_to_duration": Duration,
    "string_to_duration": _string_to_duration,
    "double_to_int64": _double_to_int,
    "duration_to_int64": lambda v: v.nanos,
    "string_to_int64": string_to_int,
    "timestamp_to_int64": lambda v: v.nanos // NANOS,
    "uint64_to_int64": lambda v: checked_int(int(v)),
    "int64_to_timestamp": lambda v: _within(v * NANOS),
    "string_to_timestamp": string_to_timestamp,
    "double_to_uint64": _double_to_uint,
    "int64_to_uint64": checked_uint,
    "string_to_uint64": _string_to_uint,
}
_SAME = ["bool_to_bool", "bytes_to_bytes", "double_to_double", "duration_to_duration", "to_dyn", "int64_to_int64"]
_SAME += ["string_to_string", "timestamp_to_timestamp", "uint64_to_uint64"]
FUNCTIONS |= dict.fromkeys(_SAME, _itself)
FUNCTIONS |= {f"{kind}_to_string": to_text for kind in ("bool", "bytes", "double", "duration", "int64", "timestamp", "uint64")}
FUNCTIONS |= dict.fromkeys(
    ("size_bytes", "bytes_size", "size_list", "list_size", "size_map", "map_size", "size_string", "string_size"), len
)
