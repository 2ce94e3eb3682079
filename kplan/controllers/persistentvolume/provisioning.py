"""How a volume is asked for: the claim is told who is to provision; the one provisioner the cluster has itself is off.

Mirrors: pkg/controller/volume/persistentvolume/pv_controller.go (provisionClaim, findProvisionablePlugin,
         provisionClaimOperationExternal, provisionClaimOperation),
         pkg/controller/volume/persistentvolume/pv_controller_base.go setClaimProvisioner (1.36)
"""

from __future__ import annotations

from collections.abc import Generator

from kplan.apiserver.outcome import Outcome
from kplan.controllers.ownership import SyncFailed, stored
from kplan.controllers.persistentvolume.plugins import HOST_PATH, no_provisioner
from kplan.controllers.storage import (
    BETA_PROVISIONER,
    IN_TREE,
    MIGRATED_TO,
    PROVISIONER,
    class_of,
    storage_class,
    with_annotations,
)
from kplan.engine.contract import Action, Emit, Steps, Update
from kplan.model.migration import DRIVERS
from kplan.model.objects import Object, annotations_of, name_of, ref_of
from kplan.store.view import View


def provision(claim: Object, view: View) -> Steps:
    """Name the provisioner; it takes its cue from the annotation."""
    found = storage_class(view, class_of(claim))
    if found is None:
        yield _failed(claim, f'storageclass.storage.k8s.io "{class_of(claim)}" not found')
        return
    provisioner = found.get("provisioner") or ""
    if provisioner in DRIVERS or not provisioner.startswith(IN_TREE):
        yield from _ask_outside(claim, DRIVERS.get(provisioner, provisioner))
    elif problem := no_provisioner(provisioner):
        yield _failed(claim, problem)
    else:
        yield from _try_host_path(claim, found)


def _ask_outside(claim: Object, provisioner: str) -> Steps:
    try:
        yield from _set_provisioner(claim, provisioner)
    except SyncFailed as problem:
        yield _failed(claim, f"Error saving claim: {problem.error.message}")
        return
    words = (
        f"Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system administrator. "
        "If volume creation is delayed, please verify that the provisioner is running and correctly registered."
    )
    yield Emit(ref_of(claim), "ExternalProvisioning", words)


def _try_host_path(claim: Object, found: Object) -> Steps:
    """It is there for tests, and has to be switched on."""
    if claim["spec"].get("dataSource") is not None:
        yield _failed(claim, f'plugin "{HOST_PATH}" is not a CSI plugin. Only CSI plugin can provision a claim with a datasource')
        return
    yield from _set_provisioner(claim, HOST_PATH)
    if options := found.get("mountOptions"):
        said = f'StorageClass "{name_of(found)}" has mount options [{" ".join(options)}]'
        yield _failed(claim, f"Mount options are not supported by the provisioner but {said}")
    else:
        yield _failed(claim, f'Failed to create provisioner: provisioning in volume plugin "{HOST_PATH}" is disabled')


def _set_provisioner(claim: Object, provisioner: str) -> Generator[Action, Outcome, None]:
    if annotations_of(claim).get(PROVISIONER) != provisioner:
        changed = with_annotations(claim, **{BETA_PROVISIONER: provisioner, PROVISIONER: provisioner, MIGRATED_TO: None})
        stored((yield Update(changed, because="no-volume-fits")))


def _failed(claim: Object, message: str) -> Emit:
    return Emit(ref_of(claim), "ProvisioningFailed", message, "Warning")
