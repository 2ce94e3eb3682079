"""What a pod asks for and may use at most, as quantities that keep their form.

Mirrors: staging/src/k8s.io/component-helpers/resource/helpers.go: PodRequests, PodLimits (1.36)
Differs: what a running container was given is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.model.objects import Object, get_in
from kplan.model.quantity import Quantity

Amounts = dict[str, Quantity]
_POD_LEVEL = ("cpu", "memory")


def pod_amounts(pod: Object, side: str) -> Amounts:
    """The ``requests`` or ``limits`` of a pod."""
    spec = pod["spec"]
    total: Amounts = {}
    for container in spec.get("containers") or ():
        add(total, _of(container, side))
    sidecars: Amounts = {}
    most: Amounts = {}
    for container in spec.get("initContainers") or ():
        asked = _of(container, side)
        if container.get("restartPolicy") == "Always":
            add(total, asked)
            add(sidecars, asked)
            asked = dict(sidecars)
        else:
            add(asked, sidecars)
        _raise(most, asked)
    _raise(total, most)
    for name, amount in _amounts(get_in(spec, ("resources", side))).items():
        if name in _POD_LEVEL or name.startswith("hugepages-"):
            total[name] = amount
    overhead = _amounts(spec.get("overhead"))
    add(total, overhead if side == "requests" else {k: v for k, v in overhead.items() if k in total and not total[k].is_zero()})
    return total


def add(total: Amounts, more: Mapping[str, Quantity]) -> None:
    """Add amounts to others, in place."""
    for name, amount in more.items():
        total[name] = total[name] + amount if name in total else amount


def _raise(total: Amounts, other: Mapping[str, Quantity]) -> None:
    for name, amount in other.items():
        if name not in total or total[name] < amount:
            total[name] = amount


def _of(container: Mapping[str, Any], side: str) -> Amounts:
    return _amounts(get_in(container, ("resources", side)))


def _amounts(given: Mapping[str, Any] | None) -> Amounts:
    return {name: Quantity.parse(amount) for name, amount in (given or {}).items()}


def sum_of(given: Iterable[Mapping[str, Quantity]]) -> Amounts:
    """All of them together."""
    total: Amounts = {}
    for amounts in given:
        add(total, amounts)
    return total
