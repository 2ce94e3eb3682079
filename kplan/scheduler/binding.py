"""What has to happen between choosing a node and binding the pod: volumes bound or provisioned, devices ready.

Mirrors: pkg/scheduler/framework/plugins/volumebinding/{volume_binding,binder}.go Reserve and PreBind,
         pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go PreBind (1.36)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kplan.engine.contract import Update
from kplan.model.objects import Object, Ref, annotations_of, name_of
from kplan.scheduler import volumes
from kplan.scheduler.binder import bound_volume, with_selected_node
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.devicebinding import not_ready
from kplan.scheduler.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class Pending:
    """A pod that waits for what it needs on its node."""

    ref: Ref
    node: str
    tied: Sequence[str]
    updates: tuple[Update, ...]
    bound: tuple[Ref, ...]
    """Claims that are to be bound to volumes chosen for them."""
    provisioned: tuple[Ref, ...]
    """Claims whose volumes are to be made."""
    devices: tuple[Ref, ...]
    """Claims whose devices are to become ready."""
    since: float
    timeout: float

    def ready(self, cluster: Cluster, now: float) -> str | None:
        """ "" once all is there, None while it is not, else why it will never be."""
        for plugin, verdict in (("VolumeBinding", self._volumes(cluster, now)), ("DynamicResources", self._devices(cluster, now))):
            if verdict:
                return failed(plugin, verdict)
            if verdict is None:
                return None
        return ""

    def _volumes(self, cluster: Cluster, now: float) -> str | None:
        for ref in (*self.bound, *self.provisioned):
            pvc = cluster.view.get(ref)
            if pvc is None:
                checking = "provisioning pvc" if ref in self.provisioned else "binding"
                return f'binding volumes: failed to check {checking}: could not find v1.PersistentVolumeClaim "{ref.namespace}/{ref.name}"'
            if ref in self.provisioned and annotations_of(pvc).get(volumes.SELECTED_NODE) != self.node:
                return f'binding volumes: provisioning failed for PVC "{ref.name}"'
            if not volumes.is_fully_bound(pvc):
                return "binding volumes: context deadline exceeded" if now >= self.since + self.timeout else None
        return ""

    def _devices(self, cluster: Cluster, now: float) -> str | None:
        for ref in self.devices:
            claim = cluster.view.get(ref)
            if claim is None:
                return f'resourceclaim.resource.k8s.io "{ref.name}" not found'
            waits, failure = not_ready(claim)
            if failure:
                return failure
            if waits:
                return "device binding timeout: context deadline exceeded" if now >= self.since + self.timeout else None
        return ""


def failed(plugin: str, why: str) -> str:
    """An error of this stage in the framework's words."""
    return f'running PreBind plugin "{plugin}": {why}'


def pending(ref: Ref, pod: Object, evaluation: Evaluation, row: int, node: str, tied: Sequence[str], now: float) -> Pending | None:
    """What must be done first for a pod on its node; None where it can be bound at once."""
    updates: list[Update] = []
    bound: list[Ref] = []
    provisioned: list[Ref] = []
    state = evaluation.state("VolumeBinding")
    if state is not None:
        chosen = state.decide(row)
        for pvc, pv in chosen.static:
            changed = bound_volume(pv, pvc)
            if changed is not None:
                updates.append(Update(changed, "volume-chosen"))
            bound.append(Ref(volumes.PVC, pvc["metadata"].get("namespace") or "", name_of(pvc)))
        for pvc in chosen.provisioned:
            updates.append(Update(with_selected_node(pvc, node), "node-selected"))
            provisioned.append(Ref(volumes.PVC, pvc["metadata"].get("namespace") or "", name_of(pvc)))
    claims = evaluation.state("DynamicResources")
    devices = tuple(claims.awaited()) if claims is not None else ()
    if not updates and not bound and not provisioned and not devices:
        return None
    timeout = float((evaluation.profile.args.get("VolumeBinding") or {}).get("bindTimeoutSeconds") or 600)
    return Pending(ref, node, tied, tuple(updates), tuple(bound), tuple(provisioned), devices, now, timeout)
