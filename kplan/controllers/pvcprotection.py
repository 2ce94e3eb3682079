"""Keeps claims that scheduled pods use, and lets go those that none uses any more.

Mirrors: pkg/controller/volume/pvcprotection/pvc_protection_controller.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kplan.controllers.storage import (
    PVC,
    claims_named_by,
    ephemeral_claim_name,
    is_deletion_candidate,
    is_made_for,
    needs_finalizer,
    with_finalizer,
    without_finalizer,
)
from kplan.engine.contract import Context, Key, Noop, Steps, Update, Watch
from kplan.model.instants import write_instant
from kplan.model.objects import EMPTY, Object, Ref, is_deleting, name_of, namespace_of, uid_of
from kplan.store.attachment import is_terminated
from kplan.store.journal import Write
from kplan.store.view import View

FINALIZER = "kubernetes.io/pvc-protection"
_GATE = "PersistentVolumeClaimUnusedSinceTime"
_WORDS = {
    "True": ("NoPodsUsingPVC", "No pods are currently referencing this PVC"),
    "False": ("PodUsingPVC", "A pod is currently referencing this PVC"),
}


class PVCProtection:
    """The key is a claim."""

    name = "persistentvolumeclaim-protection-controller"
    priority = 0

    def __init__(self) -> None:
        self._tracks_use = False
        self.watches = (Watch(PVC, self._claim, "a claim"), Watch("Pod", self._pod, "a pod that used it"))

    def start(self, _: View, ctx: Context) -> None:
        """See whether the condition Unused is kept."""
        self._tracks_use = ctx.gates.on(_GATE)

    def _claim(self, write: Write, _: View) -> Iterable[Key]:
        claim = write.after
        if claim is None:
            return ()
        lacks = self._tracks_use and _unused(claim) is None
        return (write.ref,) if lacks or needs_finalizer(claim, FINALIZER) or is_deletion_candidate(claim, FINALIZER) else ()

    def _pod(self, write: Write, _: View) -> Iterable[Key]:
        """Claims of pods that went, finished, or are not scheduled."""
        pods = [write.after] if write.after is not None else []
        if write.before is not None and (write.after is None or uid_of(write.before) != uid_of(write.after)):
            pods.append(write.before)
        for pod in pods:
            gone = pod is write.before
            if self._tracks_use or gone or is_terminated(pod) or not pod["spec"].get("nodeName"):
                yield from (Ref(PVC, namespace_of(pod), name) for name in claims_named_by(pod))

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Release the claim when no pod holds it, protect it while it is not being deleted."""
        assert isinstance(key, Ref)
        claim = view.get(key)
        if claim is None:
            return
        pods = view.lookup("claim", (key.namespace, key.name))
        if self._tracks_use and not is_deleting(claim):
            yield from _track_use(claim, any(_refers_to(p, claim) for p in pods), ctx)
            claim = view.get(key) or claim
        if is_deletion_candidate(claim, FINALIZER):
            if any(_holds(p, claim) for p in pods):
                yield Noop("claim-is-in-use")
            else:
                yield Update(without_finalizer(claim, FINALIZER), because="claim-is-not-in-use")
        elif needs_finalizer(claim, FINALIZER):
            yield Update(with_finalizer(claim, FINALIZER), because="claim-is-not-protected")


def _holds(pod: Object, claim: Object) -> bool:
    """A scheduled pod holds its claims, even when it has finished."""
    if not pod["spec"].get("nodeName"):
        return False
    shut_down = is_deleting(pod) and pod["metadata"].get("deletionGracePeriodSeconds") == 0
    return _mounts(pod, claim, ephemeral=not shut_down)


def _refers_to(pod: Object, claim: Object) -> bool:
    return not is_terminated(pod) and _mounts(pod, claim, ephemeral=True)


def _mounts(pod: Object, claim: Object, *, ephemeral: bool) -> bool:
    for volume in pod["spec"].get("volumes") or ():
        if (volume.get("persistentVolumeClaim") or EMPTY).get("claimName") == name_of(claim):
            return True
        if ephemeral and volume.get("ephemeral") and ephemeral_claim_name(pod, volume) == name_of(claim) and is_made_for(claim, pod):
            return True
    return False


def _unused(claim: Object) -> Any:
    conditions = (claim.get("status") or EMPTY).get("conditions") or ()
    return next((c for c in conditions if c["type"] == "Unused"), None)


def _track_use(claim: Object, used: bool, ctx: Context) -> Steps:
    known, status = _unused(claim), "False" if used else "True"
    if known is not None and (known["status"] != "True" if used else known["status"] == "True"):
        return
    reason, message = _WORDS[status]
    made = {"type": "Unused", "status": status, "lastTransitionTime": write_instant(ctx.now), "reason": reason, "message": message}
    old = (claim.get("status") or EMPTY).get("conditions") or []
    conditions = [made if c is known else c for c in old] if known is not None else [*old, made]
    yield Update({**claim, "status": {**(claim.get("status") or {}), "conditions": conditions}}, because="use-changed", subresource="status")


CONTROLLER = PVCProtection
