"""VolumeBinding: the pod's claims must be bound to volumes the node reaches, or find theirs there.

Mirrors: pkg/scheduler/framework/plugins/volumebinding/volume_binding.go (1.36)
Differs: storage capacity is not scored (its feature gate is off).
"""

from __future__ import annotations

from kplan.model.objects import EMPTY, is_deleting, name_of
from kplan.scheduler import volumes
from kplan.scheduler.binder import (
    BIND_CONFLICT,
    NO_SUCH_VOLUME,
    NODE_CONFLICT,
    NOT_ENOUGH_SPACE,
    Binder,
    PodVolumes,
    pod_claims,
)
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import SKIP, Locality, Refusal, Refused, Rows, Skip
from kplan.scheduler.pods import PodInfo

_WORDS = {
    NODE_CONFLICT: "node(s) didn't match PersistentVolume's node affinity",
    BIND_CONFLICT: "node(s) didn't find available persistent volumes to bind",
    NOT_ENOUGH_SPACE: "node(s) did not have enough free storage",
    NO_SUCH_VOLUME: "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
}


class VolumeBindingState:
    """Codes are sums of the bits of ``binder``; where the code is 0 the volumes to bind are known."""

    locality: Locality = "none"

    def __init__(self, binder: Binder) -> None:
        self.codes = binder.codes
        self._binder = binder

    def filter(self, rows: Rows) -> None:
        """Nothing that happens to pods changes the verdict."""

    def refusal(self, code: int) -> Refusal:
        """The words of all bits that are set."""
        return Refusal(tuple(words for bit, words in _WORDS.items() if code & bit), resolvable=False)

    def decide(self, row: int) -> PodVolumes:
        """What to bind and to provision on a node."""
        return self._binder.decide(row)


class VolumeBinding:
    """Filters by volumes."""

    name = "VolumeBinding"

    def pre_filter(self, pod: PodInfo, cluster: Cluster) -> Skip | Refused | VolumeBindingState:
        """Judge all nodes; a claim that is missing, lost, going or still to be bound at once refuses the pod."""
        claims = volumes.claims_of(pod)
        if not claims:
            return SKIP
        for named in claims:
            why = self._unusable(pod, cluster, named)
            if why:
                return Refused((why,))
        sorted_claims = pod_claims(pod, cluster)
        if sorted_claims.immediate:
            return Refused(("pod has unbound immediate PersistentVolumeClaims",))
        return VolumeBindingState(Binder(pod, cluster, sorted_claims))

    def _unusable(self, pod: PodInfo, cluster: Cluster, named: volumes.NamedClaim) -> str:
        pvc = volumes.claim(cluster, pod.namespace, named.name)
        if pvc is None:
            if named.ephemeral:
                return f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{named.name}"'
            return f'persistentvolumeclaim "{named.name}" not found'
        if (pvc.get("status") or EMPTY).get("phase") == "Lost":
            return f'persistentvolumeclaim "{name_of(pvc)}" bound to non-existent persistentvolume "{volumes.volume_name_of(pvc)}"'
        if is_deleting(pvc):
            return f'persistentvolumeclaim "{name_of(pvc)}" is being deleted'
        return volumes.not_made_for(pod, pvc) if named.ephemeral else ""
