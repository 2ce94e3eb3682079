"""VolumeZone: a bound volume that carries zone or region labels is used only from there.

Nodes without any zone or region label pass.

Mirrors: pkg/scheduler/framework/plugins/volumezone/volume_zone.go (1.36)
"""

from __future__ import annotations

import numpy as np

from kplan.model.objects import Object, labels_of
from kplan.model.selectors import Requirement
from kplan.scheduler import volumes
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import SKIP, ConstantState, FilterState, Mask, Refusal, Refused, Skip
from kplan.scheduler.nodes import NodeTable
from kplan.scheduler.pods import PodInfo

_GA = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
}
TOPOLOGY_LABELS = (*_GA, *_GA.values())


class VolumeZone:
    """Refuses nodes in other zones than the volumes'."""

    name = "VolumeZone"
    REFUSAL = Refusal(("node(s) had no available volume zone",), resolvable=False)

    def pre_filter(self, pod: PodInfo, cluster: Cluster) -> Skip | Refused | FilterState:
        """Judge all nodes."""
        wanted: list[tuple[str, frozenset[str]]] = []
        for named in volumes.claims_of(pod):
            if named.ephemeral:
                continue
            answer = self._topologies(pod, cluster, named.name)
            if isinstance(answer, Refused):
                return answer
            wanted += answer
        if not wanted:
            return SKIP
        return ConstantState(_refused(wanted, cluster.nodes), self.REFUSAL)

    def _topologies(self, pod: PodInfo, cluster: Cluster, name: str) -> Refused | list[tuple[str, frozenset[str]]]:
        if not name:
            return Refused(("PersistentVolumeClaim had no name",))
        pvc = volumes.claim(cluster, pod.namespace, name)
        if pvc is None:
            return Refused((f'persistentvolumeclaim "{name}" not found',))
        bound_to = volumes.volume_name_of(pvc)
        if bound_to:
            pv = volumes.volume_named(cluster, bound_to)
            return topologies_of(pv) if pv is not None else Refused((f'persistentvolume "{bound_to}" not found',))
        class_name = volumes.class_of(pvc)
        if not class_name:
            return Refused(("PersistentVolumeClaim had no pv name and storageClass name",))
        found = volumes.storage_class(cluster, class_name)
        if found is None:
            return Refused((f'storageclass.storage.k8s.io "{class_name}" not found',))
        mode = found.get("volumeBindingMode")
        if mode is None:
            return Refused((f'VolumeBindingMode not set for StorageClass "{class_name}"',))
        return [] if mode == volumes.WAIT_FOR_FIRST_CONSUMER else Refused(("PersistentVolume had no name",))


def topologies_of(pv: Object) -> list[tuple[str, frozenset[str]]]:
    """The zone and region labels of a volume; several zones are joined with two underscores."""
    found = []
    for key in TOPOLOGY_LABELS:
        value = labels_of(pv).get(key)
        if value is not None:
            zones = [zone.strip() for zone in value.split("__")]
            if all(zones):
                found.append((key, frozenset(zones)))
    return found


def _refused(wanted: list[tuple[str, frozenset[str]]], nodes: NodeTable) -> Mask:
    labelled = np.zeros(nodes.size, dtype=bool)
    for key in TOPOLOGY_LABELS:
        labelled |= nodes.label(key).ids >= 0
    refused = np.zeros(nodes.size, dtype=bool)
    for key, zones in wanted:
        met = nodes.requirement(Requirement(key, "In", zones))
        if key in _GA:
            met = met | ((nodes.label(key).ids < 0) & nodes.requirement(Requirement(_GA[key], "In", zones)))
        refused |= ~met
    return refused & labelled
