"""How much of a device's capacity a claim may ask for.

Mirrors: pkg/apis/resource/validation/validation.go (validateRequestPolicy) (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from kplan.apiserver.field import Errors, FieldPath, forbidden, invalid, required
from kplan.apiserver.rules.collections import validate_set
from kplan.model.quantity import Quantity

_MAX_OPTIONS = 10


def validate_exclusive_capacity(capacity: Mapping[str, Any], path: FieldPath) -> Errors:
    """A capacity of a device that is allocated as a whole."""
    if capacity.get("requestPolicy") is not None:
        yield forbidden(path.child("requestPolicy"), "allowMultipleAllocations must be true")


def validate_shared_capacity(capacity: Mapping[str, Any], path: FieldPath) -> Errors:
    """A capacity of a device that several claims may share."""
    policy = capacity.get("requestPolicy")
    if policy is None:
        return
    here, most = path.child("requestPolicy"), Quantity.parse(capacity.get("value") or "0")
    values, span, default = policy.get("validValues") or [], policy.get("validRange"), policy.get("default")
    if values and span is not None:
        said = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'
        yield forbidden(here, said)
    elif values and default is None:
        yield required(here.child("default"), "required when validValues is defined")
    elif values:
        yield from _validate_values([Quantity.parse(v) for v in values], Quantity.parse(default), most, here.child("validValues"))
    elif span is not None and default is None:
        yield required(here.child("default"), "required when validRange is defined")
    elif span is not None:
        yield from _validate_range(span, Quantity.parse(default), most, here.child("validRange"))


def _validate_values(values: list[Quantity], default: Quantity, most: Quantity, path: FieldPath) -> Errors:
    for i, (value, after) in enumerate(pairwise(values)):
        if value > after:
            yield invalid(path.index(i + 1), str(after), "values must be sorted in ascending order")

    def within(value: Quantity, here: FieldPath) -> Errors:
        if value > most:
            yield invalid(here, str(value), f"option is larger than capacity value: {most}")

    yield from validate_set(values, _MAX_OPTIONS, within, path, key=lambda v: str(v.value()))
    if len(values) > _MAX_OPTIONS or default not in values:
        yield invalid(path, str(default), "default value is not valid according to the requestPolicy")


def _validate_range(span: Mapping[str, Any], default: Quantity, most: Quantity, path: FieldPath) -> Errors:
    low, high, step = (None if span.get(f) is None else Quantity.parse(span[f]) for f in ("min", "max", "step"))
    if low is None:
        yield required(path.child("min"), "required when validRange is defined")
        return
    if low > most:
        yield invalid(path.child("min"), str(low), f"min is larger than capacity value: {most}")
    if default < low:
        yield invalid(path.child("min"), str(default), f"default is less than min: {low}")
    if high is not None:
        if low > high:
            yield invalid(path.child("max"), str(low), f"min is larger than max: {high}")
        if high > most:
            yield invalid(path.child("max"), str(high), f"max is larger than capacity value: {most}")
        if default > high:
            yield invalid(path.child("max"), str(default), f"default is more than max: {high}")
    if step is not None:
        here = path.child("step")
        if low + step > most:
            yield invalid(here, str(step), f"one step {low + step} is larger than capacity value: {most}")
        for value in (default, high):
            if value is not None and step.value() and (value.value() - low.value()) % step.value():
                yield invalid(here, str(value), f"value is not a multiple of a given step ({step}) from ({low})")
