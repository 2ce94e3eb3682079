"""What pods use of a quota: requests and limits until they end, and the scopes they are in.

Mirrors: pkg/quota/v1/evaluator/core/pods.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.apiserver.quota.evaluator import ONE, Evaluator, ScopeTest, in_set
from kplan.apiserver.rules.podresources import qos_class
from kplan.model.instants import read_instant
from kplan.model.objects import Object, get_in
from kplan.model.podresources import (
    LIMITS,
    REQUESTS,
    Amounts,
    Reported,
    amounts,
    pod_limits,
    pod_requests,
    supported_at_pod_level,
)
from kplan.store.deviceclasses import IMPLICIT

_NATIVE = ("cpu", "memory", "ephemeral-storage")
_NAMES = frozenset(("count/pods", "pods", *_NATIVE, *(f"requests.{n}" for n in _NATIVE), *(f"limits.{n}" for n in _NATIVE)))
_MUST_BE_STATED = frozenset(("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"))
DEVICE_CLASS = f"requests.{IMPLICIT}"


def pod_usage(pod: Object, now: float) -> Amounts:
    """What a pod uses: nothing but its count once it has ended."""
    if not pod_counts(pod, now):
        return {"count/pods": ONE}
    requests, limits = pod_requests(pod, reported=Reported.CONTAINERS), pod_limits(pod, reported=Reported.CONTAINERS)
    return {"count/pods": ONE, **_compute(requests, limits)}


def pod_counts(pod: Object, now: float) -> bool:
    """Whether a pod still uses anything: it has not ended, and is not past its deletion."""
    if get_in(pod, ("status", "phase")) in ("Succeeded", "Failed"):
        return False
    deleted = read_instant(pod["metadata"].get("deletionTimestamp"))
    grace = pod["metadata"].get("deletionGracePeriodSeconds")
    return deleted is None or grace is None or now <= deleted + grace


def _compute(requests: Amounts, limits: Amounts) -> Amounts:
    out: Amounts = {"pods": ONE}
    for name in _NATIVE:
        if name in requests:
            out[name] = out[f"requests.{name}"] = requests[name]
        if name in limits:
            out[f"limits.{name}"] = limits[name]
    for name, quantity in requests.items():
        if name.startswith("hugepages-"):
            out[name] = out[f"requests.{name}"] = quantity
        elif is_extended(name) or name.startswith(IMPLICIT):
            out[f"requests.{name}"] = quantity
    return out


def _names(name: str) -> bool:
    if name in _NAMES or name.startswith(("hugepages-", "requests.hugepages-")):
        return True
    return name.startswith("requests.") and (is_extended(name.removeprefix("requests.")) or name.startswith(DEVICE_CLASS))


def is_extended(resource: str) -> bool:
    """Whether a resource is one of somebody else's: it has a domain, and not Kubernetes'."""
    return "/" in resource and "kubernetes.io/" not in resource


def _constraints(required: Iterable[str], pod: Object) -> str:
    """Each container must state what a quota of cpu or memory counts, unless the pod states it as a whole."""
    wanted = sorted(set(required) & _MUST_BE_STATED)
    spec = pod["spec"]
    whole = spec.get("resources") or {}
    if any(supported_at_pod_level(n) for field in (REQUESTS, LIMITS) for n in whole.get(field) or {}):
        return ""
    missing: dict[str, set[str]] = {}
    for container in [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]:
        resources = container.get("resources") or {}
        stated = _compute(amounts(resources.get(REQUESTS)), amounts(resources.get(LIMITS)))
        for name in wanted:
            if name not in stated:
                missing.setdefault(name, set()).add(container["name"])
    if not missing:
        return ""
    return "must specify " + "; ".join(f"{name} for: {','.join(sorted(missing[name]))}" for name in sorted(missing))


def _scope(selector: Mapping[str, Any], pod: Object) -> bool:
    test = _SCOPES.get(selector.get("scopeName") or "")
    return test is not None and test(selector, pod)


def is_terminating(pod: Object) -> bool:
    """Whether a pod has a deadline: the Terminating scope."""
    deadline = get_in(pod, ("spec", "activeDeadlineSeconds"))
    return deadline is not None and deadline >= 0


def _is_best_effort(pod: Object) -> bool:
    return (get_in(pod, ("status", "qosClass")) or qos_class(pod["spec"])) == "BestEffort"


def _crosses_namespaces(pod: Object) -> bool:
    affinity = get_in(pod, ("spec", "affinity")) or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        rules = affinity.get(kind) or {}
        terms = list(rules.get("requiredDuringSchedulingIgnoredDuringExecution") or [])
        terms += [t.get("podAffinityTerm") or {} for t in rules.get("preferredDuringSchedulingIgnoredDuringExecution") or []]
        if any(t.get("namespaces") or t.get("namespaceSelector") is not None for t in terms):
            return True
    return False


_SCOPES: dict[str, ScopeTest] = {
    "Terminating": lambda s, p: is_terminating(p),
    "NotTerminating": lambda s, p: not is_terminating(p),
    "BestEffort": lambda s, p: _is_best_effort(p),
    "NotBestEffort": lambda s, p: not _is_best_effort(p),
    "PriorityClass": lambda s, p: in_set(s, "PriorityClass", get_in(p, ("spec", "priorityClassName"), "")),
    "CrossNamespacePodAffinity": lambda s, p: _crosses_namespaces(p),
}
EVALUATOR = Evaluator(pod_usage, _names, _scope, _constraints)
