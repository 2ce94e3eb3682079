"""Finds volumes for the claims of a pod on every node: bound ones, static ones that match, or room to provision.

Claims that wait for their first consumer are served smallest first with the smallest volume that fits; what remains
must be provisionable on the node.

Mirrors: pkg/scheduler/framework/plugins/volumebinding/binder.go,
         staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go FindMatchingVolume (1.36)
Differs: equal volumes are taken in order of name (Go's index has none); see also ``volumes``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kplan.model.migration import affinity_terms, is_migrated_on
from kplan.model.objects import EMPTY, Object, Ref, annotations_of, is_deleting, labels_of, name_of, namespace_of
from kplan.model.quantity import parse_or_zero
from kplan.model.selectors import Requirement, from_label_selector
from kplan.scheduler import volumes
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import FilterError, Ids, Mask, SchedulingError
from kplan.scheduler.nodes import NodeTable
from kplan.scheduler.pods import PodInfo

NODE_CONFLICT, BIND_CONFLICT, NOT_ENOUGH_SPACE, NO_SUCH_VOLUME = 1, 2, 4, 8
"""Bits of a row's code."""

Choices = NDArray[np.intp]


@dataclass(slots=True)
class PodClaims:
    """The claims of a pod by what is to be done about them."""

    bound: list[Object] = field(default_factory=list)
    delayed: list[Object] = field(default_factory=list)
    immediate: list[Object] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PodVolumes:
    """What to do about a pod's claims on one node: (claim, volume) to bind, claims to have provisioned."""

    static: tuple[tuple[Object, Object], ...]
    provisioned: tuple[Object, ...]


def pod_claims(pod: PodInfo, cluster: Cluster) -> PodClaims:
    """Sort a pod's claims. All of them exist."""
    found = PodClaims()
    for named in volumes.claims_of(pod):
        pvc = volumes.claim(cluster, pod.namespace, named.name)
        if pvc is None:
            raise SchedulingError(f'error getting PVC "{pod.namespace}/{named.name}": could not find v1.PersistentVolumeClaim "{pod.namespace}/{named.name}"')
        if volumes.is_fully_bound(pvc):
            found.bound.append(pvc)
        elif volumes.waits_for_consumer(pvc, cluster) and not volumes.volume_name_of(pvc):
            found.delayed.append(pvc)
        else:
            found.immediate.append(pvc)
    return found


def affine(pv: Object, nodes: NodeTable) -> Mask | None:
    """The nodes a volume can be reached from; None: all."""
    required = ((pv.get("spec") or EMPTY).get("nodeAffinity") or EMPTY).get("required")
    return nodes.match_terms(required.get("nodeSelectorTerms") or [], fields_count=False) if required else None


