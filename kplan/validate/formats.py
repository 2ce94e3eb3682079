"""Texts with a grammar: quantities, instants, base64.

Each function says whether a JSON value is what Go's decoder of that type takes.

Mirrors: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/{time,micro_time}.go, pkg/api/resource/quantity.go (1.36)
"""

from __future__ import annotations

import base64
import binascii
import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from typing import Any

from kplan.model.quantity import Quantity, QuantityError

_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)([.,]\d+)?(?:Z|[+-](\d\d):(\d\d))",
    re.ASCII,
)
_MICROSECONDS = 1 + 6


def is_quantity(value: Any) -> bool:
    """Whether a text or a number is a resource quantity; spaces around it do not matter."""
    if type(value) is str:
        value = value.strip()
    elif type(value) not in (int, float):
        return False
    try:
        Quantity.parse(value)
    except QuantityError:
        return False
    return True


def is_time(value: Any) -> bool:
    """Whether a text is an instant as ``metav1.Time`` reads it: RFC 3339 with a zone."""
    match = _INSTANT.fullmatch(value) if type(value) is str else None
    if match is None:
        return False
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    zone_hour, zone_minute = int(match.group(8) or 0), int(match.group(9) or 0)
    return (
        1 <= month <= 12
        and 1 <= day <= monthrange(year or 2000, month)[1]
        and hour < 24
        and minute < 60
        and second < 60
        and zone_hour <= 24
        and zone_minute <= 60
    )


def is_micro_time(value: Any) -> bool:
    """Whether a text is an instant as ``metav1.MicroTime`` reads it: with exactly six decimals."""
    match = _INSTANT.fullmatch(value) if type(value) is str else None
    return match is not None and len(match.group(7) or "") == _MICROSECONDS and is_time(value)


def is_base64(value: Any) -> bool:
    """Whether a text is standard base64 with padding; line breaks in it do not matter."""
    if type(value) is not str:
        return False
    try:
        base64.b64decode(value.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


FORMATS: Mapping[str, Callable[[Any], bool]] = {
    "quantity": is_quantity,
    "date-time": is_time,
    "micro-time": is_micro_time,
    "byte": is_base64,
}
"""The formats a JSON schema of ours names."""
