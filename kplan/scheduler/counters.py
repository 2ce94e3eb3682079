"""Counters that the devices of a pool share: partitions of one card draw on the same memory.

Mirrors: staging/src/k8s.io/dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go checkAvailableCounters (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.model.quantity import Quantity
from kplan.scheduler.pools import Device, Pool

Sets = dict[str, dict[str, int]]
"""Billionths by counter set and counter."""


class Counters:
    """What is left of the counters of all pools, and what this attempt draws on.

    Counters are kept by the pool's name alone: of pools of several drivers with one name the first one asked about counts.
    """

    def __init__(self, in_use: Iterable[Any]) -> None:
        self._in_use = set(in_use)
        self._available: dict[str, Sets] = {}
        self._drawn: dict[str, Sets] = {}

    def draw(self, device: Device, pool: Pool) -> bool:
        """Take what a device consumes; whether there was enough."""
        if pool.name not in self._available:
            self._available[pool.name] = self._left(pool)
        self._change(device, 1)
        drawn = self._drawn[pool.name]
        for name, counters in self._available[pool.name].items():
            taken = drawn.get(name, {})
            if any(left < taken.get(counter, 0) for counter, left in counters.items()):
                self.give_back(device)
                return False
        return True

    def give_back(self, device: Device) -> None:
        """Return what a device consumes."""
        self._change(device, -1)

    def _change(self, device: Device, sign: int) -> None:
        drawn = self._drawn.setdefault(device.id[1], {})
        for name, counter, amount in consumption(device.spec):
            counters = drawn.setdefault(name, {})
            counters[counter] = counters.get(counter, 0) + sign * amount

    def _left(self, pool: Pool) -> Sets:
        left = {name: {c: Quantity.parse(v["value"]).nano for c, v in counters.items()} for name, counters in pool.counters.items()}
        for device in (*pool.devices, *pool.elsewhere):
            if device.id not in self._in_use:
                continue
            for name, counter, amount in consumption(device.spec):
                if counter in left.get(name, {}):
                    left[name][counter] -= amount
        return left


def consumption(spec: Mapping[str, Any]) -> Iterable[tuple[str, str, int]]:
    """(counter set, counter, billionths) that a device consumes."""
    for consumed in spec.get("consumesCounters") or ():
        for counter, amount in (consumed.get("counters") or {}).items():
            yield consumed["counterSet"], counter, Quantity.parse(amount["value"]).nano