class Binder:
    """The volumes of one pod on all nodes."""

    def __init__(self, pod: PodInfo, cluster: Cluster, claims: PodClaims) -> None:
        self.codes: Ids = np.zeros(cluster.nodes.size, dtype=np.int32)
        self._cluster = cluster
        self._nodes = cluster.nodes
        self._candidates: list[tuple[Object, list[Object], Choices]] = []
        """Claim to match, its volumes, and by row the index of the chosen one (-1: none)."""
        self._to_provision: list[tuple[Object, Mask]] = []
        self._check_bound(claims.bound)
        if claims.delayed:
            self._find_volumes(claims.delayed)

    def decide(self, row: int) -> PodVolumes:
        """What to do on a node that passed."""
        static = tuple((pvc, found[choice[row]]) for pvc, found, choice in self._candidates if choice[row] >= 0)
        return PodVolumes(static, tuple(pvc for pvc, where in self._to_provision if where[row]))

    def _check_bound(self, bound: list[Object]) -> None:
        undecided = np.ones(self._nodes.size, dtype=bool)
        for pvc in bound:
            pv = volumes.volume_named(self._cluster, volumes.volume_name_of(pvc))
            if pv is None:
                self.codes[undecided] |= NO_SUCH_VOLUME
                return
            reachable = self._reachable(pv)
            if reachable is not None:
                self.codes[undecided & ~reachable] |= NODE_CONFLICT
                undecided &= reachable

    def _reachable(self, pv: Object) -> Mask | None:
        """The nodes a bound volume can be reached from; where a driver has taken over, the driver knows the zones."""
        reachable, plugin = affine(pv, self._nodes), volumes.taken_over(pv["spec"])
        if not plugin:
            return reachable
        there = np.array([is_migrated_on(self._cluster.view.get(Ref(volumes.CSI_NODE, "", name)), plugin) for name in self._nodes.names], dtype=bool)
        terms = affinity_terms(pv)
        if not terms or not there.any():
            return reachable
        elsewhere = np.ones(self._nodes.size, dtype=bool) if reachable is None else reachable
        return np.where(there, self._nodes.match_terms(terms, fields_count=False), elsewhere)

    def _find_volumes(self, delayed: list[Object]) -> None:
        undecided = np.ones(self._nodes.size, dtype=bool)
        to_match = []
        for pvc in delayed:
            selected = annotations_of(pvc).get(volumes.SELECTED_NODE)
            if selected is None:
                to_match.append(pvc)
                continue
            here = np.zeros(self._nodes.size, dtype=bool)
            if selected in self._nodes.row_of:
                here[self._nodes.row_of[selected]] = True
            self.codes[undecided & ~here] |= BIND_CONFLICT
            undecided &= here
            self._to_provision.append((pvc, here))
        for pvc in sorted(to_match, key=volumes.requested_storage):
            chosen = self._match(pvc)
            self._to_provision.append((pvc, chosen < 0))
        self._check_provisions(undecided)

    def _match(self, pvc: Object) -> Choices:
        """By row the smallest volume that fits and no other claim took."""
        choice: Choices = np.full(self._nodes.size, -1, dtype=np.intp)
        listed = [pv for pv in self._cluster.view.objects(volumes.PV) if volumes.class_of(pv) == volumes.class_of(pvc)]
        fitting = [pv for pv in listed if _could_serve(pvc, pv)]
        reserved = [i for i, pv in enumerate(fitting) if volumes.is_bound_to(pv, pvc)]
        free = sorted((i for i, pv in enumerate(fitting) if _is_free_for(pvc, pv)), key=lambda i: volumes.capacity_of(fitting[i]))
        for i in reserved[:1] or free:
            wanting = choice < 0
            if not wanting.any():
                break
            reachable = affine(fitting[i], self._nodes)
            if reachable is not None:
                wanting &= reachable
            for _, others, taken in self._candidates:
                wanting &= np.array([name_of(o) == name_of(fitting[i]) for o in others] + [False])[taken] == 0
            choice[wanting] = i
        self._candidates.append((pvc, fitting, choice))
        return choice

    def _check_provisions(self, undecided: Mask) -> None:
        for pvc, where in self._to_provision:
            here = where & undecided
            if not here.any():
                continue
            possible, roomy = self._provisionable(pvc)
            self.codes[here & ~possible] |= BIND_CONFLICT
            self.codes[here & possible & ~roomy] |= NOT_ENOUGH_SPACE
            undecided = undecided & ~(here & ~(possible & roomy))

    def _provisionable(self, pvc: Object) -> tuple[Mask, Mask]:
        """(nodes the class allows, nodes with enough capacity)."""
        everywhere = np.ones(self._nodes.size, dtype=bool)
        name = volumes.class_of(pvc)
        found = volumes.storage_class(self._cluster, name)
        if found is None:
            raise FilterError(f'failed to find storage class "{name}"')
        provisioner = found.get("provisioner") or ""
        if provisioner in ("", volumes.NO_PROVISIONER):
            return ~everywhere, everywhere
        return self._allowed(found.get("allowedTopologies") or []), self._roomy(pvc, name, provisioner)

    def _allowed(self, topologies: list[Mapping[str, Any]]) -> Mask:
        if not topologies:
            return np.ones(self._nodes.size, dtype=bool)
        mask = np.zeros(self._nodes.size, dtype=bool)
        for term in topologies:
            wanted = term.get("matchLabelExpressions") or []
            met = np.full(self._nodes.size, bool(wanted))
            for e in wanted:
                met &= self._nodes.requirement(Requirement(e["key"], "In", frozenset(e.get("values") or ())))
            mask |= met
        return mask

    def _roomy(self, pvc: Object, class_name: str, provisioner: str) -> Mask:
        everywhere = np.ones(self._nodes.size, dtype=bool)
        requests = (((pvc.get("spec") or EMPTY).get("resources") or EMPTY).get("requests")) or EMPTY
        driver = self._cluster.view.objects(volumes.CSI_DRIVER)
        tracked = any(name_of(d) == provisioner and (d.get("spec") or EMPTY).get("storageCapacity") for d in driver)
        if "storage" not in requests or not tracked:
            return everywhere
        size = volumes.requested_storage(pvc).value()
        mask = ~everywhere
        for capacity in self._cluster.view.objects(volumes.CSI_CAPACITY):
            limit = capacity.get("maximumVolumeSize", capacity.get("capacity"))
            topology = capacity.get("nodeTopology")
            if capacity.get("storageClassName") != class_name or limit is None or topology is None:
                continue
            if parse_or_zero(limit).value() >= size:
                reached = everywhere.copy()
                for requirement in from_label_selector(topology).requirements:
                    reached &= self._nodes.requirement(requirement)
                mask |= reached
        return mask


