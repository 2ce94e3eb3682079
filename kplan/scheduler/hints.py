"""Queueing hints: whether an event could make a pod schedulable that a plugin refused.

A table: plugin → (kind, actions) → question. Where there is no question any such event is reason enough to try again.

Mirrors: EventsToRegister and the QueueingHintFns of pkg/scheduler/framework/plugins/*/*.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kplan.model.migration import plugin_of
from kplan.model.objects import EMPTY, Object, annotations_of, labels_of, name_of, namespace_of, uid_of
from kplan.model.quantity import parse_or_zero
from kplan.scheduler import matching
from kplan.scheduler.claims import ClaimMissing, claims_of_pod
from kplan.scheduler.cluster import Cluster, node_of
from kplan.scheduler.disks import disks_conflict
from kplan.scheduler.events import (
    ADD,
    ALLOCATABLE,
    DELETE,
    FEATURES,
    GATES_GONE,
    GENERATED_CLAIM,
    LABEL,
    NODE,
    POD,
    SCALE_DOWN,
    TAINT,
    TOLERATION,
    UPDATE,
    ClusterEvent,
    nominated,
)
from kplan.scheduler.features import required_features
from kplan.scheduler.pods import PodInfo, Term, host_ports_of
from kplan.scheduler.resources import pod_requests, units
from kplan.scheduler.taints import UNSCHEDULABLE_TAINT, tolerated, untolerated
from kplan.scheduler.topology import Constraint, constraints_of
from kplan.scheduler.volumes import WAIT_FOR_FIRST_CONSUMER, claims_of


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pod that waits, and where."""

    pod: Object
    info: PodInfo
    cluster: Cluster
    defaults: Sequence[Any] = ()
    """The profile's default spread constraints."""


Question = Callable[[Waiting, ClusterEvent], bool]


def _itself(w: Waiting, e: ClusterEvent) -> bool:
    return e.new is not None and uid_of(e.new) == uid_of(w.pod)


def _was_placed(pod: Object | None) -> bool:
    return pod is not None and bool(node_of(pod) or nominated(pod))


# -- nodes ---------------------------------------------------------------------------------------------------------


def _became_schedulable(w: Waiting, e: ClusterEvent) -> bool:
    if e.new is None or (e.new.get("spec") or EMPTY).get("unschedulable"):
        return False
    return e.old is None or bool((e.old.get("spec") or EMPTY).get("unschedulable"))


def _tolerates_unschedulable(w: Waiting, e: ClusterEvent) -> bool:
    return _itself(w, e) and tolerated(w.info.tolerations, UNSCHEDULABLE_TAINT)


def _taints_went(w: Waiting, e: ClusterEvent) -> bool:
    def repelled(node: Object | None) -> bool:
        return node is None or bool(untolerated(matching.taints_of(node), w.info.tolerations))

    return repelled(e.old) and e.new is not None and not repelled(e.new)


def _matches_now(w: Waiting, e: ClusterEvent) -> bool:
    if e.new is None or not matching.matches_required(w.info, e.new):
        return False
    return e.old is None or not matching.matches_required(w.info, e.old)


def _room_grew(w: Waiting, e: ClusterEvent) -> bool:
    delegated = frozenset(n for n in w.info.requests if w.cluster.gates.on("DRAExtendedResource") and w.cluster.device_class_of(n))
    if e.new is None or not matching.fits_empty(w.info, e.new, exempt=delegated):
        return False
    if e.old is None:
        return True
    old, new = matching.allocatable_of(e.old), matching.allocatable_of(e.new)
    if new.get("pods", 0) > old.get("pods", 0):
        return True
    return any(amount and (new.get(n, 0) > old.get(n, 0) or n in delegated) for n, amount in w.info.requests.items())


def _features_changed(w: Waiting, e: ClusterEvent) -> bool:
    return e.old is None or e.new is None or (e.old.get("status") or EMPTY).get("declaredFeatures") != (e.new.get("status") or EMPTY).get("declaredFeatures")


# -- pods ----------------------------------------------------------------------------------------------------------


