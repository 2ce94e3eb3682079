"""What objects use of a ResourceQuota, and which quotas speak of them.

Mirrors: pkg/quota/v1/evaluator/core/{pods,services,persistent_volume_claims,resource_claims,registry}.go,
         staging/src/k8s.io/apiserver/pkg/quota/v1/generic/evaluator.go (1.36)
Differs: devices that claims for extended resources stand for are counted by their class only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kplan.model.instants import read_instant
from kplan.model.objects import Object, annotations_of, get_in
from kplan.model.podresources import (
    LIMITS,
    REQUESTS,
    Amounts,
    Reported,
    add,
    amounts,
    pod_limits,
    pod_requests,
    raise_to,
    supported_at_pod_level,
)
from kplan.model.quantity import NANO, Quantity
from kplan.model.selectors import Requirement

ONE = Quantity.parse("1")
ZERO = Quantity.parse("0")
_ALIASES = {"configmaps": "configmaps", "resourcequotas": "resourcequotas", "replicationcontrollers": "replicationcontrollers", "secrets": "secrets"}
_NATIVE = ("cpu", "memory", "ephemeral-storage")
_POD_NAMES = frozenset(
    ("count/pods", "pods", *_NATIVE, *(f"requests.{n}" for n in _NATIVE), *(f"limits.{n}" for n in _NATIVE))
)
_MUST_BE_STATED = frozenset(("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"))
_DEVICE_CLASS = "requests.deviceclass.resource.kubernetes.io/"
_CLAIMS = "count/resourceclaims.resource.k8s.io"
_BY_DEVICE_CLASS = ".deviceclass.resource.k8s.io/devices"
_MOST_DEVICES = 32
_SERVICE_NAMES = frozenset(("count/services", "services", "services.nodeports", "services.loadbalancers"))
_CLAIM_NAMES = ("persistentvolumeclaims", "requests.storage")
_BY_CLASS = ".storageclass.storage.k8s.io/"

ScopeTest = Callable[[Mapping[str, Any], Object], bool]


def _no_constraints(_: Iterable[str], __: Object) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Evaluator:
    """How one kind is counted: its usage, the resources it can use, the scopes it can match, what it must state."""

    usage: Callable[[Object, float], Amounts]
    names: Callable[[str], bool]
    scope: ScopeTest = lambda selector, obj: False
    constraints: Callable[[Iterable[str], Object], str] = _no_constraints
    on_update: bool = False
    """Whether an update can change the usage."""


def evaluator_for(resource: str) -> Evaluator:
    """The evaluator of a resource (``deployments.apps``); anything can be counted as objects."""
    special = _SPECIAL.get(resource)
    if special is not None:
        return special
    counted = f"count/{resource}"
    alias = _ALIASES.get(resource)
    names = {counted} | ({alias} if alias else set())
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
        elif is_extended(name) or name.startswith(_DEVICE_CLASS.removeprefix("requests.")):
            out[f"requests.{name}"] = quantity
    return out


def _pod_name(name: str) -> bool:
    if name in _POD_NAMES or name.startswith(("hugepages-", "requests.hugepages-")):
        return True
    return name.startswith("requests.") and (is_extended(name.removeprefix("requests.")) or name.startswith(_DEVICE_CLASS))


def is_extended(resource: str) -> bool:
    """Whether a resource is one of somebody else's: it has a domain, and not Kubernetes'."""
    return "/" in resource and "kubernetes.io/" not in resource


def _pod_constraints(required: Iterable[str], pod: Object) -> str:
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


def _pod_scope(selector: Mapping[str, Any], pod: Object) -> bool:
    test = _POD_SCOPES.get(selector.get("scopeName") or "")
    return test is not None and test(selector, pod)


def is_terminating(pod: Object) -> bool:
    """Whether a pod has a deadline: the Terminating scope."""
    deadline = get_in(pod, ("spec", "activeDeadlineSeconds"))
    return deadline is not None and deadline >= 0


def _is_best_effort(pod: Object) -> bool:
    return bool(get_in(pod, ("status", "qosClass"), _qos(pod)) == "BestEffort")


def _qos(pod: Object) -> str:
    spec = pod["spec"]
    stated = [spec.get("resources") or {}] + [c.get("resources") or {} for f in ("containers", "initContainers") for c in spec.get(f) or []]
    some = any(
        name in ("cpu", "memory") and not Quantity.parse(value).is_zero()
        for r in stated
        for field in (REQUESTS, LIMITS)
        for name, value in (r.get(field) or {}).items()
    )
    return "Burstable" if some else "BestEffort"


def _in_set(selector: Mapping[str, Any], scope: str, value: str) -> bool:
    operator = selector.get("operator") or "Exists"
    if operator == "Exists":
        return bool(value)
    labels = {scope: value} if value else {}
    return Requirement(scope, operator, frozenset(selector.get("values") or ())).matches(labels)


def _crosses_namespaces(pod: Object) -> bool:
    affinity = get_in(pod, ("spec", "affinity")) or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        rules = affinity.get(kind) or {}
        terms = list(rules.get("requiredDuringSchedulingIgnoredDuringExecution") or [])
        terms += [t.get("podAffinityTerm") or {} for t in rules.get("preferredDuringSchedulingIgnoredDuringExecution") or []]
        if any(t.get("namespaces") or t.get("namespaceSelector") is not None for t in terms):
            return True
    return False


_POD_SCOPES: dict[str, ScopeTest] = {
    "Terminating": lambda s, p: is_terminating(p),
    "NotTerminating": lambda s, p: not is_terminating(p),
    "BestEffort": lambda s, p: _is_best_effort(p),
    "NotBestEffort": lambda s, p: not _is_best_effort(p),
    "PriorityClass": lambda s, p: _in_set(s, "PriorityClass", get_in(p, ("spec", "priorityClassName"), "")),
    "CrossNamespacePodAffinity": lambda s, p: _crosses_namespaces(p),
}


def _service_usage(service: Object, _: float) -> Amounts:
    spec = service.get("spec") or {}
    ports = spec.get("ports") or []
    out = {"count/services": ONE, "services": ONE, "services.loadbalancers": ZERO, "services.nodeports": ZERO}
    kind = spec.get("type")
    if kind in ("NodePort", "LoadBalancer"):
        count = len(ports)
        if kind == "LoadBalancer":
            out["services.loadbalancers"] = ONE
            if spec.get("allocateLoadBalancerNodePorts") is False:
                count = sum(bool(p.get("nodePort")) for p in ports)
        out["services.nodeports"] = Quantity.parse(str(count))
    return out


def _claim_usage(claim: Object, _: float) -> Amounts:
    out = {"persistentvolumeclaims": ONE, "count/persistentvolumeclaims": ONE}
    named = get_in(claim, ("spec", "storageClassName"), "")
    name = annotations_of(claim).get("volume.beta.kubernetes.io/storage-class", named)
    if name:
        out[f"{name}{_BY_CLASS}persistentvolumeclaims"] = ONE
    asked = get_in(claim, ("spec", "resources", "requests", "storage"))
    if asked is not None:
        size = _whole(asked)
        allocated = get_in(claim, ("status", "allocatedResources", "storage"))
        if allocated is not None and Quantity.parse(allocated) > size:
            size = _whole(allocated)
        out["requests.storage"] = size
        if name:
            out[f"{name}{_BY_CLASS}requests.storage"] = size
    return out


def _whole(text: str) -> Quantity:
    """A size, rounded up to whole bytes."""
    size = Quantity.parse(text)
    return Quantity(size.value() * NANO, size.format) if size.nano % NANO else size


def _claim_name(name: str) -> bool:
    return name == "count/persistentvolumeclaims" or name in _CLAIM_NAMES or name.endswith(tuple(_BY_CLASS + n for n in _CLAIM_NAMES))


def _claim_scope(selector: Mapping[str, Any], claim: Object) -> bool:
    if selector.get("scopeName") != "VolumeAttributesClass":
        return False
    named = [
        get_in(claim, ("spec", "volumeAttributesClassName")),
        get_in(claim, ("status", "currentVolumeAttributesClassName")),
        get_in(claim, ("status", "modifyVolumeStatus", "targetVolumeAttributesClassName")),
    ]
    names = sorted({n for n in named if n})
    return any(_in_set(selector, "VolumeAttributesClass", n) for n in names or [""])


def _devices_usage(claim: Object, _: float) -> Amounts:
    """The devices a claim may get, by their class; where it leaves a choice, the most of each class."""
    out = {_CLAIMS: ONE}
    for request in get_in(claim, ("spec", "devices", "requests")) or []:
        most: Amounts = {}
        for choice in request.get("firstAvailable") or [request.get("exactly") or {}]:
            if name := choice.get("deviceClassName"):
                raise_to(most, {name + _BY_DEVICE_CLASS: _devices(choice)})
        add(out, most)
    return out


def _devices(request: Mapping[str, Any]) -> Quantity:
    if request.get("allocationMode") == "All":
        return Quantity.parse(str(_MOST_DEVICES))
    return Quantity.parse(str(request.get("count") or 0)) if request.get("allocationMode") == "ExactCount" else ZERO


_SPECIAL = {
    "pods": Evaluator(pod_usage, _pod_name, _pod_scope, _pod_constraints),
    "services": Evaluator(_service_usage, lambda name: name in _SERVICE_NAMES, on_update=True),
    "persistentvolumeclaims": Evaluator(_claim_usage, _claim_name, _claim_scope, on_update=True),
    "resourceclaims.resource.k8s.io": Evaluator(
        _devices_usage, lambda name: name == _CLAIMS or name.endswith(_BY_DEVICE_CLASS), on_update=True
    ),
}
