"""DynamicResources: the claims of a pod are met by devices of the node; extended resources may be devices too.

Mirrors: pkg/scheduler/framework/plugins/dynamicresources/{dynamicresources,extendeddynamicresources}.go (1.36)
Differs: pod groups and claims for node allocatable resources are not modelled; see ``allocator``.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kplan.apiserver.outcome import Outcome
from kplan.engine.contract import Action, Context, Create, Delete, Update
from kplan.model.instants import write_instant
from kplan.model.objects import EMPTY, Object, Ref, finalizers_of, name_of, namespace_of, owner_ref, ref_of, uid_of
from kplan.scheduler import devicebinding, resources
from kplan.scheduler.claims import (
    CLAIM,
    FINALIZER,
    SLICE,
    ClaimMissing,
    Mapped,
    claims_of_pod,
    device_requests,
    extended_claim_of,
    is_reserved_for,
    requests_of,
)
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import SKIP, Ids, Ints, Locality, Mask, Refusal, Refused, Rows, Skip, default_normalize
from kplan.scheduler.pods import PodInfo
from kplan.store.deviceclasses import DEVICE_CLASS, EXTENDED_CLAIM

if TYPE_CHECKING:
    from kplan.scheduler.allocator import Allocator

CANNOT_ALLOCATE, NOT_AVAILABLE, STALE, SPOILT, CANNOT_FIT = 1, 2, 3, 4, 5
_MOST_CONSUMERS = 256
_WORDS = {
    CANNOT_ALLOCATE: "cannot allocate all claims",
    NOT_AVAILABLE: "resourceclaim not available on the node",
    STALE: "cannot schedule extended resource claim",
    SPOILT: "invalid resource pools were encountered",
    CANNOT_FIT: "cannot fit resource",
}

Done = Generator[Action, Outcome, str]
"""Yields actions; returns what went wrong, "" for nothing."""


class DevicesState:
    """Devices for one pod on every node."""

    locality: Locality = "none"

    def __init__(self, pod: Object, cluster: Cluster, claims: Sequence[Object], extended: Object | None, wanted: dict[str, int]) -> None:
        self.codes: Ids = np.zeros(cluster.nodes.size, dtype=np.int32)
        self.raw: Ints = np.zeros(cluster.nodes.size, dtype=np.int64)
        self._cluster = cluster
        self._pod = pod
        self._claims = claims
        self._stale = extended
        self._wanted = wanted
        self._pending = [c for c in claims if not _allocation(c)]
        from kplan.scheduler.devices import devices_in_use  # brings CEL along, which most plans never need

        self._slices = cluster.view.objects(SLICE)
        self._in_use = devices_in_use(cluster.view.objects(CLAIM), shareable=cluster.gates.on("DRAConsumableCapacity"))
        self._judge_allocated()
        for row in range(cluster.nodes.size):
            if self.codes[row] in (0, NOT_AVAILABLE):
                self._judge(row)

    def filter(self, rows: Rows) -> None:
        """Nothing that happens to pods changes the verdict."""

    def score(self, rows: Rows) -> None:
        """Nothing that happens to pods changes the score."""

    def refusal(self, code: int) -> Refusal:
        """The words of a code."""
        return Refusal((_WORDS[code],), resolvable=False)

    def normalize(self, feasible: Mask, count: int) -> Ints | int:
        """Scale to 0…100: nodes that offer what is asked for first are best."""
        return default_normalize(self.raw, feasible, reverse=False)

    # -- filter --------------------------------------------------------------------------------------------------

    def _judge_allocated(self) -> None:
        """Claims that have their devices tie the pod to the nodes these can be used from."""
        if self._stale is not None:
            self.codes[:] = STALE
        nodes = self._cluster.nodes
        for claim in self._claims:
            selector = (_allocation(claim) or EMPTY).get("nodeSelector")
            if selector is not None:
                self.codes[~nodes.match_terms(selector.get("nodeSelectorTerms") or []) & (self.codes == 0)] = NOT_AVAILABLE
            if devicebinding.are_awaited(self._cluster.gates) and devicebinding.is_lost(claim, self._cluster.now):
                self.codes[self.codes == 0] = NOT_AVAILABLE

    def _judge(self, row: int) -> None:
        extended, _ = self._extended(row)
        if extended is None and not self._pending:
            return
        allocator = self._allocator(row, extended)
        results = allocator.allocate()
        if results is None:
            self.codes[row] = SPOILT if allocator.is_spoilt() else CANNOT_ALLOCATE
            return
        fresh = iter(results)
        allocations = [_allocation(c) or next(fresh) for c in self._claims]
        self.raw[row] = sum(_preference(c, a) for c, a in zip(self._claims, allocations, strict=True))

    def _allocator(self, row: int, extended: Object | None) -> Allocator:
        from kplan.scheduler.allocator import Allocator

        def class_named(name: str) -> Object | None:
            return self._cluster.view.get(Ref(DEVICE_CLASS, "", name))

        claims = [*self._pending, *([extended] if extended is not None else [])]
        return Allocator(self._cluster.nodes.nodes[row], claims, self._in_use, class_named, self._slices, self._cluster.gates)

    def _extended(self, row: int) -> tuple[dict[str, Any] | None, Mapped]:
        """The claim for the extended resources that this node has as devices."""
        here = {n: a for n, a in self._wanted.items() if self._cluster.nodes.columns(n)[0][row] <= 0}
        if not here:
            return None, []
        requests, mappings = device_requests(self._pod, here, self._cluster.device_class_of)
        meta = {
            "generateName": f"{name_of(self._pod)}-extended-resources-",
            "namespace": namespace_of(self._pod),
            "annotations": {EXTENDED_CLAIM: "true"},
            "ownerReferences": [_pod_owner(self._pod)],
        }
        claim = {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": meta, "spec": {"devices": {"requests": requests}}}
        return claim, mappings

    # -- reserve and bind ----------------------------------------------------------------------------------------

    def needs_work(self, row: int) -> bool:
        """Whether claims are to be allocated or reserved before the pod is bound."""
        return self._extended(row)[0] is not None or any(not is_reserved_for(c, self._pod) for c in self._claims)

    def awaited(self) -> list[Ref]:
        """The pod's claims whose devices have to become ready before it is bound."""
        if not devicebinding.are_awaited(self._cluster.gates):
            return []
        current = [c for c in (self._cluster.view.get(ref_of(claim)) for claim in self._claims) if c is not None]
        return [ref_of(c) for c in current if devicebinding.has_conditions(c)] and [ref_of(c) for c in current]

    def pre_bind(self, row: int, ctx: Context) -> Done:
        """Write allocations and reservations into the claims."""
        extended, mappings = self._extended(row)
        results = self._allocator(row, extended).allocate() or [] if extended is not None or self._pending else []
        fresh = iter(results)
        for claim in self._claims:
            allocation = None if _allocation(claim) else next(fresh)
            if not is_reserved_for(claim, self._pod):
                error = yield from self._reserve(claim, allocation, ctx)
                if error:
                    return error
        return (yield from self._bind_extended(extended, mappings, next(fresh), ctx)) if extended is not None else ""

    def _reserve(self, claim: Object, allocation: dict[str, Any] | None, ctx: Context) -> Done:
        if allocation is not None and FINALIZER not in finalizers_of(claim):
            meta = {**claim["metadata"], "finalizers": [*finalizers_of(claim), FINALIZER]}
            outcome = yield Update({**claim, "metadata": meta}, "claim-allocated")
            if outcome.error is not None:
                return f"add finalizer to claim {_key(claim)}: {outcome.error.message}"
            claim = outcome.object or claim
        status = dict(claim.get("status") or EMPTY)
        if allocation is not None:
            for result in allocation["devices"]["results"]:
                if "shareID" in result:
                    result["shareID"] = ctx.names.uid("device share")
            status["allocation"] = {**allocation, "allocationTimestamp": write_instant(ctx.now)}
        consumer = {"resource": "pods", "name": name_of(self._pod), "uid": uid_of(self._pod)}
        status["reservedFor"] = [*(status.get("reservedFor") or ()), consumer]
        outcome = yield Update({**claim, "status": status}, "claim-reserved", "status")
        if outcome.error is not None:
            what = "allocation and reservation" if allocation is not None else "reservation"
            return f"add {what} to claim {_key(claim)}: {outcome.error.message}"
        return ""

    def _bind_extended(self, claim: dict[str, Any], mappings: Mapped, allocation: dict[str, Any], ctx: Context) -> Done:
        outcome = yield Create(claim, "extended-resources")
        if outcome.error is not None or outcome.object is None:
            message = outcome.error.message if outcome.error is not None else ""
            return f"create claim for extended resources {namespace_of(self._pod)}/: {message}"
        error = yield from self._reserve(outcome.object, allocation, ctx)
        if error:
            return error
        pod = self._cluster.view.get(ref_of(self._pod)) or self._pod
        told = {"requestMappings": mappings, "resourceClaimName": name_of(outcome.object)}
        status = {**(pod.get("status") or EMPTY), "extendedResourceClaimStatus": told}
        outcome = yield Update({**pod, "status": status}, "extended-resources", "status")
        return outcome.error.message if outcome.error is not None else ""

    # -- post filter ---------------------------------------------------------------------------------------------

    def deallocate(self) -> tuple[str, list[Update | Delete]]:
        """Give up a claim nobody else uses, whose devices no node can offer, or one left over; tells what was done."""
        unavailable = self.codes == NOT_AVAILABLE
        for claim in self._claims:
            reserved = (claim.get("status") or EMPTY).get("reservedFor") or []
            if not _allocation(claim) or not unavailable.any() or any(r.get("uid") != uid_of(self._pod) for r in reserved):
                continue
            status = {k: v for k, v in claim["status"].items() if k not in ("allocation", "reservedFor", "devices")}
            return "deallocation of ResourceClaim completed", [Update({**claim, "status": status}, "claim-deallocated", "status")]
        if self._stale is not None:
            left = [f for f in finalizers_of(self._stale) if f != FINALIZER]
            bare = {**self._stale, "metadata": {**self._stale["metadata"], "finalizers": left}}
            return "deletion of ResourceClaim completed", [Update(bare, "claim-deallocated"), Delete(ref_of(self._stale), "claim-deallocated")]
        return "still not schedulable", []


