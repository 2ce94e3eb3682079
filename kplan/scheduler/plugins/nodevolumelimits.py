"""NodeVolumeLimits: a node attaches only so many volumes of a CSI driver.

Counted are the volumes of the pods there and those the node has attached; a volume that several pods share counts once.

Mirrors: pkg/scheduler/framework/plugins/nodevolumelimits/csi.go (1.36)
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from kplan.model.migration import inline_csi_volume, plugin_of
from kplan.model.objects import EMPTY, Object, Ref
from kplan.scheduler import volumes
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import ALL, SKIP, Ids, Locality, Refusal, Rows, Skip
from kplan.scheduler.pods import PodInfo

Attached = dict[tuple[str, str], str]
"""(driver, handle) → driver."""


class LimitsState:
    """Rows on which a driver's limit would be exceeded."""

    locality: Locality = "row"

    def __init__(self, pod: PodInfo, cluster: Cluster) -> None:
        self.codes: Ids = np.zeros(cluster.nodes.size, dtype=np.int32)
        self._pod = pod
        self._cluster = cluster
        self._attachments = _attachments(cluster)
        self.filter(ALL)

    def filter(self, rows: Rows) -> None:
        """Count again on these rows."""
        everything = range(len(self.codes)) if isinstance(rows, slice) else rows.tolist()
        for row in everything:
            self.codes[row] = int(self._exceeds(row))

    def _exceeds(self, row: int) -> bool:
        name = self._cluster.nodes.names[row]
        csi_node = self._cluster.view.get(Ref(volumes.CSI_NODE, "", name))
        limits = _limits(csi_node)
        if not limits:
            return False
        new = _volumes(self._pod, self._cluster, csi_node)
        there: Attached = {}
        for placed in self._cluster.nodes.pods[row].values():
            if placed.info.volumes:
                there |= _volumes(placed.info, self._cluster, csi_node)
        used = Counter(there.values())
        used.update(driver for volume, driver in self._attachments.get(name, {}).items() if volume not in there)
        wanted = Counter(driver for volume, driver in new.items() if volume not in there)
        return any(driver in limits and used[driver] + number > limits[driver] for driver, number in wanted.items())

    def refusal(self, code: int) -> Refusal:
        """The only one."""
        return NodeVolumeLimits.REFUSAL


def _limits(csi_node: Object | None) -> dict[str, int]:
    drivers = (csi_node.get("spec") or EMPTY).get("drivers") or () if csi_node is not None else ()
    counts = {d["name"]: (d.get("allocatable") or EMPTY).get("count") for d in drivers}
    return {name: int(count) for name, count in counts.items() if count is not None}


def _volumes(pod: PodInfo, cluster: Cluster, csi_node: Object | None) -> Attached:
    """The CSI volumes of a pod; claims that do not exist are passed over."""
    found: Attached = {}
    for named in volumes.claims_of(pod):
        pvc = volumes.claim(cluster, pod.namespace, named.name)
        volume = volumes.attached_volume(cluster, pvc, csi_node=csi_node) if pvc is not None else None
        if volume is not None and all(volume):
            found[volume] = volume[0]
    for inline in pod.volumes:
        disk = inline_csi_volume(inline) if volumes.taken_over(inline) and csi_node is not None else None
        if disk is not None:
            found[disk] = disk[0]
    return found


def _attachments(cluster: Cluster) -> dict[str, Attached]:
    """What nodes have attached, by node."""
    found: dict[str, Attached] = {}
    for attachment in cluster.view.objects(volumes.VOLUME_ATTACHMENT):
        spec = attachment.get("spec") or EMPTY
        driver, name = str(spec.get("attacher") or ""), (spec.get("source") or EMPTY).get("persistentVolumeName")
        pv = volumes.volume_named(cluster, name) if driver and name else None
        csi = (pv.get("spec") or EMPTY).get("csi") if pv is not None else None
        if csi:
            found.setdefault(spec.get("nodeName") or "", {})[(driver, csi.get("volumeHandle") or "")] = driver
    return found


class NodeVolumeLimits:
    """Refuses nodes that would have too many volumes."""

    name = "NodeVolumeLimits"
    REFUSAL = Refusal(("node(s) exceed max volume count",))

    def pre_filter(self, pod: PodInfo, cluster: Cluster) -> Skip | LimitsState:
        """Judge all nodes."""
        if not volumes.claims_of(pod) and not any(plugin_of(v) for v in pod.volumes):
            return SKIP
        return LimitsState(pod, cluster)
