"""How it is with the zones of a cluster, and so how fast the pods of their nodes may be evicted.

Mirrors: pkg/controller/nodelifecycle/node_lifecycle_controller.go: ComputeZoneState, ReducedQPSFunc,
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
    return all(state_of(ready) == FULL for ready in zones.values())
