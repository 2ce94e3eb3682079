"""What a whole pod asks for: the sum over its containers, or the peak of its init containers, or what it says itself.

A restartable init container (a sidecar) runs beside what comes after it, so it counts in the sum and in every later peak.
Requests and limits set on the pod itself override the sums of cpu, memory and huge pages.

>>> {k: str(v) for k, v in pod_amounts({"containers": [{"resources": {"requests": {"cpu": "1"}}}] * 2}, "requests").items()}
{'cpu': '2'}

Mirrors: staging/src/k8s.io/component-helpers/resource/helpers.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.model.quantity import Quantity

Amounts = dict[str, Quantity]
REQUESTS, LIMITS = "requests", "limits"


def amounts(listed: Mapping[str, Any] | None) -> Amounts:
    """A ResourceList as quantities."""
    return {k: Quantity.parse(v) for k, v in (listed or {}).items()}


def add(into: Amounts, more: Amounts) -> None:
    """Add resource by resource, in place."""
    for name, quantity in more.items():
        into[name] = into[name] + quantity if name in into else quantity


def raise_to(into: Amounts, least: Amounts) -> None:
    """Raise resource by resource to the larger of both, in place."""
    for name, quantity in least.items():
        if name not in into or into[name] < quantity:
            into[name] = quantity


def supported_at_pod_level(resource: str) -> bool:
    """Whether a pod may ask for a resource as a whole."""
    return resource in ("cpu", "memory") or resource.startswith("hugepages-")


def pod_amounts(spec: Mapping[str, Any], which: str, *, overhead: bool = False) -> Amounts:
    """What a pod asks for in all, by resource. ``which`` is ``requests`` or ``limits``.

    With ``overhead`` the runtime's is added: to every request, and to limits that are there.
    """
    total: Amounts = {}
    for container in spec.get("containers") or []:
        add(total, _of(container, which))
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in spec.get("initContainers") or []:
        own = _of(container, which)
        if container.get("restartPolicy") == "Always":
            add(total, own)
            add(sidecars, own)
            raise_to(peak, sidecars)
        else:
            add(own, sidecars)
            raise_to(peak, own)
    raise_to(total, peak)
    for name, quantity in amounts((spec.get("resources") or {}).get(which)).items():
        if supported_at_pod_level(name):
            total[name] = quantity
    if overhead and spec.get("overhead"):
        extra = amounts(spec["overhead"])
        add(total, extra if which == REQUESTS else {k: v for k, v in extra.items() if k in total and not total[k].is_zero()})
    return total


def _of(container: Mapping[str, Any], which: str) -> Amounts:
    return amounts((container.get("resources") or {}).get(which))
