"""What a request takes of the capacity of a device that several claims may share.

Mirrors: staging/src/k8s.io/dynamic-resource-allocation/structured/internal/incubating/consumable_capacity.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.model.objects import EMPTY
from kplan.model.quantity import BINARY_SI, NANO, Quantity

Amounts = dict[str, Quantity]
"""Amounts by the name of the capacity."""


def taken_by(request: Mapping[str, Any], device: Mapping[str, Any]) -> Amounts:
    """What a request takes of every capacity of a device: what it asks for, rounded up as the device says."""
    return {name: _amount(_asked(request).get(name), stated) for name, stated in (device.get("capacity") or EMPTY).items()}


def has_room(request: Mapping[str, Any], device: Mapping[str, Any], in_use: Mapping[str, Quantity], chosen: Mapping[str, Quantity]) -> bool:
    """Whether a device has enough left for a request, and may be asked for such amounts at all."""
    capacity = device.get("capacity") or EMPTY
    if not capacity.keys() >= _asked(request).keys():
        return False
    for name, amount in taken_by(request, device).items():
        if _breaks_policy(amount, capacity[name].get("requestPolicy")):
            return False
        used = sum(held[name].nano for held in (in_use, chosen) if name in held)
        if used + amount.nano > Quantity.parse(capacity[name]["value"]).nano:
            return False
    return True


def _asked(request: Mapping[str, Any]) -> Mapping[str, Any]:
    return (request.get("capacity") or EMPTY).get("requests") or EMPTY


def _amount(asked: Any, stated: Mapping[str, Any]) -> Quantity:
    policy = stated.get("requestPolicy")
    if asked is None:
        default = (policy or EMPTY).get("default")
        return Quantity.parse(stated["value"] if default is None else default)
    amount = Quantity.parse(asked)
    if policy is None:
        return amount
    within = policy.get("validRange") or EMPTY
    if within.get("min") is not None:
        return _round_up(amount, within)
    values: list[Any] = policy.get("validValues") or []
    return next((v for v in map(Quantity.parse, values) if amount <= v), amount)


def _round_up(amount: Quantity, within: Mapping[str, Any]) -> Quantity:
    """To the least amount, or the next step above it."""
    least = Quantity.parse(within["min"])
    if amount < least:
        return least
    if within.get("step") is None:
        return amount
    step = Quantity.parse(within["step"]).value()
    steps = -(-(amount.value() - least.value()) // step)
    return Quantity((least.value() + step * steps) * NANO, BINARY_SI)


def _breaks_policy(amount: Quantity, policy: Mapping[str, Any] | None) -> bool:
    if not policy or (policy.get("default") is not None and amount == Quantity.parse(policy["default"])):
        return False
    within = policy.get("validRange")
    if within is None:
        values: list[Any] = policy.get("validValues") or []
        return bool(values) and all(amount != Quantity.parse(v) for v in values)
    if within.get("max") is not None and amount > Quantity.parse(within["max"]):
        return True
    if within.get("step") is None:
        return False
    return (amount.value() - Quantity.parse(within["min"]).value()) % Quantity.parse(within["step"]).value() != 0


class Shares:
    """How much of shared devices is in use."""

    def __init__(self) -> None:
        self._held: dict[Any, dict[str, Quantity]] = {}

    def of(self, device: Any) -> Mapping[str, Quantity]:
        """What is in use of a device."""
        return self._held.get(device, EMPTY)

    def __contains__(self, device: object) -> bool:
        return device in self._held

    def add(self, device: Any, amounts: Mapping[str, Quantity]) -> None:
        """Take these amounts."""
        held = self._held.setdefault(device, {})
        for name, amount in amounts.items():
            held[name] = held[name] + amount if name in held else amount

    def remove(self, device: Any, amounts: Mapping[str, Quantity]) -> None:
        """Give these amounts back."""
        held = self._held.get(device)
        if held is None:
            return
        for name, amount in amounts.items():
            if name in held:
                held[name] = held[name] - amount
        if all(amount.is_zero() for amount in held.values()):
            del self._held[device]
