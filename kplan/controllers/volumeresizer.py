"""Plays the external resizers: grows volumes whose claims ask for more, and leaves the file systems on them to the kubelets.

Mirrors: github.com/kubernetes-csi/external-resizer pkg/controller/{controller,expand_and_recover,resize_status}.go
Differs: every driver of which the cluster has a CSIDriver can grow its volumes while they are used; a file system has to be
         grown by a kubelet where the driver attaches its volumes.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Any

from kplan.apiserver.outcome import Outcome
from kplan.controllers.storage import (
    PVC,
    bound_volume,
    capacity_of,
    csi_driver_of,
    phase_of,
    requested_storage,
    volume_mode_of,
)
from kplan.engine.contract import Action, Context, Emit, Key, Noop, Steps, Update, Watch
from kplan.model.instants import write_instant
from kplan.model.objects import EMPTY, Object, Ref, get_in, name_of, ref_of
from kplan.model.quantity import Quantity, parse_or_zero
from kplan.store.claimstatus import (
    FILE_SYSTEM_PENDING,
    NODE_PENDING,
    NODE_STATES,
    allocation_state,
    finished,
    with_allocation_state,
    with_resize_condition,
)
from kplan.store.journal import Write
from kplan.store.view import View

_IN_PROGRESS, _INFEASIBLE = "ControllerResizeInProgress", "ControllerResizeInfeasible"
_RESTART = "Waiting for user to (re-)start a pod to finish file system resize of volume on node."


def _capacity(claim: Object) -> Quantity:
    return parse_or_zero(get_in(claim, ("status", "capacity", "storage")))


def _claim(write: Write, _: View) -> Iterable[Key]:
    claim = write.after
    return (write.ref,) if claim is not None and phase_of(claim) == "Bound" and requested_storage(claim) > _capacity(claim) else ()


class VolumeResizer:
    """The key is a claim."""

    name = "external-resizer"
    priority = 0
    watches = (Watch(PVC, _claim, "a claim that asks for more than it has"),)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Grow the claim's volume."""
        assert isinstance(key, Ref)
        claim = view.get(key)
        if claim is None or requested_storage(claim) <= _capacity(claim):
            return
        volume = bound_volume(view, claim)
        driver = csi_driver_of(view, volume) if volume is not None else None
        if volume is None or driver is None:
            yield Noop("no-resizer-is-known")
            return
        size = _size_to_reach(claim, volume)
        if size is None:
            yield Noop("waits-for-a-kubelet-to-grow-the-file-system")
            return
        yield from _resize(claim, volume, driver, size, ctx)


def _size_to_reach(claim: Object, volume: Object) -> Quantity | None:
    """The size of the expansion to start or to go on with; None where it is the kubelet's turn."""
    wanted, state = requested_storage(claim), allocation_state(claim)
    text = get_in(claim, ("status", "allocatedResources", "storage"))
    allocated = Quantity.parse(text) if text is not None else None
    has_grown = capacity_of(volume) >= wanted
    if state in NODE_STATES:
        begun = allocated or wanted
        return None if has_grown or capacity_of(volume) >= begun else begun
    if state in ("NodeResizeInfeasible", _IN_PROGRESS):
        return allocated or wanted
    if not has_grown:
        return wanted
    if state in ("", _INFEASIBLE) and allocated is not None:
        return allocated
    conditions = get_in(claim, ("status", "conditions")) or ()
    if state == "" and any(c["type"] == FILE_SYSTEM_PENDING and c["status"] == "True" for c in conditions):
        return None
    return wanted


def _resize(claim: Object, volume: Object, driver: Object, size: Quantity, ctx: Context) -> Steps:
    yield Emit(ref_of(claim), "Resizing", f"External resizer is resizing volume {name_of(volume)}")
    claim = yield from _write(_started(claim, size, ctx), "volume-is-to-grow")
    if capacity_of(volume) != size:
        spec = {**volume["spec"], "capacity": {**(volume["spec"].get("capacity") or {}), "storage": str(size)}}
        yield Update({**volume, "spec": spec}, because="volume-has-grown")
    if volume_mode_of(volume) == "Filesystem" and (driver.get("spec") or EMPTY).get("attachRequired") is not False:
        pending = with_resize_condition(claim["status"], _condition(FILE_SYSTEM_PENDING, ctx, _RESTART))
        yield from _write({**claim, "status": with_allocation_state(pending, NODE_PENDING)}, "file-system-is-to-grow")
        yield Emit(ref_of(claim), "FileSystemResizeRequired", "Require file system resize of volume on node")
    else:
        yield from _write({**claim, "status": finished(claim["status"], str(size))}, "volume-has-grown")
        yield Emit(ref_of(claim), "VolumeResizeSuccessful", "Resize volume succeeded")


def _started(claim: Object, size: Quantity, ctx: Context) -> Object:
    status = with_allocation_state(with_resize_condition(claim["status"], _condition("Resizing", ctx)), _IN_PROGRESS)
    status["allocatedResources"] = {**(status.get("allocatedResources") or {}), "storage": str(size)}
    return {**claim, "status": status}


def _condition(kind: str, ctx: Context, message: str = "") -> Mapping[str, Any]:
    made = {"type": kind, "status": "True", "lastTransitionTime": write_instant(ctx.now)}
    return made | ({"message": message} if message else {})


def _write(claim: Object, because: str) -> Generator[Action, Outcome, Object]:
    outcome = yield Update(claim, because=because, subresource="status")
    return outcome.object or claim


CONTROLLER = VolumeResizer
