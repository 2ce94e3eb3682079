"""Volume mounts and block devices of containers.

Mirrors: pkg/apis/core/validation/validation.go (ValidateVolumeMounts, ValidateVolumeDevices) (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping

from kplan.apiserver.field import Errors, FieldPath, forbidden, invalid, not_found, not_supported, required
from kplan.apiserver.rules.podpaths import validate_local_descending_path
from kplan.apiserver.rules.volumesources import validate_path_no_backsteps
from kplan.model.objects import EMPTY, Object

Volumes = Mapping[str, Object]

_PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
_READ_ONLY = ("Disabled", "Enabled", "IfPossible")


def _paths_by_name(items: list[Object], field: str) -> dict[str, str]:
    return {i.get("name") or "": i.get(field) or "" for i in items}


def validate_mounts(container: Object, volumes: Volumes, path: FieldPath) -> Errors:
    """volumeMounts and volumeDevices of a container; ``volumes`` are the pod's good ones."""
    mounts, devices = container.get("volumeMounts") or [], container.get("volumeDevices") or []
    if mounts:
        yield from _validate_volume_mounts(mounts, devices, volumes, container, path.child("volumeMounts"))
    if devices:
        yield from _validate_volume_devices(devices, mounts, volumes, path.child("volumeDevices"))


def _validate_volume_mounts(
    mounts: list[Object], devices: list[Object], volumes: Volumes, container: Object, path: FieldPath
) -> Errors:
    taken = _paths_by_name(devices, "devicePath")
    seen: set[str] = set()
    for i, mount in enumerate(mounts):
        here, name, where = path.index(i), mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            yield required(here.child("name"))
        if name not in volumes:
            yield not_found(here.child("name"), name)
        if not where:
            yield required(here.child("mountPath"))
        if where in seen:
            yield invalid(here.child("mountPath"), where, "must be unique")
        seen.add(where)
        if name in taken:
            yield invalid(here.child("name"), name, "must not already exist in volumeDevices")
        if where in taken.values():
            yield invalid(here.child("mountPath"), where, "must not already exist as a path in volumeDevices")
        # From here on the paths lack the index: so it is in Kubernetes.
        yield from _validate_sub_paths(mount, here, path)
        yield from _validate_propagation(mount.get("mountPropagation"), container, path.child("mountPropagation"))
        yield from _validate_recursive_read_only(mount, path.child("recursiveReadOnly"))


def _validate_sub_paths(mount: Object, here: FieldPath, path: FieldPath) -> Errors:
    plain, expression = mount.get("subPath") or "", mount.get("subPathExpr") or ""
    if plain:
        yield from validate_local_descending_path(plain, path.child("subPath"))
    if expression:
        if plain:
            yield invalid(here.child("subPathExpr"), expression, "subPathExpr and subPath are mutually exclusive")
        yield from validate_local_descending_path(expression, path.child("subPathExpr"))


def _validate_propagation(mode: str | None, container: Object, path: FieldPath) -> Errors:
    if mode is None:
        return
    if mode not in _PROPAGATIONS:
        yield not_supported(path, mode, _PROPAGATIONS)
    if mode == "Bidirectional" and not (container.get("securityContext") or EMPTY).get("privileged"):
        yield forbidden(path, "Bidirectional mount propagation is available only to privileged containers")


def _validate_recursive_read_only(mount: Object, path: FieldPath) -> Errors:
    mode = mount.get("recursiveReadOnly")
    if mode is None or mode == "Disabled":
        return
    if mode not in _READ_ONLY:
        yield not_supported(path, mode, _READ_ONLY)
        return
    if not mount.get("readOnly"):
        yield forbidden(path, "may only be specified when readOnly is true")
    if mount.get("mountPropagation") not in (None, "None"):
        yield forbidden(path, "may only be specified when mountPropagation is None or not specified")


def _validate_volume_devices(devices: list[Object], mounts: list[Object], volumes: Volumes, path: FieldPath) -> Errors:
    taken = _paths_by_name(mounts, "mountPath")
    paths: set[str] = set()
    names: set[str] = set()
    for i, device in enumerate(devices):
        here, name, where = path.index(i), device.get("name") or "", device.get("devicePath") or ""
        volume = volumes.get(name)
        if not name:
            yield required(here.child("name"))
        if name in names:
            yield invalid(here.child("name"), name, "must be unique")
        if volume is None:
            yield not_found(here.child("name"), name)
        elif volume.get("persistentVolumeClaim") is None and volume.get("ephemeral") is None:
            said = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
            yield invalid(here.child("name"), name, said)
        if not where:
            yield required(here.child("devicePath"))
        if where in paths:
            yield invalid(here.child("devicePath"), where, "must be unique")
        if any(validate_path_no_backsteps(where, path)):
            yield invalid(here.child("devicePath"), where, "can not contain backsteps ('..')")
        else:
            paths.add(where)
        if name in taken:
            yield invalid(here.child("name"), name, "must not already exist in volumeMounts")
        if where in taken.values():
            yield invalid(here.child("devicePath"), where, "must not already exist as a path in volumeMounts")
        if name:
            names.add(name)
