"""What a whole pod asks for: the sum over its containers, or the peak of its init containers, or what it says itself.

A restartable init container (a sidecar) runs beside what comes after it, so it counts in the sum and in every later peak.
Requests and limits set on the pod itself override the sums of cpu, memory and huge pages.  While a running pod is resized
it counts with the largest of what is asked, what it was granted and what it has; its ``status`` tells.

>>> {k: str(v) for k, v in pod_requests({"spec": {"containers": [{"resources": {"requests": {"cpu": "1"}}}] * 2}}).items()}
{'cpu': '2'}

Mirrors: staging/src/k8s.io/component-helpers/resource/helpers.go (1.36)
Differs: claims for what a node can allocate itself (the gate DRANodeAllocatableResources) do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any

from kplan.model.quantity import Quantity

Amounts = dict[str, Quantity]
REQUESTS, LIMITS = "requests", "limits"
_NOTHING: Mapping[str, Any] = {}
_ZERO = Quantity(0)

_Asked = Callable[[Mapping[str, Any], bool], Amounts]
"""What a container counts with; for init containers that end the status does not count."""


class Reported(Enum):
    """How far what the kubelet reports counts besides the spec."""

    NOTHING = 0
    CONTAINERS = 1
    ALL = 2
    """Also what it reports of the pod as a whole."""


def amounts(listed: Mapping[str, Any] | None) -> Amounts:
    """A ResourceList as quantities."""
    return {k: Quantity.parse(v) for k, v in listed.items()} if listed else {}


def add(into: Amounts, more: Mapping[str, Quantity]) -> None:
    """Add resource by resource, in place."""
    for name, quantity in more.items():
        into[name] = into[name] + quantity if name in into else quantity


def sum_of(given: Iterable[Mapping[str, Quantity]]) -> Amounts:
    """All of them together."""
    total: Amounts = {}
    for each in given:
        add(total, each)
    return total


def raise_to(into: Amounts, least: Mapping[str, Quantity]) -> None:
    """Raise resource by resource to the larger of both, in place."""
    for name, quantity in least.items():
        if name not in into or into[name].nano < quantity.nano:
            into[name] = quantity


def supported_at_pod_level(resource: str) -> bool:
    """Whether a pod may ask for a resource as a whole."""
    return resource in ("cpu", "memory") or resource.startswith("hugepages-")


def pod_requests(
    pod: Mapping[str, Any],
    *,
    reported: Reported = Reported.NOTHING,
    overhead: bool = True,
    pod_level: bool = True,
    non_missing: Mapping[str, Quantity] = _NOTHING,
) -> Amounts:
    """What a pod asks for in all, by resource; ``non_missing`` is what a container is taken to ask for where it does not say."""
    spec, resizing = pod["spec"], _Resizing(pod, reported)

    def asked(container: Mapping[str, Any], counts: bool) -> Amounts:
        status = resizing.of(container) if counts else None
        found = amounts(_listed(container, REQUESTS))
        if status is not None:
            found = resizing.requests(found, status.get("resources"), status.get("allocatedResources"))
        for name, quantity in non_missing.items():
            found.setdefault(name, quantity)
        return found

    total = _in_all(spec, asked)
    if pod_level:
        _override(total, spec, REQUESTS, resizing)
    if overhead:
        add(total, amounts(spec.get("overhead")))
    return total


def pod_limits(pod: Mapping[str, Any], *, reported: Reported = Reported.NOTHING, overhead: bool = True) -> Amounts:
    """What a pod may use at most in all, by resource; overhead is added to what is limited."""
    spec, resizing = pod["spec"], _Resizing(pod, reported)

    def asked(container: Mapping[str, Any], counts: bool) -> Amounts:
        status = resizing.of(container) if counts else None
        found = amounts(_listed(container, LIMITS))
        return found if status is None else resizing.limits(found, status["resources"])

    total = _in_all(spec, asked)
    _override(total, spec, LIMITS, resizing)
    if overhead:
        extra = amounts(spec.get("overhead"))
        add(total, {k: v for k, v in extra.items() if k in total and not total[k].is_zero()})
    return total


def _listed(holder: Mapping[str, Any], which: str) -> Mapping[str, Any]:
    return (holder.get("resources") or _NOTHING).get(which) or _NOTHING


def _in_all(spec: Mapping[str, Any], asked: _Asked) -> Amounts:
    """The containers together, or the peak of the init containers where that is higher."""
    total: Amounts = {}
    for container in spec.get("containers") or ():
        add(total, asked(container, True))
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in spec.get("initContainers") or ():
        stays = container.get("restartPolicy") == "Always"
        own = asked(container, stays)
        if stays:
            add(total, own)
            add(sidecars, own)
            raise_to(peak, sidecars)
        else:
            add(own, sidecars)
            raise_to(peak, own)
    raise_to(total, peak)
    return total


def _override(total: Amounts, spec: Mapping[str, Any], which: str, resizing: _Resizing) -> None:
    whole = {n: q for n, q in _listed(spec, which).items() if supported_at_pod_level(n)}
    if whole:
        effective = resizing.whole(which, amounts(_listed(spec, which)))
        total.update(amounts(whole) if effective is None else {n: effective.get(n, _ZERO) for n in whole})


class _Resizing:
    """What the status of a pod says it has and was granted."""

    __slots__ = ("_infeasible", "_status", "_statuses", "_whole")

    def __init__(self, pod: Mapping[str, Any], reported: Reported) -> None:
        self._status: Mapping[str, Any] = (pod.get("status") or _NOTHING) if reported is not Reported.NOTHING else _NOTHING
        self._whole = reported is Reported.ALL
        self._statuses = {s["name"]: s for key in ("containerStatuses", "initContainerStatuses") for s in self._status.get(key) or ()}
        pending = next((c for c in self._status.get("conditions") or () if c.get("type") == "PodResizePending"), _NOTHING)
        self._infeasible = pending.get("reason") == "Infeasible"

    def of(self, container: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The status of a container that tells what it has."""
        found = self._statuses.get(container.get("name") or "")
        return found if found is not None and found.get("resources") is not None else None

    def requests(self, asked: Amounts, has: Mapping[str, Any] | None, granted: Mapping[str, Any] | None) -> Amounts:
        """The largest of all; what is asked does not count once it is known not to fit."""
        effective = {} if self._infeasible else asked
        raise_to(effective, amounts((has or _NOTHING).get(REQUESTS)))
        raise_to(effective, amounts(granted))
        return effective

    def limits(self, asked: Amounts, has: Mapping[str, Any]) -> Amounts:
        """The larger of both; what is asked does not count once it is known not to fit."""
        effective = {} if self._infeasible else asked
        raise_to(effective, amounts(has.get(LIMITS)))
        return effective

    def whole(self, which: str, asked: Amounts) -> Amounts | None:
        """What counts of the pod's own requests or limits; None where only the spec does."""
        has = self._status.get("resources")
        if not self._whole or has is None:
            return None
        if which == LIMITS:
            return self.limits(asked, has)
        return self.requests(asked, has, self._status.get("allocatedResources"))
