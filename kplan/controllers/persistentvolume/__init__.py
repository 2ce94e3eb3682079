"""Binds claims and volumes, asks for volumes to be provisioned, and reclaims those whose claim is gone.

Mirrors: pkg/controller/volume/persistentvolume/{pv_controller,pv_controller_base}.go (1.36)
Differs: instead of looking at everything every 15 seconds it is woken by what may make a difference.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.controllers.ownership import SyncFailed
from kplan.controllers.persistentvolume.claims import sync_claim
from kplan.controllers.persistentvolume.index import VolumeIndex
from kplan.controllers.persistentvolume.volumes import sync_volume
from kplan.controllers.pods import condition
from kplan.controllers.storage import (
    PV,
    PVC,
    STORAGE_CLASS,
    claim_of,
    claims_named_by,
    class_of,
    is_bound,
    volume_name_of,
)
from kplan.engine.contract import Context, Emit, Key, Steps, Watch
from kplan.model.objects import Ref, ref_of
from kplan.store.journal import Write
from kplan.store.view import View


class PersistentVolumeBinder:
    """The key is a claim or a volume."""

    name = "persistentvolume-binder-controller"
    priority = 0

    def __init__(self) -> None:
        self._index = VolumeIndex()
        self.watches = (
            Watch(PVC, _claim, "a claim"),
            Watch(PV, self._volume, "a volume, and the claims it may serve"),
            Watch(STORAGE_CLASS, self._class, "a class claims wait for"),
            Watch("Pod", _pod, "a pod that cannot be scheduled yet, for its claims wait for it"),
        )

    def start(self, view: View, _: Context) -> None:
        """Learn the claims and volumes there are."""
        self._index.load(view)

    def observe(self, write: Write) -> None:
        """Follow claims and volumes."""
        self._index.observe(write)

    def _volume(self, write: Write, _: View) -> Iterable[Key]:
        yield write.ref
        if not write.seq:
            return
        claims = {c for v in (write.before, write.after) if v is not None and (c := claim_of(v)) is not None}
        yield from sorted(claims)
        yield from self._index.naming(write.ref.name)
        if write.after is not None and claim_of(write.after) is None:
            yield from self._index.waiting(class_of(write.after))

    def _class(self, write: Write, _: View) -> Iterable[Key]:
        yield from self._index.waiting(write.ref.name)
        yield from self._index.waiting("")

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Take the claim or the volume one step further."""
        assert isinstance(key, Ref)
        found = view.get(key)
        if found is None:
            return
        try:
            if key.kind == PVC:
                yield from sync_claim(found, self._index, view, ctx)
            else:
                yield from sync_volume(found, view, ctx)
        except SyncFailed as problem:
            yield Emit(key, "FailedBinding", problem.error.message, "Warning")


def _claim(write: Write, _: View) -> Iterable[Key]:
    if write.after is not None:
        yield write.ref
    elif write.before is not None and volume_name_of(write.before):
        yield Ref(PV, "", volume_name_of(write.before))


def _pod(write: Write, view: View) -> Iterable[Key]:
    """The unbound claims of a pod that the scheduler has found no node for."""
    pod = write.after
    if pod is None or pod["spec"].get("nodeName") or condition(pod, "PodScheduled") is None:
        return
    for name in claims_named_by(pod):
        claim = view.get(Ref(PVC, write.ref.namespace, name))
        if claim is not None and not is_bound(claim):
            yield ref_of(claim)


CONTROLLER = PersistentVolumeBinder
