"""Numbers that may be percentages, as budgets and rollouts have them.

Mirrors: pkg/apis/apps/validation/validation.go: ValidatePositiveIntOrPercent, IsNotMoreThan100Percent (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import Errors, FieldPath, invalid
from kplan.apiserver.rules.metadata import validate_nonnegative
from kplan.apiserver.rules.names import each_invalid, is_valid_percent
from kplan.model.integers import parse_digits, parse_int


def percent_of(value: int | str) -> int | None:
    """The number before the percent sign; None where it is no percentage."""
    return parse_digits(value[:-1]) if isinstance(value, str) and not is_valid_percent(value) else None


def int_or_percent_value(value: int | str) -> int:
    """The number or the number before the percent sign; 0 for any other text but a number."""
    if isinstance(value, int):
        return value
    percent = percent_of(value)
    return (parse_int(value) or 0) if percent is None else percent


def validate_int_or_percent(value: int | str, path: FieldPath) -> Errors:
    """A number of at least 0, or a percentage."""
    if isinstance(value, str):
        return each_invalid(path, value, is_valid_percent(value))
    return validate_nonnegative(value, path)


def validate_at_most_100_percent(value: int | str, path: FieldPath) -> Errors:
    """Not more than 100%, where it is a percentage."""
    if (percent_of(value) or 0) > 100:
        yield invalid(path, value, "must not be greater than 100%")