def _allocation(claim: Object) -> Any:
    return (claim.get("status") or EMPTY).get("allocation")


def _key(claim: Object) -> str:
    return f"{namespace_of(claim)}/{name_of(claim)}"


def _in_use(claim: Object, pod: Object) -> str:
    """Why a pod has to wait for an allocated claim: as many pods have it as can."""
    reserved = claim["status"].get("reservedFor") or []
    return "resourceclaim in use" if len(reserved) >= _MOST_CONSUMERS and all(r.get("uid") != uid_of(pod) for r in reserved) else ""


def _pod_owner(pod: Object) -> dict[str, Any]:
    owner = owner_ref({"apiVersion": "v1", "kind": "Pod", "metadata": pod["metadata"]})
    del owner["blockOwnerDeletion"]
    return owner


def _preference(claim: Object, allocation: Any) -> int:
    """8 for a first alternative, 7 for a second, and so on."""
    taken = {r.get("request") for r in (allocation.get("devices") or EMPTY).get("results") or ()}
    score = 0
    for request in requests_of(claim):
        for i, alternative in enumerate(request.get("firstAvailable") or ()):
            if f"{request['name']}/{alternative['name']}" in taken:
                score += 8 - i
    return score


class DynamicResources:
    """Filters and scores by devices."""

    name = "DynamicResources"

    def is_asked_by(self, pod: PodInfo, cluster: Cluster) -> bool:
        """Whether the pod asks for extended resources that a device class offers."""
        if not cluster.gates.on("DRAExtendedResource"):
            return False
        return any(a and resources.is_scalar(n) and cluster.device_class_of(n) is not None for n, a in pod.requests.items())

    def pre_filter(self, pod: PodInfo, cluster: Cluster) -> Skip | Refused | DevicesState:
        """Judge all nodes; a claim that does not exist or names an unknown class refuses the pod."""
        asked = self.is_asked_by(pod, cluster)
        if not pod.spec.get("resourceClaims") and not asked:
            return SKIP
        current = cluster.current(pod)
        try:
            claims = claims_of_pod(current, cluster.view)
        except ClaimMissing as missing:
            return Refused((str(missing),))
        if not claims and not asked:
            return SKIP
        for claim in claims:
            why = _in_use(claim, current) if _allocation(claim) else self._unknown_class(claim, cluster)
            if why:
                return Refused((why,))
        wanted = {n: a for n, a in pod.requests.items() if a and asked and cluster.device_class_of(n) is not None}
        return DevicesState(current, cluster, claims, extended_claim_of(current, cluster.view) if asked else None, wanted)

    def _unknown_class(self, claim: Object, cluster: Cluster) -> str:
        for request in requests_of(claim):
            options = request.get("firstAvailable") or [request.get("exactly") or EMPTY]
            for option in options:
                name = option.get("deviceClassName") or ""
                label = f"{request['name']}/{option['name']}" if request.get("firstAvailable") else request["name"]
                if cluster.view.get(Ref(DEVICE_CLASS, "", name)) is None:
                    return f"request {label}: device class {name} does not exist"
        return ""

    def pre_score(self, pod: PodInfo, cluster: Cluster) -> Skip | DevicesState:
        """The same look at all nodes tells how well each one serves the pod."""
        state = self.pre_filter(pod, cluster)
        return state if isinstance(state, DevicesState) else SKIP
