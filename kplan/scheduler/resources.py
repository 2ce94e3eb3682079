"""Amounts as the scheduler counts them: exact billionths until they are rounded up, cpu to thousandths, all else to whole units.

Mirrors: pkg/scheduler/framework/types.go, pkg/scheduler/util/pod_resources.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from kplan.model import podresources
from kplan.model.objects import Object
from kplan.model.podresources import Reported
from kplan.model.quantity import NANO, Quantity

CPU, MEMORY, EPHEMERAL, PODS = "cpu", "memory", "ephemeral-storage", "pods"
NON_MISSING = {CPU: Quantity.parse("100m"), MEMORY: Quantity.parse("200Mi")}
"""What a container that says nothing about cpu or memory is taken to ask for when nodes are scored."""

Amounts = dict[str, int]
"""Resource name → billionths."""
Units = dict[str, int]
"""Resource name → thousandths for cpu, whole units for the rest."""

_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def pod_requests(
    pod: Object, *, use_status: bool = False, non_missing: Mapping[str, Quantity] | None = None, pod_level: bool = True
) -> Amounts:
    """What a pod asks for, overhead included, in billionths; with ``use_status`` what the kubelet reports counts, too."""
    reported = Reported.ALL if use_status else Reported.NOTHING
    found = podresources.pod_requests(pod, reported=reported, non_missing=non_missing or {}, pod_level=pod_level)
    return {name: quantity.nano for name, quantity in found.items()}


def has_status_resources(pod: Object) -> bool:
    """Whether the kubelet reported what the pod or a container has, so that :func:`pod_requests` depends on the status."""
    status = pod.get("status") or {}
    return "resources" in status or any("resources" in s for key in ("containerStatuses", "initContainerStatuses") for s in status.get(key) or ())


def default_requests(asked: Amounts, pod: Object) -> Mapping[str, Quantity]:
    """What to assume for containers that are silent, so that many empty pods do not pile up on one node.

    A pod that asks for itself as a whole gets the assumption only for what neither it nor a container mentions.
    """
    own = (pod["spec"].get("resources") or {}).get("requests") or {}
    if not any(map(podresources.supported_at_pod_level, own)):
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
