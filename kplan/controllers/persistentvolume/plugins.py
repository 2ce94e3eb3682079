"""The volume plugins of the cluster itself: which there are, and why they do not provision or delete a volume.

Mirrors: cmd/kube-controller-manager/app/plugins.go (the binder's list of plugins), pkg/volume/plugins.go (Find…Plugin…),
         pkg/volume/hostpath/host_path.go (1.36)
"""

from __future__ import annotations

import re

from kplan.controllers.storage import IN_TREE, MIGRATED_TO, PROVISIONED_BY
from kplan.model.objects import Object, annotations_of, name_of

HOST_PATH = f"{IN_TREE}host-path"
_SOURCES = {"hostPath": HOST_PATH, "nfs": f"{IN_TREE}nfs", "local": f"{IN_TREE}local-volume", "csi": f"{IN_TREE}csi"}
_RECYCLABLE = ("hostPath", "nfs")
_DELETABLE_PATH = re.compile(r"/tmp/.+")


def can_recycle(volume: Object) -> bool:
    """Whether a plugin can scrub the volume."""
    return any(volume["spec"].get(source) for source in _RECYCLABLE)


def no_provisioner(name: str) -> str:
    """Why no plugin of that name provisions; "" where one does."""
    return _only_host_path(name, "no provisionable volume plugin matched")


def is_deleted_elsewhere(volume: Object) -> bool:
    """Whether deleting the volume is left to somebody outside."""
    notes = annotations_of(volume)
    if provisioner := notes.get(PROVISIONED_BY):
        return not provisioner.startswith(IN_TREE)
    return MIGRATED_TO in notes or bool(volume["spec"].get("csi"))


def no_deleter(volume: Object) -> str:
    """Why no plugin deletes the volume; "" where one does."""
    if provisioner := annotations_of(volume).get(PROVISIONED_BY):
        problem = _only_host_path(provisioner, "no deletable volume plugin matched")
    else:
        problem = _no_deleter_by_source(volume)
    path = (volume["spec"].get("hostPath") or {}).get("path")
    if problem:
        return problem
    if path is None:
        return f'failed to create deleter for volume "{name_of(volume)}": spec.PersistentVolumeSource.HostPath is nil'
    return "" if _DELETABLE_PATH.search(path) else f"host_path deleter only supports /tmp/.+ but received provided {path}"


def _only_host_path(name: str, cannot: str) -> str:
    """Why the plugin of that name does not do what only the plugin of host paths can do."""
    if name == HOST_PATH:
        return ""
    return cannot if name in _SOURCES.values() else f"no volume plugin matched name: {name}"


def _no_deleter_by_source(volume: Object) -> str:
    if volume["spec"].get("hostPath"):
        return ""
    matched = "deletable volume plugin" if any(volume["spec"].get(source) for source in _SOURCES) else "volume plugin"
    return f'error getting deleter volume plugin for volume "{name_of(volume)}": no {matched} matched'
