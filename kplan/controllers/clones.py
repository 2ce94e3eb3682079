"""Claims that are to be filled with what another claim holds: why that cannot be.

Mirrors: github.com/kubernetes-csi/external-provisioner pkg/controller/controller.go getPVCSource
Differs: snapshots and other sources are taken to be there.
"""

from __future__ import annotations

from kplan.controllers.storage import PV, PVC, claim_ref_of, phase_of, requested_storage, volume_mode_of, volume_name_of
from kplan.model.objects import EMPTY, Object, Ref, get_in, is_deleting, namespace_of, uid_of
from kplan.store.view import View

_INVALID = "claim in dataSource not bound or invalid"


def source_of(claim: Object) -> Ref | None:
    """The claim that another one is a clone of."""
    source = claim["spec"].get("dataSource") or EMPTY
    is_clone = source.get("kind") == PVC and not source.get("apiGroup")
    return Ref(PVC, namespace_of(claim), source.get("name") or "") if is_clone else None


def no_source(claim: Object, provided_by: Object, view: View) -> str:
    """Why a claim cannot be made a clone of what it names; "" where it can, or is no clone."""
    ref = source_of(claim)
    if ref is None:
        return ""
    problem = _problem(claim, provided_by, ref, view)
    return f"error getting handle for DataSource Type {PVC} by Name {ref.name}: {problem}" if problem else ""


def _problem(claim: Object, provided_by: Object, ref: Ref, view: View) -> str:
    source = view.get(ref)
    if source is None:
        return f'error getting PVC {ref.name} (namespace "{ref.namespace}") from api server: persistentvolumeclaims "{ref.name}" not found'
    wanted, there = requested_storage(claim).value(), requested_storage(source).value()
    volume = view.get(Ref(PV, "", volume_name_of(source)))
    checks = (
        (phase_of(source) != "Bound", f"the PVC DataSource {ref.name} must have a status of Bound.  Got {phase_of(source)}"),
        (is_deleting(source), f"the PVC DataSource {ref.name} is currently being deleted"),
        (wanted < there, f"error, new PVC request must be greater than or equal in size to the specified PVC data source, requested {wanted} but source is {there}"),
        (volume is None or not _is_of(volume, source, provided_by.get("provisioner") or ""), _INVALID),
        (volume is not None and volume_mode_of(volume) != volume_mode_of(claim), _modes(claim)),
    )
    return next((words for failed, words in checks if failed), "")


def _is_of(volume: Object, source: Object, driver: str) -> bool:
    is_bound = phase_of(volume) == "Bound" and (claim_ref_of(volume) or EMPTY).get("uid") == uid_of(source)
    return is_bound and get_in(volume, ("spec", "csi", "driver")) == driver


def _modes(claim: Object) -> str:
    wanted = volume_mode_of(claim)
    other = "Filesystem" if wanted == "Block" else "Block"
    return f"the source PVC and destination PVCs must have the same volume mode for cloning.  Source is {other}, but new PVC requested {wanted}"