def _room_freed(w: Waiting, e: ClusterEvent) -> bool:
    if e.new is None:
        return _was_placed(e.old)
    if _itself(w, e):
        return True
    if not node_of(e.new) or e.old is None:
        return False
    old, new = (units(pod_requests(p, use_status=True)) for p in (e.old, e.new))
    return any(amount and old.get(n, 0) > new.get(n, 0) for n, amount in w.info.requests.items())


def _ports_freed(w: Waiting, e: ClusterEvent) -> bool:
    if e.old is None or not _was_placed(e.old):
        return False
    freed = host_ports_of(e.old["spec"])
    return any(
        (a.protocol, a.port) == (b.protocol, b.port) and (a.ip == b.ip or "0.0.0.0" in (a.ip, b.ip))
        for a in w.info.host_ports
        for b in freed
    )


def _volumes_freed(w: Waiting, e: ClusterEvent) -> bool:
    if e.old is None or namespace_of(e.old) != w.info.namespace:
        return False
    mine = {c.name for c in claims_of(w.info) if not c.ephemeral}
    for volume in e.old["spec"].get("volumes") or ():
        if (volume.get("persistentVolumeClaim") or EMPTY).get("claimName") in mine:
            return True
        if any(disks_conflict(volume, own) for own in w.info.volumes):
            return True
    return False


def _attachment_freed(w: Waiting, e: ClusterEvent) -> bool:
    if e.old is None or not _was_placed(e.old):
        return False
    return any("persistentVolumeClaim" in v or "ephemeral" in v or plugin_of(v) for v in e.old["spec"].get("volumes") or ())


def _spread_constraints(w: Waiting) -> Sequence[Constraint]:
    return constraints_of(w.info, w.cluster, w.defaults, "DoNotSchedule")


def _involved(w: Waiting, pod: Object) -> bool:
    if uid_of(pod) == uid_of(w.pod):
        return True
    return _was_placed(pod) and namespace_of(pod) == w.info.namespace


def _spread_by_pod(w: Waiting, e: ClusterEvent) -> bool:
    if any(p is not None and not _involved(w, p) for p in (e.old, e.new)):
        return False
    constraints = _spread_constraints(w)
    if e.old is not None and e.new is not None:
        if _itself(w, e) and e.action == TOLERATION and any(c.honor_taints for c in constraints):
            return True
        old, new = labels_of(e.old), labels_of(e.new)
        return old != new and any(c.selector.matches(old) != c.selector.matches(new) for c in constraints)
    pod = e.new if e.new is not None else e.old
    return pod is not None and any(c.selector.matches(labels_of(pod)) for c in constraints)


def _spread_by_node(w: Waiting, e: ClusterEvent) -> bool:
    constraints = _spread_constraints(w)

    def counts(node: Object | None) -> bool:
        return node is not None and all(c.key in labels_of(node) for c in constraints)

    if e.old is None or e.new is None:
        return counts(e.new if e.new is not None else e.old)
    if counts(e.old) != counts(e.new):
        return True
    moved = any(labels_of(e.old).get(c.key) != labels_of(e.new).get(c.key) for c in constraints)
    return counts(e.new) and (moved or matching.taints_of(e.old) != matching.taints_of(e.new))


def _all_match(terms: Sequence[Term], pod: Object) -> bool:
    return bool(terms) and all(t.matches(namespace_of(pod), labels_of(pod), {}) for t in terms)


def _affinity_by_pod(w: Waiting, e: ClusterEvent) -> bool:
    if e.old is not None and e.new is not None and _itself(w, e):
        return True
    if any(p is not None and not _was_placed(p) for p in (e.old, e.new)):
        return False
    near, away = w.info.required_affinity, w.info.required_anti_affinity
    if e.old is not None and e.new is not None:
        if not _all_match(near, e.old) and _all_match(near, e.new):
            return True
        return _all_match(away, e.old) and not _all_match(away, e.new)
    if e.new is not None:
        return _all_match(near, e.new)
    if e.old is None:
        return False
    return _all_match(away, e.old) or _all_match(w.cluster.infos.of(e.old).required_anti_affinity, w.pod)


def _affinity_by_node(w: Waiting, e: ClusterEvent) -> bool:
    if e.new is None:
        return False
    new, old = labels_of(e.new), labels_of(e.old) if e.old is not None else None
    for term in w.info.required_affinity:
        key = term.topology_key
        if key in new and (old is None or old.get(key) != new[key]):
            return True
    for term in w.info.required_anti_affinity:
        key = term.topology_key
        if old is None or (key in old and old[key] != new.get(key)):
            return True
    return False


