"""VolumeRestrictions: disks that only one pod may mount, and claims that only one pod in the cluster may use.

Mirrors: pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go (1.36)
"""

from __future__ import annotations

import numpy as np

from kplan.model.objects import EMPTY, name_of
from kplan.scheduler import volumes
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.disks import disks_conflict, is_disk
from kplan.scheduler.framework import ALL, SKIP, Ids, Locality, Refusal, Refused, Rows, Skip
from kplan.scheduler.nodes import NodeTable
from kplan.scheduler.pods import PodInfo


class RestrictionsState:
    """1: a disk is in use on the node; 2: a claim is in use anywhere."""

    locality: Locality = "cluster"
    REFUSALS = (
        Refusal(()),
        Refusal(("node(s) had no available disk",)),
        Refusal(("node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",)),
    )

    def __init__(self, pod: PodInfo, nodes: NodeTable, exclusive: frozenset[str]) -> None:
        self.codes: Ids = np.zeros(nodes.size, dtype=np.int32)
        self._nodes = nodes
        self._namespace = pod.namespace
        self._exclusive = exclusive
        self._disks = [v for v in pod.volumes if is_disk(v)]
        self.filter(ALL)

    def in_use(self) -> bool:
        """Whether a claim for one pod alone has its pod."""
        return any(self._nodes.claims.get((self._namespace, name), 0) > 0 for name in self._exclusive)

    def filter(self, rows: Rows) -> None:
        """Look at claims and disks again."""
        self.codes[:] = 2 if self.in_use() else 0
        if self._disks:
            for row, placed in self._nodes.all_pods():
                if any(disks_conflict(mine, theirs) for theirs in placed.info.volumes for mine in self._disks):
                    self.codes[row] = 1

    def refusal(self, code: int) -> Refusal:
        """The words of a code."""
        return self.REFUSALS[code]


class VolumeRestrictions:
    """Keeps exclusive volumes exclusive."""

    name = "VolumeRestrictions"

    def pre_filter(self, pod: PodInfo, cluster: Cluster) -> Skip | Refused | RestrictionsState:
        """Judge all nodes; a claim that does not exist refuses the pod."""
        exclusive = set()
        for named in volumes.claims_of(pod):
            if named.ephemeral:
                continue
            pvc = volumes.claim(cluster, pod.namespace, named.name)
            if pvc is None:
                return Refused((f'persistentvolumeclaim "{named.name}" not found',))
            if "ReadWriteOncePod" in ((pvc.get("spec") or EMPTY).get("accessModes") or ()):
                exclusive.add(name_of(pvc))
        state = RestrictionsState(pod, cluster.nodes, frozenset(exclusive))
        has_disks = any(map(is_disk, pod.volumes))
        return state if has_disks or state.in_use() else SKIP
