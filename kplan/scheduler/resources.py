"""What a pod asks for: the sum of its containers, the peak of its init containers, its overhead, its own request.

Amounts are exact billionths until they are rounded up, cpu to thousandths and everything else to whole units.

    containers 2 + 1 cpu, a sidecar of 0.5, init containers 2 and 4  →  max(3.5, 0.5 + 4) = 4.5 cpu

Mirrors: staging/src/k8s.io/component-helpers/resource/helpers.go, pkg/scheduler/framework/types.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from kplan.model.objects import Object
from kplan.model.quantity import NANO, parse_or_zero

CPU, MEMORY, EPHEMERAL, PODS = "cpu", "memory", "ephemeral-storage", "pods"
DEFAULT_MILLI_CPU = 100
DEFAULT_MEMORY = 200 * 1024 * 1024
NON_MISSING = {CPU: DEFAULT_MILLI_CPU * NANO // 1000, MEMORY: DEFAULT_MEMORY * NANO}
"""What a container that says nothing about cpu or memory is taken to ask for when nodes are scored."""

Amounts = dict[str, int]
"""Resource name → billionths."""
Units = dict[str, int]
"""Resource name → thousandths for cpu, whole units for the rest."""

_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def amounts(resources: Mapping[str, Any] | None) -> Amounts:
    """A resource list in billionths."""
    return {name: parse_or_zero(value).nano for name, value in resources.items()} if resources else {}


def _add(total: Amounts, more: Amounts) -> None:
    for name, amount in more.items():
        total[name] = total.get(name, 0) + amount


def _maximum(total: Amounts, other: Amounts) -> None:
    for name, amount in other.items():
        if name not in total or amount > total[name]:
            total[name] = amount


def is_pod_level(name: str) -> bool:
    """Whether a pod may ask for this resource as a whole."""
    return name in (CPU, MEMORY) or name.startswith("hugepages-")


def pod_requests(pod: Object, *, use_status: bool = False, non_missing: Amounts | None = None, pod_level: bool = True) -> Amounts:
    """What a pod asks for, overhead included.

    ``use_status``: containers that are being resized count with the largest of what is asked, allocated and in use.
    ``non_missing``: what a container is taken to ask for where it does not say.
    """
    spec = pod["spec"]
    statuses = _statuses(pod) if use_status else {}
    infeasible = bool(statuses) and _resize_infeasible(pod)
    total: Amounts = {}
    for container in spec.get("containers") or ():
        _add(total, _container_requests(container, statuses, infeasible, non_missing))
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in spec.get("initContainers") or ():
        always = container.get("restartPolicy") == "Always"
        asked = _container_requests(container, statuses if always else {}, infeasible, non_missing)
        if always:
            _add(total, asked)
            _add(sidecars, asked)
            _maximum(peak, sidecars)
        else:
            _add(asked, sidecars)
            _maximum(peak, asked)
    _maximum(total, peak)
    own = (spec.get("resources") or {}).get("requests")
    if pod_level and own:
        total.update({n: a for n, a in amounts(own).items() if is_pod_level(n)})
    _add(total, amounts(spec.get("overhead")))
    return total


def _container_requests(container: Object, statuses: Mapping[str, Object], infeasible: bool, non_missing: Amounts | None) -> Amounts:
    asked = amounts((container.get("resources") or {}).get("requests"))
    status = statuses.get(container.get("name") or "")
    if status is not None and status.get("resources") is not None:
        effective: Amounts = {} if infeasible else asked
        _maximum(effective, amounts(status["resources"].get("requests")))
        _maximum(effective, amounts(status.get("allocatedResources")))
        asked = effective
    for name, amount in (non_missing or {}).items():
        asked.setdefault(name, amount)
    return asked


def has_status_resources(pod: Object) -> bool:
    """Whether the kubelet reported what any container has, so that :func:`pod_requests` depends on the status."""
    status = pod.get("status") or {}
    return any("resources" in s for key in ("containerStatuses", "initContainerStatuses") for s in status.get(key) or ())


def _statuses(pod: Object) -> dict[str, Object]:
    status = pod.get("status") or {}
    return {s["name"]: s for key in ("containerStatuses", "initContainerStatuses") for s in status.get(key) or ()}


def _resize_infeasible(pod: Object) -> bool:
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition.get("type") == "PodResizePending":
            return bool(condition.get("reason") == "Infeasible")
    return False


def default_requests(asked: Amounts, pod: Object) -> Amounts:
    """What to assume for containers that are silent, so that many empty pods do not pile up on one node.

    A pod that asks for itself as a whole gets the assumption only for what neither it nor a container mentions.
    """
    own = (pod["spec"].get("resources") or {}).get("requests") or {}
    if not any(map(is_pod_level, own)):
        return NON_MISSING
    return {name: amount for name, amount in NON_MISSING.items() if name not in asked}


def round_up(name: str, nano: int) -> int:
    """Thousandths of cpu, whole units of anything else, rounded away from zero."""
    unit = NANO // 1000 if name == CPU else NANO
    whole = -(-abs(nano) // unit)
    return whole if nano >= 0 else -whole


@lru_cache(maxsize=4096)
def is_scalar(name: str) -> bool:
    """Whether the scheduler counts this resource besides cpu, memory, ephemeral storage and pods."""
    return is_extended(name) or name.startswith(("hugepages-", "attachable-volumes-")) or "kubernetes.io/" in name


@lru_cache(maxsize=4096)
def is_extended(name: str) -> bool:
    """Whether this is an extended resource such as ``nvidia.com/gpu``."""
    if "/" not in name or "kubernetes.io/" in name or name.startswith("requests."):
        return False
    prefix, _, last = f"requests.{name}".rpartition("/")
    return len(prefix) <= 253 and bool(_SUBDOMAIN.fullmatch(prefix)) and len(last) <= 63 and bool(_QUALIFIED.fullmatch(last))


def units(total: Amounts) -> Units:
    """A resource list as nodes count it; resources the scheduler does not know are left out."""
    return {n: round_up(n, a) for n, a in total.items() if n in (CPU, MEMORY, EPHEMERAL) or is_scalar(n)}
