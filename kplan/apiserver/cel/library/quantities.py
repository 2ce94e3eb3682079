"""Quantities.

Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/quantity.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kplan.apiserver.cel.values import INT_MAX, INT_MIN, EvaluationError
from kplan.model.quantity import NANO, Quantity, QuantityError


def _quantity(text: str) -> Quantity:
    try:
        return Quantity.parse(text)
    except QuantityError as refused:
        raise EvaluationError(str(refused)) from None


def _is_quantity(text: str) -> bool:
    try:
        Quantity.parse(text)
    except QuantityError:
        return False
    return True


def _is_integer(value: Quantity) -> bool:
    return value.nano % NANO == 0 and INT_MIN <= value.nano // NANO <= INT_MAX


def _integer(value: Quantity) -> int:
    if not _is_integer(value):
        raise EvaluationError("cannot convert value to integer")
    return value.nano // NANO


def _compare(a: Quantity, b: Quantity) -> int:
    return (a > b) - (a < b)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "string_to_quantity": _quantity,
    "is_quantity_string": _is_quantity,
    "quantity_sign": lambda q: (q.nano > 0) - (q.nano < 0),
    "quantity_is_greater_than": lambda a, b: a > b,
    "quantity_is_less_than": lambda a, b: a < b,
    "quantity_compare_to": _compare,
    "quantity_get_float": lambda q: q.nano / NANO,
    "quantity_get_int": _integer,
    "quantity_is_integer": _is_integer,
    "quantity_add": lambda a, b: a + b,
    "quantity_add_int": lambda a, b: a + Quantity(b * NANO),
    "quantity_sub": lambda a, b: a - b,
    "quantity_sub_int": lambda a, b: a - Quantity(b * NANO),
}
