"""Says who is to expand a claim that has come to ask for more than its volume has: nobody in the cluster itself.

Mirrors: pkg/controller/volume/expand/expand_controller.go (1.36)
Differs: no in-tree plugin that can expand is left, so there is nothing but the words.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.controllers.storage import PRE_RESIZE, PV, PVC, phase_of, requested_storage, volume_name_of
from kplan.engine.contract import Context, Emit, Key, Noop, Steps, Update, Watch
from kplan.model.migration import DRIVERS, plugin_of
from kplan.model.objects import Object, Ref, annotations_of, get_in, uid_of
from kplan.model.quantity import Quantity, parse_or_zero
from kplan.store.journal import Write
from kplan.store.view import View

RESIZER = "volume.kubernetes.io/storage-resizer"


def _capacity(claim: Object) -> Quantity:
    return parse_or_zero(get_in(claim, ("status", "capacity", "storage")))


def _grown(write: Write, _: View) -> Iterable[Key]:
    before, after = write.before, write.after
    if before is None or after is None or phase_of(after) != "Bound":
        return ()
    grown = requested_storage(after) > requested_storage(before) or _capacity(after) > _capacity(before)
    return (write.ref,) if grown else ()


class PersistentVolumeExpander:
    """The key is a claim."""

    name = "persistentvolume-expander-controller"
    priority = 0
    watches = (Watch(PVC, _grown, "a claim that asks for more"),)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Leave the expansion to an external controller."""
        assert isinstance(key, Ref)
        claim = view.get(key)
        if claim is None:
            return
        volume = view.get(Ref(PV, "", volume_name_of(claim)))
        if volume is None or get_in(volume, ("spec", "claimRef", "uid")) != uid_of(claim):
            yield Noop("volume-is-not-bound-to-the-claim")
            return
        if requested_storage(claim) <= _capacity(claim) and PRE_RESIZE not in annotations_of(volume):
            yield Noop("volume-is-large-enough")
            return
        plugin = plugin_of(volume["spec"])
        if not plugin:
            yield Emit(key, "ExternalExpanding", "waiting for an external controller to expand this PVC")
            return
        yield Emit(key, "ExternalExpanding", f"CSI migration enabled for {plugin}; waiting for external resizer to expand the pvc")
        notes = {**annotations_of(claim), RESIZER: DRIVERS[plugin]}
        yield Update({**claim, "metadata": {**claim["metadata"], "annotations": notes}}, because="volume-is-to-grow")


CONTROLLER = PersistentVolumeExpander
