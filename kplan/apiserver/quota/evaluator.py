"""How one kind is counted against ResourceQuotas, and how a value is held against the selector of a scope.

Mirrors: staging/src/k8s.io/apiserver/pkg/quota/v1/interfaces.go,
         pkg/apis/core/v1/helper/helpers.go: ScopedResourceSelectorRequirementsAsSelector (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kplan.model.objects import Object
from kplan.model.podresources import Amounts
from kplan.model.quantity import Quantity
from kplan.model.selectors import Requirement

ONE = Quantity.parse("1")
ZERO = Quantity.parse("0")

ScopeTest = Callable[[Mapping[str, Any], Object], bool]


def no_scope(_: Mapping[str, Any], __: Object) -> bool:
    """Most objects are in no scope."""
    return False


def _no_constraints(_: Iterable[str], __: Object) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Evaluator:
    """How one kind is counted: its usage, the resources it can use, the scopes it can match, what it must state."""

    usage: Callable[[Object, float], Amounts]
    names: Callable[[str], bool]
    scope: ScopeTest = no_scope
    constraints: Callable[[Iterable[str], Object], str] = _no_constraints
    on_update: bool = False
    """Whether an update can change the usage."""


def in_set(selector: Mapping[str, Any], scope: str, value: str) -> bool:
    """Whether the name of a class is one that a scope selects; "" is none."""
    operator = selector.get("operator") or "Exists"
    if operator == "Exists":
        return bool(value)
    labels = {scope: value} if value else {}
    return Requirement(scope, operator, frozenset(selector.get("values") or ())).matches(labels)
