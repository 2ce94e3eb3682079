"""Keeps volumes that are bound, and lets go those that are not.

Mirrors: pkg/controller/volume/pvprotection/pv_protection_controller.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.controllers.storage import (
    PV,
    is_deletion_candidate,
    needs_finalizer,
    phase_of,
    with_finalizer,
    without_finalizer,
)
from kplan.engine.contract import Context, Key, Noop, Steps, Update, Watch
from kplan.model.objects import Ref
from kplan.store.journal import Write
from kplan.store.view import View

FINALIZER = "kubernetes.io/pv-protection"


def _volume(write: Write, _: View) -> Iterable[Key]:
    volume = write.after
    if volume is None:
        return ()
    return (write.ref,) if needs_finalizer(volume, FINALIZER) or is_deletion_candidate(volume, FINALIZER) else ()


class PVProtection:
    """The key is a volume."""

    name = "persistentvolume-protection-controller"
    priority = 0
    watches = (Watch(PV, _volume, "a volume"),)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Release the volume unless it is bound, protect it while it is not being deleted."""
        assert isinstance(key, Ref)
        volume = view.get(key)
        if volume is None:
            return
        if is_deletion_candidate(volume, FINALIZER):
            if phase_of(volume) == "Bound":
                yield Noop("volume-is-bound")
            else:
                yield Update(without_finalizer(volume, FINALIZER), because="volume-is-not-bound")
        elif needs_finalizer(volume, FINALIZER):
            yield Update(with_finalizer(volume, FINALIZER), because="volume-is-not-protected")


CONTROLLER = PVProtection
