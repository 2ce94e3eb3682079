"""From what the metrics ask for to what may be done now: stabilisation windows, rates, bounds.

Mirrors: pkg/controller/podautoscaler/horizontal.go (normalizeDesiredReplicas*, stabilizeRecommendation*) (1.36)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kplan.model.objects import EMPTY

DOWNSCALE_STABILIZATION = 300
_UP_FACTOR, _UP_MINIMUM = 2, 4
_BIG = 2**31 - 1

Rules = Mapping[str, Any]


class Timed(NamedTuple):
    """A recommendation or a change of replicas, and when it was."""

    replicas: int
    at: float


class Limited(NamedTuple):
    """Replicas, and reason and message of the condition that goes with them."""

    replicas: int
    reason: str
    message: str


WITHIN = ("DesiredWithinRange", "the desired count is within the acceptable range")


@dataclass(slots=True)
class Past:
    """What an autoscaler remembers: its recommendations, and how it has scaled."""

    recommendations: list[Timed] = field(default_factory=list)
    ups: list[Timed] = field(default_factory=list)
    downs: list[Timed] = field(default_factory=list)

    def record(self, replicas: int, now: float, window: float) -> None:
        """Remember a recommendation; forget those older than any window."""
        self.recommendations = [r for r in self.recommendations if r.at >= now - window]
        self.recommendations.append(Timed(replicas, now))

    def scaled(self, before: int, after: int, now: float) -> None:
        """Remember that the target was scaled."""
        (self.ups if after > before else self.downs).append(Timed(abs(after - before), now))

    def start_of_period(self, current: int, period: int, now: float) -> int:
        """How many replicas there were at the beginning of a policy's period."""
        since = now - period
        return current - sum(e.replicas for e in self.ups if e.at > since) + sum(e.replicas for e in self.downs if e.at > since)


def stabilized(past: Past, desired: int, now: float) -> int:
    """Without behaviours: the highest recommendation of the last five minutes."""
    most = max([desired, *(r.replicas for r in past.recommendations if r.at >= now - DOWNSCALE_STABILIZATION)])
    past.record(desired, now, DOWNSCALE_STABILIZATION)
    return most


def limited_by_rules(current: int, desired: int, low: int, high: int) -> Limited:
    """Without behaviours: between the bounds, and at most doubled (or up to four) at once."""
    ceiling = max(_UP_FACTOR * current, _UP_MINIMUM)
    if desired < low:
        return Limited(low, "TooFewReplicas", "the desired replica count is less than the minimum replica count")
    if high > ceiling:
        if desired > ceiling:
            return Limited(ceiling, "ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
    elif desired > high:
        return Limited(high, "TooManyReplicas", "the desired replica count is more than the maximum replica count")
    return Limited(desired, *WITHIN)


def stabilized_with_behavior(past: Past, current: int, desired: int, behavior: Rules, now: float) -> Limited:
    """Up only as far as the lowest recommendation of its window, down only as far as the highest of its own."""
    up_window = (behavior.get("scaleUp") or EMPTY).get("stabilizationWindowSeconds") or 0
    down_window = (behavior.get("scaleDown") or EMPTY).get("stabilizationWindowSeconds")
    down_window = DOWNSCALE_STABILIZATION if down_window is None else down_window
    low = min([desired, *(r.replicas for r in past.recommendations if r.at > now - up_window)])
    high = max([desired, *(r.replicas for r in past.recommendations if r.at > now - down_window)])
    replicas = min(max(current, low), high)
    past.record(desired, now, max(up_window, down_window))
    if desired >= current:
        said = "recent recommendations were lower than current one, applying the lowest recent recommendation"
        return Limited(replicas, "ScaleUpStabilized", said)
    said = "recent recommendations were higher than current one, applying the highest recent recommendation"
    return Limited(replicas, "ScaleDownStabilized", said)


def limited_by_behavior(past: Past, current: int, desired: int, low: int, high: int, behavior: Rules, now: float) -> Limited:
    """Between the bounds, and no faster than the policies allow."""
    if desired > current:
        limit = max(current, _up_limit(past, current, behavior.get("scaleUp") or EMPTY, now))
        if desired > min(limit, high):
            if high > limit:
                return Limited(limit, "ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
            return Limited(high, "TooManyReplicas", "the desired replica count is more than the maximum replica count")
    elif desired < current:
        limit = min(current, _down_limit(past, current, behavior.get("scaleDown") or EMPTY, now))
        if desired < max(limit, low):
            if low < limit:
                return Limited(limit, "ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")
            return Limited(low, "TooFewReplicas", "the desired replica count is less than the minimum replica count")
    return Limited(desired, *WITHIN)


def _up_limit(past: Past, current: int, rules: Rules, now: float) -> int:
    select = rules.get("selectPolicy") or "Max"
    if select == "Disabled":
        return current
    proposals = []
    for policy in rules.get("policies") or ():
        start = past.start_of_period(current, policy["periodSeconds"], now)
        by_percent = policy["type"] == "Percent"
        proposals.append(math.ceil(start * (1 + policy["value"] / 100)) if by_percent else start + policy["value"])
    return min(proposals, default=_BIG) if select == "Min" else max(proposals, default=-_BIG)


def _down_limit(past: Past, current: int, rules: Rules, now: float) -> int:
    select = rules.get("selectPolicy") or "Max"
    if select == "Disabled":
        return current
    proposals = []
    for policy in rules.get("policies") or ():
        start = past.start_of_period(current, policy["periodSeconds"], now)
        by_percent = policy["type"] == "Percent"
        proposals.append(int(start * (1 - policy["value"] / 100)) if by_percent else start - policy["value"])
    return max(proposals, default=-_BIG) if select == "Min" else min(proposals, default=_BIG)
