"""The spec of a persistent volume, by itself or inline in a VolumeAttachment.

Mirrors: pkg/apis/core/validation/validation.go (ValidatePersistentVolumeSpec), pkg/apis/core/v1/zz_generated.defaults.go (1.36)
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from kplan.apiserver.field import Errors, FieldPath, forbidden, not_supported, required
from kplan.apiserver.rules import volumesources as sources
from kplan.apiserver.rules.names import each_invalid, name_is_dns_subdomain
from kplan.apiserver.rules.nodeselectors import validate_node_selector
from kplan.apiserver.rules.quantities import validate_basic_resource, validate_positive_quantity
from kplan.apiserver.strategy import Draft
from kplan.model.gotext import GoText, go_json
from kplan.model.quantity import Quantity

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
RECLAIM_POLICIES = ("Delete", "Recycle", "Retain")
VOLUME_MODES = ("Block", "Filesystem")

_INLINE = "may not be specified in the context of inline volumes"
_ONE_TYPE = "may not specify more than 1 volume type"

SOURCES: tuple[tuple[str, str, str, sources.Rule | None], ...] = (
    # field, its name when it is one too many, its name inside errors of its own, rule
    ("hostPath", "hostPath", "hostPath", sources.validate_host_path),
    ("gcePersistentDisk", "gcePersistentDisk", "persistentDisk", sources.validate_gce_persistent_disk),
    ("awsElasticBlockStore", "awsElasticBlockStore", "awsElasticBlockStore", sources.validate_aws_elastic_block_store),
    ("glusterfs", "glusterfs", "glusterfs", sources.validate_glusterfs),
    ("flocker", "flocker", "flocker", sources.validate_flocker),
    ("nfs", "nfs", "nfs", sources.validate_nfs),
    ("rbd", "rbd", "rbd", sources.validate_rbd),
    ("quobyte", "quobyte", "quobyte", sources.validate_quobyte),
    ("cephfs", "cephFS", "cephfs", sources.validate_ceph_fs),
    ("iscsi", "iscsi", "iscsi", None),
    ("cinder", "cinder", "cinder", sources.validate_cinder),
    ("fc", "fc", "fc", sources.validate_fc),
    ("flexVolume", "flexVolume", "flexVolume", sources.validate_flex_volume),
    ("azureFile", "azureFile", "azureFile", sources.validate_azure_file),
    ("vsphereVolume", "vsphereVolume", "vsphereVolume", sources.validate_vsphere_volume),
    ("photonPersistentDisk", "photonPersistentDisk", "photonPersistentDisk", sources.validate_photon_persistent_disk),
    ("portworxVolume", "portworxVolume", "portworxVolume", sources.validate_portworx_volume),
    ("azureDisk", "azureDisk", "azureDisk", sources.validate_azure_disk),
    ("scaleIO", "scaleIO", "scaleIO", sources.validate_scale_io),
    ("local", "local", "local", sources.validate_local),
    ("storageos", "storageos", "storageos", sources.validate_storage_os),
    ("csi", "csi", "csi", sources.validate_csi),
)
"""The volume types in the server's order. A flexVolume after another type is not found to be one too many."""

Spec = Mapping[str, Any]


def default_persistent_volume_source(spec: Draft) -> None:
    """What the server fills into the volume source of a persistent volume."""
    for source, values in _SOURCE_DEFAULTS.items():
        if (inside := spec.get(source)) is not None:
            for key, value, pointer in values:
                if inside.get(key) is None or (not pointer and not inside[key]):
                    inside[key] = value


_SOURCE_DEFAULTS: dict[str, tuple[tuple[str, Any, bool], ...]] = {
    # field, value, whether an empty text counts as given
    "hostPath": (("type", "", True),),
    "rbd": (("pool", "rbd", False), ("user", "admin", False), ("keyring", "/etc/ceph/keyring", False)),
    "iscsi": (("iscsiInterface", "default", False),),
    "azureDisk": (
        ("cachingMode", "ReadWrite", True),
        ("fsType", "ext4", True),
        ("readOnly", False, True),
        ("kind", "Shared", True),
    ),
    "scaleIO": (("storageMode", "ThinProvisioned", False), ("fsType", "xfs", False)),
}


def round_resource_list(resources: Draft | None) -> None:
    """Rounds the quantities of a ResourceList up to thousandths, as decoding does (away from zero)."""
    for key, value in (resources or {}).items():
        quantity = Quantity.parse(value)
        if quantity.nano % 10**6:
            resources[key] = str(Quantity(quantity.milli_value() * 10**6, quantity.format))  # type: ignore[index]


def validate_access_modes(modes: list[str], path: FieldPath) -> Errors:
    """Each mode is known, and ReadWriteOncePod stands alone."""
    for mode in modes:
        if mode not in ACCESS_MODES:
            yield not_supported(path, GoText(go_json(mode)), ACCESS_MODES)
    if "ReadWriteOncePod" in modes and any(m in ACCESS_MODES and m != "ReadWriteOncePod" for m in modes):
        yield forbidden(path, "may not use ReadWriteOncePod with other access modes")


