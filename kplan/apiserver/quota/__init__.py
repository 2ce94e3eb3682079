"""What objects use of a ResourceQuota, and which quotas speak of them.

Mirrors: pkg/quota/v1/evaluator/core/registry.go,
         staging/src/k8s.io/apiserver/pkg/quota/v1/generic/{evaluator,registry}.go, pkg/quota/v1/install/registry.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.apiserver.quota import persistentvolumeclaims, pods, resourceclaims, services
from kplan.apiserver.quota.evaluator import ONE, Evaluator
from kplan.catalog.gates import Gates
from kplan.model.objects import Object, get_in
from kplan.model.podresources import Amounts, amounts
from kplan.store.view import View

IGNORED = frozenset(("bindings", "events", "events.events.k8s.io", "localsubjectaccessreviews.authorization.k8s.io"))
"""Namespaced resources that nobody counts."""
ALIASED = ("configmaps", "resourcequotas", "replicationcontrollers", "secrets")
"""What may be counted without ``count/``."""


def evaluator_for(resource: str, view: View, gates: Gates) -> Evaluator:
    """The evaluator of a resource (``deployments.apps``); anything can be counted as objects."""
    match resource:
        case "pods":
            return pods.EVALUATOR
        case "services":
            return services.EVALUATOR
        case "persistentvolumeclaims":
            return persistentvolumeclaims.evaluator(gates)
        case "resourceclaims.resource.k8s.io":
            return resourceclaims.evaluator(view, gates)
    names = {f"count/{resource}"} | ({resource} if resource in ALIASED else set())
    return Evaluator(lambda obj, now: dict.fromkeys(sorted(names), ONE), lambda name: name in names)


def hard_of(quota: Object) -> Amounts:
    """What a quota allows, as its status has it: admission counts against the status."""
    return amounts(get_in(quota, ("status", "hard")))


def used_of(quota: Object) -> Amounts:
    """What is used, as the quota's status has it."""
    return amounts(get_in(quota, ("status", "used")))


def scopes_of(quota: Object) -> list[Mapping[str, Any]]:
    """The scopes of a quota as selectors."""
    spec = quota.get("spec") or {}
    listed: list[Mapping[str, Any]] = [{"scopeName": s, "operator": "Exists"} for s in spec.get("scopes") or []]
    return [*listed, *(get_in(spec, ("scopeSelector", "matchExpressions")) or [])]


def matches(evaluator: Evaluator, quota: Object, obj: Object, hard: Iterable[str]) -> bool:
    """Whether a quota speaks of an object: of some resource of its kind, and all its scopes hold."""
    return any(evaluator.names(n) for n in hard) and all(evaluator.scope(s, obj) for s in scopes_of(quota))
