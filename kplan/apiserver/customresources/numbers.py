"""Numbers against the bounds of a schema, with the texts of the server's OpenAPI validator.

Mirrors: k8s.io/kube-openapi/pkg/validation/validate/{validator,values}.go (1.36)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from kplan.apiserver.customresources.schemas import Schema
from kplan.model.gotext import go_text

Problem = tuple[int | float | None, str]
"""The number that is wrong, None where the bounds make no sense; and the text."""
_INT32, _INT64 = (-(2**31), 2**31 - 1), (-(2**63), 2**63 - 1)
_FLOAT32_MAX = 3.4028234663852886e38
_EPSILON = 1e-9


def number_problems(value: int | float, schema: Schema, of_type: str, form: str, name: str) -> Iterator[Problem]:
    """What is wrong with a number."""
    if said := _out_of_range(value, of_type, form, "Checked", name):
        yield None, said
    checks = (
        ("multipleOf", "MultipleOf", _multiple_of),
        ("minimum", "Minimum boundary", _minimum),
        ("maximum", "Maximum boundary", _maximum),
    )
    for key, words, check in checks:
        bound = schema.get(key)
        if bound is None:
            continue
        if said := _out_of_range(float(bound), of_type, form, words, name):
            yield None, said
        if isinstance(value, int) and not said:
            problem = check(value, int(bound), schema)
        else:
            problem = check(float(value), float(bound), schema)
        if problem:
            yield value, f"{name} in body {problem}"
        elif key == "multipleOf" and bound <= 0:
            yield bound, f"factor MultipleOf declared for {name} must be positive: {go_text(bound)}"


def _multiple_of(value: Any, factor: Any, schema: Schema) -> str:
    if factor <= 0:
        return ""
    if isinstance(value, int):
        fits = value % factor == 0
    else:
        fits = is_whole(1 / factor * value if factor < 1 else value / factor)
    return "" if fits else f"should be a multiple of {go_text(factor)}"


def _minimum(value: Any, least: Any, schema: Schema) -> str:
    exclusive = bool(schema.get("exclusiveMinimum"))
    if value < least or (exclusive and value == least):
        return f"should be greater than {'' if exclusive else 'or equal to '}{go_text(least)}"
    return ""


def _maximum(value: Any, most: Any, schema: Schema) -> str:
    exclusive = bool(schema.get("exclusiveMaximum"))
    if value > most or (exclusive and value == most):
        return f"should be less than {'' if exclusive else 'or equal to '}{go_text(most)}"
    return ""


def _out_of_range(value: int | float, of_type: str, form: str, prefix: str, name: str) -> str:
    """What is said of a number that is none of a type and format."""
    if of_type == "integer":
        low, high = _INT32 if form == "int32" else _INT64
        fits = (isinstance(value, int) or value.is_integer()) and low <= value <= high
    else:
        fits = form != "float" or abs(value) <= _FLOAT32_MAX
    if fits:
        return ""
    kind = f"{of_type} with format {form}" if form else f"{of_type} (default format)"
    return f"{prefix} value must be of type {kind} in {name}"


def is_whole(value: float) -> bool:
    """Whether a float passes for a whole number that JSON can hold."""
    if math.isnan(value) or abs(value) > 2**53 - 1:
        return False
    whole = math.trunc(value)
    if value == whole:
        return True
    return whole != 0 and abs(value - whole) / (abs(value) + abs(whole)) < _EPSILON