def validate_persistent_volume_spec(
    spec: Spec,
    path: FieldPath,
    *,
    volume_name: str = "",
    inline: bool = False,
    attributes_class: bool = True,
    allow_invalid_values: bool = False,
) -> Errors:
    """A PersistentVolumeSpec; ``inline`` is the one in a VolumeAttachment."""
    if inline:
        yield from _validate_inline(spec, path)
    modes = spec.get("accessModes") or []
    if not modes:
        yield required(path.child("accessModes"))
    yield from validate_access_modes(modes, path.child("accessModes"))
    if not inline:
        yield from _validate_capacity(spec.get("capacity"), path.child("capacity"))
    yield from _validate_reclaim_policy(spec.get("persistentVolumeReclaimPolicy") or "", path, inline)
    affinity = spec.get("nodeAffinity")
    if affinity is not None:
        yield from _validate_node_affinity(affinity, path.child("nodeAffinity"), inline, allow_invalid_values)
    yield from _validate_sources(spec, path, volume_name, affinity is not None and not inline)
    yield from _validate_class_and_mode(spec, path, inline)
    if attributes_class and spec.get("volumeAttributesClassName") is not None:
        yield from _validate_attributes_class(spec, path)


def _validate_inline(spec: Spec, path: FieldPath) -> Errors:
    if spec.get("claimRef") is not None:
        yield forbidden(path.child("claimRef"), _INLINE)
    if spec.get("capacity"):
        yield forbidden(path.child("capacity"), _INLINE)
    if spec.get("csi") is None:
        yield required(path.child("csi"), "has to be specified in the context of inline volumes")


def _validate_capacity(given: Mapping[str, Any] | None, path: FieldPath) -> Errors:
    capacity = given or {}
    if not capacity:
        yield required(path)
    if "storage" not in capacity or len(capacity) > 1:
        shown = {key: str(Quantity.parse(value)) for key, value in capacity.items()}
        yield not_supported(path, None if given is None else shown, ("storage",))
    for resource, quantity in capacity.items():
        yield from validate_basic_resource(quantity, path.key(resource))
        yield from validate_positive_quantity(quantity, path.key(resource))


def _validate_reclaim_policy(policy: str, path: FieldPath, inline: bool) -> Errors:
    here = path.child("persistentVolumeReclaimPolicy")
    if policy and inline and policy != "Retain":
        yield forbidden(here, "may only be Retain in the context of inline volumes")
    elif policy and not inline and policy not in RECLAIM_POLICIES:
        yield not_supported(here, GoText(go_json(policy)), RECLAIM_POLICIES)


def _validate_node_affinity(affinity: Spec, path: FieldPath, inline: bool, allow_invalid_values: bool) -> Errors:
    if inline:
        yield forbidden(path, _INLINE)
    elif affinity.get("required") is None:
        yield required(path.child("required"), "must specify required node constraints")
    else:
        yield from validate_node_selector(affinity["required"], path.child("required"), allow_invalid_values=allow_invalid_values)


def _validate_sources(spec: Spec, path: FieldPath, volume_name: str, has_affinity: bool) -> Errors:
    found = False
    for name, refused_as, known_as, rule in SOURCES:
        source = spec.get(name)
        if source is None:
            continue
        if found and name != "flexVolume":
            yield forbidden(path.child(refused_as), _ONE_TYPE)
            continue
        found = True
        if rule is None:
            yield from sources.validate_iscsi(source, path.child(known_as), volume_name)
        else:
            yield from rule(source, path.child(known_as))
        if name == "local" and not has_affinity:
            yield required(path.child("nodeAffinity"), "Local volume requires node affinity")
    if not found:
        yield required(path, "must specify a volume type")


def _validate_class_and_mode(spec: Spec, path: FieldPath, inline: bool) -> Errors:
    host_path = spec.get("hostPath")
    if host_path is not None and spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        where = host_path.get("path") or ""
        if where.startswith("/") and posixpath.normpath(where) in ("/", "//"):
            yield forbidden(path.child("persistentVolumeReclaimPolicy"), "may not be 'recycle' for a hostPath mount of '/'")
    class_name = spec.get("storageClassName") or ""
    if class_name and inline:
        yield forbidden(path.child("storageClassName"), _INLINE)
    elif class_name:
        yield from each_invalid(path.child("storageClassName"), class_name, name_is_dns_subdomain(class_name, False))
    mode = spec.get("volumeMode")
    if mode is not None and inline and mode != "Filesystem":
        yield forbidden(path.child("volumeMode"), "may not specify volumeMode other than Filesystem in the context of inline volumes")
    elif mode is not None and not inline and mode not in VOLUME_MODES:
        yield not_supported(path.child("volumeMode"), GoText(go_json(mode)), VOLUME_MODES)


def _validate_attributes_class(spec: Spec, path: FieldPath) -> Errors:
    here, name = path.child("volumeAttributesClassName"), spec["volumeAttributesClassName"]
    if not name:
        yield required(here, "an empty string is disallowed")
    else:
        yield from each_invalid(here, name, name_is_dns_subdomain(name, False))
    if spec.get("csi") is None:
        yield required(path.child("csi"), "has to be specified when using volumeAttributesClassName")