def _features_of_pod_changed(w: Waiting, e: ClusterEvent) -> bool:
    if not _itself(w, e) or e.old is None or e.new is None:
        return False
    return required_features(e.old["spec"], w.cluster.gates) != required_features(e.new["spec"], w.cluster.gates)


# -- storage -------------------------------------------------------------------------------------------------------


def _own_claim(w: Waiting, e: ClusterEvent) -> bool:
    return e.new is not None and namespace_of(e.new) == w.info.namespace and name_of(e.new) in {c.name for c in claims_of(w.info)}


def _own_plain_claim(w: Waiting, e: ClusterEvent) -> bool:
    names = {c.name for c in claims_of(w.info) if not c.ephemeral}
    return e.new is not None and namespace_of(e.new) == w.info.namespace and name_of(e.new) in names


def _topologies_changed(w: Waiting, e: ClusterEvent) -> bool:
    return e.old is None or e.new is None or e.old.get("allowedTopologies") != e.new.get("allowedTopologies")


def _waits_for_consumer(w: Waiting, e: ClusterEvent) -> bool:
    return e.new is not None and e.new.get("volumeBindingMode") == WAIT_FOR_FIRST_CONSUMER


_ZONE_LABELS = (
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
)


def _zones_changed(w: Waiting, e: ClusterEvent) -> bool:
    if e.old is None or e.new is None:
        return True
    return any(labels_of(e.old).get(k) != labels_of(e.new).get(k) for k in _ZONE_LABELS)


def _migration_changed(w: Waiting, e: ClusterEvent) -> bool:
    key = "storage.alpha.kubernetes.io/migrated-plugins"
    return e.old is None or e.new is None or annotations_of(e.old).get(key) != annotations_of(e.new).get(key)


def _limit_rose(w: Waiting, e: ClusterEvent) -> bool:
    def limits(node: Object | None) -> dict[str, int]:
        drivers = (node.get("spec") or EMPTY).get("drivers") or () if node is not None else ()
        return {d["name"]: (d.get("allocatable") or EMPTY).get("count") or 0 for d in drivers}

    old = limits(e.old)
    return any(count > old.get(name, 0) for name, count in limits(e.new).items())


def _attaches_claims(w: Waiting, e: ClusterEvent) -> bool:
    return any("persistentVolumeClaim" in v for v in w.info.volumes)


def _capacity_unchecked(w: Waiting, e: ClusterEvent) -> bool:
    if e.old is None or e.new is None or not any((v.get("csi") or EMPTY).get("driver") == name_of(e.new) for v in w.info.volumes):
        return False
    return bool((e.old.get("spec") or EMPTY).get("storageCapacity")) and not (e.new.get("spec") or EMPTY).get("storageCapacity")


def _capacity_rose(w: Waiting, e: ClusterEvent) -> bool:
    def limit(capacity: Object) -> Any:
        return capacity.get("maximumVolumeSize", capacity.get("capacity"))

    if e.old is None or e.new is None:
        return True
    new, old = limit(e.new), limit(e.old)
    return new is not None and (old is None or parse_or_zero(new).value() > parse_or_zero(old).value())


# -- dynamic resources ---------------------------------------------------------------------------------------------


def _claim_changed(w: Waiting, e: ClusterEvent) -> bool:
    """Any claim that was freed, or one of the pod's own whose status changed."""
    if e.new is None:
        return False
    try:
        own = claims_of_pod(w.pod, w.cluster.view)
    except ClaimMissing:
        return False
    old, new = ((o.get("status") or EMPTY) if o is not None else EMPTY for o in (e.old, e.new))
    if old.get("allocation") and not new.get("allocation"):
        return True
    if not any(uid_of(claim) == uid_of(e.new) for claim in own):
        return False
    return e.old is None or old != new


def _claims_exist(w: Waiting, e: ClusterEvent) -> bool:
    if not _itself(w, e) or e.new is None:
        return False
    try:
        claims_of_pod(e.new, w.cluster.view)
    except ClaimMissing:
        return False
    return True


