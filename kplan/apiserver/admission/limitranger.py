"""LimitRanges give containers default requests and limits, and refuse what lies outside their bounds.

Mirrors: plugin/pkg/admission/limitranger/admission.go (1.36)
Differs: resources are looked at in the order of their names, so a message with several complaints is always the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kplan.apiserver.admission.contract import CREATE, UPDATE, AdmissionContext, Attributes, Plugin, refuse
from kplan.apiserver.outcome import Status
from kplan.apiserver.strategy import Draft
from kplan.model.objects import annotations_of, get_in, is_deleting
from kplan.model.podresources import LIMITS, REQUESTS, Amounts, amounts, pod_limits, pod_requests
from kplan.model.quantity import Quantity

ANNOTATION = "kubernetes.io/limit-ranger"
_MOST_MILLI = (2**63 - 1) // 1000


def admit(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Fill in the defaults of every LimitRange of the namespace."""
    pod = attributes.object
    assert pod is not None
    if attributes.kind == "Pod" and _may_size(attributes):
        for limit_range in context.view.objects("LimitRange", attributes.namespace):
            _default(pod, get_in(limit_range, ("spec", "limits")) or [])
    return None


def validate(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Refuse what is below a minimum, above a maximum or too far apart."""
    obj, old = attributes.object, attributes.old
    assert obj is not None
    if (attributes.kind == "Pod" and not _may_size(attributes)) or (old is not None and is_deleting(old)):
        return None
    for limit_range in context.view.objects("LimitRange", attributes.namespace):
        complaints = [c for limit in get_in(limit_range, ("spec", "limits")) or [] for c in _complaints(attributes.kind, obj, limit)]
        if complaints:
            every = list(dict.fromkeys(complaints))
            return refuse(attributes, every[0] if len(every) == 1 else f"[{', '.join(every)}]")
    return None


def _may_size(attributes: Attributes) -> bool:
    """Whether a request may change what the containers of a pod ask for."""
    return attributes.operation == CREATE or attributes.subresource == "resize"


def _default(pod: Draft, limits: list[Mapping[str, Any]]) -> None:
    requests: dict[str, Any] = {}
    tops: dict[str, Any] = {}
    for limit in limits:
        if limit.get("type") == "Container":
            requests.update(limit.get("defaultRequest") or {})
            tops.update(limit.get("default") or {})
    spec = pod.get("spec") or {}
    said: list[str] = []
    for field, noun in (("containers", "container"), ("initContainers", "init container")):
        for container in spec.get(field) or []:
            resources = container.setdefault("resources", {})
            missing_limits = _fill(resources, LIMITS, tops)
            missing_requests = _fill(resources, REQUESTS, requests)
            for what, names in (("request", missing_requests), ("limit", missing_limits)):
                if names:
                    said.append(f"{', '.join(sorted(names))} {what} for {noun} {container.get('name', '')}")
    if said:
        pod["metadata"]["annotations"] = {**annotations_of(pod), ANNOTATION: "LimitRanger plugin set: " + "; ".join(said)}


def _fill(resources: Draft, field: str, defaults: Mapping[str, Any]) -> list[str]:
    have = resources.get(field) or {}
    missing = {k: v for k, v in defaults.items() if k not in have}
    if missing:
        resources[field] = {**have, **missing}
    return list(missing)


def _complaints(kind: str, obj: Draft, limit: Mapping[str, Any]) -> Iterator[str]:
    scope = limit.get("type")
    if kind == "PersistentVolumeClaim":
        if scope == kind:
            requests = amounts(get_in(obj, ("spec", "resources", "requests")))
            yield from _bounds(scope, limit, (("min", _below),), requests, {})
            yield from _bounds(scope, limit, (("max", _above_request),), requests, {})
    elif scope == "Container":
        for container in [*(obj["spec"].get("containers") or []), *(obj["spec"].get("initContainers") or [])]:
            resources = container.get("resources") or {}
            yield from _bounds(scope, limit, _RULES, amounts(resources.get(REQUESTS)), amounts(resources.get(LIMITS)))
    elif scope == "Pod":
        yield from _bounds(scope, limit, _RULES, _of_pod(obj, REQUESTS), _of_pod(obj, LIMITS))


def _of_pod(pod: Draft, which: str) -> Amounts:
    """What the pod asks for in all; of what it says as a whole only cpu and memory count."""
    whole = ((pod["spec"].get("resources") or {}).get(which)) or {}
    counted = {"spec": {**pod["spec"], "resources": {which: {n: q for n, q in whole.items() if n in ("cpu", "memory")}}}}
    return pod_requests(counted, overhead=False) if which == REQUESTS else pod_limits(counted, overhead=False)


Rule = Callable[[str, str, Quantity, Quantity | None, Quantity | None], str]
"""(scope, resource, bound, request, limit) to a complaint, "" where there is none."""


def _bounds(scope: str, limit: Mapping[str, Any], rules: tuple[tuple[str, Rule], ...], requests: Amounts, limits: Amounts) -> Iterator[str]:
    for field, rule in rules:
        for resource, bound in sorted(amounts(limit.get(field)).items()):
            if said := rule(scope or "", resource, bound, requests.get(resource), limits.get(resource)):
                yield said


def _below(scope: str, resource: str, bound: Quantity, request: Quantity | None, limit: Quantity | None) -> str:
    head = f"minimum {resource} usage per {scope} is {bound}"
    if request is None:
        return f"{head}.  No request is specified"
    if request.milli_value() < bound.milli_value():
        return f"{head}, but request is {request}"
    if limit is not None and limit.milli_value() < bound.milli_value():
        return f"{head}, but limit is {limit}"
    return ""


def _above_request(scope: str, resource: str, bound: Quantity, request: Quantity | None, _: Quantity | None) -> str:
    head = f"maximum {resource} usage per {scope} is {bound}"
    if request is None:
        return f"{head}.  No request is specified"
    return f"{head}, but request is {request}" if request.milli_value() > bound.milli_value() else ""


def _above(scope: str, resource: str, bound: Quantity, request: Quantity | None, limit: Quantity | None) -> str:
    head = f"maximum {resource} usage per {scope} is {bound}"
    if limit is None:
        return f"{head}.  No limit is specified"
    if limit.milli_value() > bound.milli_value():
        return f"{head}, but limit is {limit}"
    if request is not None and request.milli_value() > bound.milli_value():
        return f"{head}, but request is {request}"
    return ""


def _apart(scope: str, resource: str, bound: Quantity, request: Quantity | None, limit: Quantity | None) -> str:
    head = f"{resource} max limit to request ratio per {scope} is {bound}, but"
    if request is None or request.is_zero():
        return f"{head} no request is specified or request is 0"
    if limit is None or limit.is_zero():
        return f"{head} no limit is specified or limit is 0"
    ratio = limit.milli_value() / request.milli_value()
    fits = bound.value() <= _MOST_MILLI
    exceeds = ratio * 1000 > bound.milli_value() if fits else ratio > bound.value()
    return f"{head} provided ratio is {ratio:f}" if exceeds else ""


_RULES: tuple[tuple[str, Rule], ...] = (("min", _below), ("max", _above), ("maxLimitRequestRatio", _apart))

PLUGIN = Plugin(
    "LimitRanger",
    frozenset((CREATE, UPDATE)),
    frozenset(("Pod", "PersistentVolumeClaim")),
    frozenset(("", "resize")),
    admit=admit,
    validate=validate,
)