def _could_serve(pvc: Object, pv: Object) -> bool:
    """Whether a volume is large enough, of the right mode, and neither going nor reserved for another claim."""
    claim, volume = pvc.get("spec") or EMPTY, pv.get("spec") or EMPTY
    if volume.get("claimRef") is not None and not volumes.is_bound_to(pv, pvc):
        return False
    if volumes.capacity_of(pv) < volumes.requested_storage(pvc) or is_deleting(pv):
        return False
    if (claim.get("volumeMode") or "Filesystem") != (volume.get("volumeMode") or "Filesystem"):
        return False
    return (claim.get("volumeAttributesClassName") or "") == (volume.get("volumeAttributesClassName") or "")


def _is_free_for(pvc: Object, pv: Object) -> bool:
    """Whether a volume nobody reserved may be taken."""
    claim, volume = pvc.get("spec") or EMPTY, pv.get("spec") or EMPTY
    if (pv.get("status") or EMPTY).get("phase") != "Available":
        return False
    selector = claim.get("selector")
    if selector is not None and not from_label_selector(selector).matches(labels_of(pv)):
        return False
    return set(claim.get("accessModes") or ()) <= set(volume.get("accessModes") or ())


def bound_volume(pv: Object, pvc: Object) -> Object | None:
    """The volume reserved for the claim; None where it is already.

    Mirrors: staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go GetBindVolumeToClaim
    """
    spec, meta = pv["spec"], pv["metadata"]
    ref = spec.get("claimRef") or {}
    wanted = {"name": name_of(pvc), "namespace": namespace_of(pvc), "uid": pvc["metadata"].get("uid")}
    changed = dict(pv)
    if any(ref.get(k) != v for k, v in wanted.items()):
        full = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", **wanted, "resourceVersion": pvc["metadata"].get("resourceVersion")}
        changed["spec"] = {**spec, "claimRef": full}
    if not volumes.is_bound_to(pv, pvc) and volumes.BOUND_BY_CONTROLLER not in annotations_of(pv):
        changed["metadata"] = {**meta, "annotations": {**annotations_of(pv), volumes.BOUND_BY_CONTROLLER: "yes"}}
    return None if changed == pv else changed


def with_selected_node(pvc: Object, node: str) -> Object:
    """The claim told on which node its volume is to be provisioned."""
    annotations = {**annotations_of(pvc), volumes.SELECTED_NODE: node}
    return {**pvc, "metadata": {**pvc["metadata"], "annotations": annotations}}
