"""Quantities as values of fields.

Mirrors: pkg/apis/core/validation/validation.go (ValidateNonnegativeQuantity, ValidateResourceQuantityValue …),
         pkg/apis/core/helper/helpers.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.apiserver.field import Errors, FieldPath, invalid
from kplan.apiserver.rules.names import is_qualified_name
from kplan.model.quantity import Quantity

MUST_BE_POSITIVE = "must be greater than zero"
MUST_NOT_BE_NEGATIVE = "must be greater than or equal to 0"
MUST_BE_INTEGER = "must be an integer"

INTEGER_RESOURCES = frozenset(
    (
        "pods",
        "resourcequotas",
        "services",
        "replicationcontrollers",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
        "services.nodeports",
        "services.loadbalancers",
    )
)


def is_native_resource(name: str) -> bool:
    """Whether a resource is Kubernetes' own: without prefix, or with one of kubernetes.io/."""
    return "/" not in name or "kubernetes.io/" in name


def is_extended_resource_name(name: str) -> bool:
    """Whether a resource is somebody else's, such as ``nvidia.com/gpu``."""
    return not is_native_resource(name) and not name.startswith("requests.") and not is_qualified_name(f"requests.{name}")


def is_integer_resource_name(name: str) -> bool:
    """Whether only whole numbers of a resource can be had."""
    return name in INTEGER_RESOURCES or is_extended_resource_name(name)


def validate_basic_resource(value: Any, path: FieldPath) -> Errors:
    """A quantity that is not below zero once it is rounded to whole units."""
    whole = Quantity.parse(value).value()
    if whole < 0:
        yield invalid(path, whole, "must be a valid resource quantity")


def validate_positive_quantity(value: Any, path: FieldPath) -> Errors:
    """A quantity above zero."""
    quantity = Quantity.parse(value)
    if quantity.nano <= 0:
        yield invalid(path, str(quantity), MUST_BE_POSITIVE)


def validate_nonnegative_quantity(value: Any, path: FieldPath) -> Errors:
    """A quantity of at least zero."""
    quantity = Quantity.parse(value)
    if quantity.nano < 0:
        yield invalid(path, str(quantity), MUST_NOT_BE_NEGATIVE)


def validate_resource_quantity(resource: str, value: Any, path: FieldPath) -> Errors:
    """The quantity of a resource: not negative, and whole where the resource comes in whole units."""
    yield from validate_nonnegative_quantity(value, path)
    quantity = Quantity.parse(value)
    if is_integer_resource_name(resource) and quantity.milli_value() % 1000:
        yield invalid(path, str(quantity), MUST_BE_INTEGER)
