"""How it is with the zones of a cluster, and so how fast the pods of their nodes may be evicted.

Mirrors: pkg/controller/nodelifecycle/node_lifecycle_controller.go: ComputeZoneState, ReducedQPSFunc, handleDisruption,
         pkg/controller/nodelifecycle/scheduler/rate_limited_queue.go: SwapLimiter,
         staging/src/k8s.io/component-helpers/node/topology/helpers.go (1.36)
"""

from __future__ import annotations

from kplan.model.kubelets import ready_status
from kplan.model.objects import Object, labels_of
from kplan.store.view import View

Zone = tuple[str, str]
"""(region, zone)."""
NORMAL, PARTIAL, FULL = "Normal", "PartialDisruption", "FullDisruption"

SECONDS_BETWEEN_TAINTS, SECONDS_IN_PARTIAL_DISRUPTION = 10.0, 100.0
"""The eviction rates 0.1 and 0.01 a second."""
LARGE_ZONE = 50
UNHEALTHY_SHARE = 0.55
_EXCLUDED = "node.kubernetes.io/exclude-disruption"
_REGION = ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region")
_ZONE = ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone")


def zone_of(node: Object) -> Zone:
    """The zone of a node; the old labels count first."""
    labels = labels_of(node)
    region, zone = (next((labels[k] for k in keys if k in labels), "") for keys in (_REGION, _ZONE))
    return region, zone


def counts(node: Object) -> bool:
    """Whether the node says something of its zone."""
    return _EXCLUDED not in labels_of(node)


def zones_of(view: View) -> dict[Zone, list[bool]]:
    """Of every zone, which of its nodes are ready."""
    zones: dict[Zone, list[bool]] = {}
    for node in view.objects("Node"):
        if counts(node):
            zones.setdefault(zone_of(node), []).append(ready_status(node) == "True")
    return zones


def state_of(ready: list[bool]) -> str:
    """The state of a zone."""
    unready = ready.count(False)
    if unready and not any(ready):
        return FULL
    return PARTIAL if unready > 2 and unready / len(ready) >= UNHEALTHY_SHARE else NORMAL


def seconds_between(ready: list[bool]) -> float | None:
    """How far apart nodes of a zone are tainted; None where they are not."""
    if state_of(ready) != PARTIAL:
        return SECONDS_BETWEEN_TAINTS
    return SECONDS_IN_PARTIAL_DISRUPTION if len(ready) > LARGE_ZONE else None


def every_zone_is_disrupted(zones: dict[Zone, list[bool]]) -> bool:
    """Whether no node is ready anywhere: then it is the control plane that is cut off."""
    return bool(zones) and all(state_of(ready) == FULL for ready in zones.values())


class Limiter:
    """Lets one node of a zone through at a time."""

    def __init__(self, now: float) -> None:
        self.between: float | None = SECONDS_BETWEEN_TAINTS
        """How far apart; None where none is let through."""
        self._free_at = now

    def free_at(self, now: float) -> float | None:
        """When the next node may pass."""
        return None if self.between is None else max(self._free_at, now)

    def take(self, now: float) -> None:
        """Let a node pass."""
        self._free_at = now + (self.between or 0.0)

    def change(self, between: float | None, now: float) -> None:
        """Another rate from now on; if nobody could pass just now, nobody can at once."""
        if between == self.between:
            return
        was_free = self.free_at(now) == now
        self.between = between
        self._free_at = now if was_free else now + (between or 0.0)


class Limiters:
    """The limiters of all zones, as fast as the zones are well."""

    def __init__(self) -> None:
        self._of: dict[Zone, Limiter] = {}
        self.all_disrupted = False

    def of(self, zone: Zone, now: float) -> Limiter:
        """The limiter of a zone."""
        return self._of.setdefault(zone, Limiter(now))

    def follow(self, view: View, now: float) -> bool:
        """Set the rates by the state of the zones; whether it is only now that all of them are disrupted."""
        zones = zones_of(view)
        before, self.all_disrupted = self.all_disrupted, every_zone_is_disrupted(zones)
        for zone, ready in zones.items():
            self.of(zone, now).change(None if self.all_disrupted else seconds_between(ready), now)
        return self.all_disrupted and not before

    def are_slow(self) -> bool:
        """Whether some zone is not at its usual rate."""
        return any(limiter.between != SECONDS_BETWEEN_TAINTS for limiter in self._of.values())
