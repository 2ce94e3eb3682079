"""What a claim demands of its devices together: the same value of an attribute on all, or a different one on each.

They remember what was added and forget what is removed exactly as far as the real ones do: where devices of one request
must differ, removing one forgets them all.

Mirrors: staging/src/k8s.io/dynamic-resource-allocation/structured/internal/incubating/{allocator_incubating,constraint}.go (1.36)
Differs: attributes that hold lists (the gate DRAListTypeAttributes) are not compared as sets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kplan.scheduler.devices import attribute
from kplan.scheduler.pools import Device

_COMPARABLE = ("string", "int", "bool", "version")


class Constraint:
    """One constraint of a claim, while devices are being chosen."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._requests: Sequence[str] = spec.get("requests") or ()
        self._same = bool(spec.get("matchAttribute"))
        self._attribute = str(spec.get("matchAttribute") or spec.get("distinctAttribute") or "")
        self._values: dict[str, tuple[str, Any]] = {}
        self._count = 0

    def add(self, request: str, full_name: str, device: Device) -> bool:
        """Whether the constraint still holds with this device; if so, it counts from now on."""
        if not self._concerns(request, full_name):
            return True
        value = attribute(device, self._attribute)
        if value is None or (self._count and not self._agrees(value)):
            return False
        if not self._same or not self._count:
            self._values["" if self._same else request] = value
        self._count += 1
        return True

    def remove(self, request: str, full_name: str, device: Device) -> None:
        """The device does not count any more."""
        if self._concerns(request, full_name):
            self._count -= 1
            if not self._same:
                self._values.pop(request, None)

    def _agrees(self, value: tuple[str, Any]) -> bool:
        if value[0] not in _COMPARABLE:
            return self._same is False and not self._values
        return (value == self._values[""]) if self._same else value not in self._values.values()

    def _concerns(self, request: str, full_name: str) -> bool:
        return not self._requests or request in self._requests or full_name in self._requests
