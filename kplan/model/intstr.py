"""Numbers that may be percentages: ``3`` or ``"25%"``.

Mirrors: staging/src/k8s.io/apimachinery/pkg/util/intstr/intstr.go (1.36)
"""

from __future__ import annotations

import re

_PERCENT = re.compile(r"[0-9]+%", re.ASCII)


def is_percent(value: object) -> bool:
    """Whether a value is a text such as ``25%``."""
    return isinstance(value, str) and _PERCENT.fullmatch(value) is not None


def scaled_value(value: int | str, total: int, *, round_up: bool) -> int:
    """The number itself, or the percentage of ``total`` rounded as asked.

    Raises: ValueError where a text is no percentage.
    """
    if isinstance(value, int):
        return value
    if not is_percent(value):
        raise ValueError(f"invalid value for IntOrString: invalid type: string is not a percentage: {value!r}")
    amount = int(value[:-1]) * total
    return -(-amount // 100) if round_up else amount // 100