def _device_class_for_pod(w: Waiting, e: ClusterEvent) -> bool:
    if e.new is None:
        return False
    names = {f"deviceclass.resource.kubernetes.io/{name_of(e.new)}", (e.new.get("spec") or EMPTY).get("extendedResourceName")}
    return any(name in names for name in w.info.asked)


HINTS: dict[str, tuple[tuple[str, tuple[str, ...], Question | None], ...]] = {
    "SchedulingGates": ((POD, (GATES_GONE,), _itself),),
    "NodeUnschedulable": ((NODE, (ADD, TAINT), _became_schedulable), (POD, (TOLERATION,), _tolerates_unschedulable)),
    "NodeName": ((NODE, (ADD,), None),),
    "TaintToleration": ((NODE, (ADD, TAINT), _taints_went), (POD, (TOLERATION,), _itself)),
    "NodeAffinity": ((NODE, (ADD, LABEL), _matches_now),),
    "NodePorts": ((POD, (DELETE,), _ports_freed), (NODE, (ADD,), None)),
    "NodeResourcesFit": (
        (POD, (DELETE, SCALE_DOWN), _room_freed),
        (NODE, (ADD, ALLOCATABLE), _room_grew),
        ("DeviceClass", (ADD, UPDATE), _device_class_for_pod),
    ),
    "VolumeRestrictions": (
        (POD, (DELETE,), _volumes_freed),
        (NODE, (ADD,), None),
        ("PersistentVolumeClaim", (ADD,), _own_plain_claim),
    ),
    "NodeVolumeLimits": (
        ("CSINode", (ADD,), None),
        ("CSINode", (UPDATE,), _limit_rose),
        (POD, (DELETE,), _attachment_freed),
        ("PersistentVolumeClaim", (ADD,), _own_claim),
        ("VolumeAttachment", (DELETE,), _attaches_claims),
    ),
    "VolumeBinding": (
        ("StorageClass", (ADD, UPDATE), _topologies_changed),
        ("PersistentVolumeClaim", (ADD, UPDATE), _own_claim),
        ("PersistentVolume", (ADD, UPDATE), None),
        (NODE, (ADD, LABEL), None),
        ("CSINode", (ADD, UPDATE), _migration_changed),
        ("CSIDriver", (UPDATE,), _capacity_unchecked),
        ("CSIStorageCapacity", (ADD, UPDATE), _capacity_rose),
    ),
    "VolumeZone": (
        ("StorageClass", (ADD,), _waits_for_consumer),
        (NODE, (ADD, LABEL), None),
        ("PersistentVolumeClaim", (ADD, UPDATE), _own_plain_claim),
        ("PersistentVolume", (ADD, UPDATE), _zones_changed),
    ),
    "PodTopologySpread": (
        (POD, (ADD, LABEL, TOLERATION, DELETE), _spread_by_pod),
        (NODE, (ADD, DELETE, LABEL, TAINT), _spread_by_node),
    ),
    "InterPodAffinity": ((POD, (ADD, LABEL, DELETE), _affinity_by_pod), (NODE, (ADD, LABEL), _affinity_by_node)),
    "DynamicResources": (
        (NODE, (ADD, LABEL, ALLOCATABLE), None),
        ("ResourceClaim", (ADD, UPDATE), _claim_changed),
        (POD, (GENERATED_CLAIM,), _claims_exist),
        ("ResourceSlice", (ADD, UPDATE), None),
        ("DeviceClass", (ADD, UPDATE), None),
    ),
    "DefaultPreemption": (),
    "NodeDeclaredFeatures": ((NODE, (ADD, FEATURES), _features_changed), (POD, (UPDATE, LABEL, TOLERATION), _features_of_pod_changed)),
}


def interested(kind: str, action: str) -> list[str]:
    """The plugins that look at such events at all."""
    return [name for name, entries in HINTS.items() if any(k == kind and action in actions for k, actions, _ in entries)]


def could_help(plugin: str, waiting: Waiting, event: ClusterEvent) -> bool:
    """Whether an event could make a pod schedulable that the plugin refused."""
    for kind, actions, question in HINTS[plugin]:
        if kind == event.kind and event.action in actions and (question is None or question(waiting, event)):
            return True
    return False
