"""The volume sources that persistent volumes know, one rule a source.

Every rule takes the source's JSON value and its path.

Mirrors: pkg/apis/core/validation/validation.go (validateHostPathVolumeSource … validateCSIPersistentVolumeSource) (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from kplan.apiserver.field import Errors, FieldPath, invalid, not_supported, required, too_long
from kplan.apiserver.rules.names import (
    byte_length,
    each_invalid,
    is_dns1123_label,
    is_dns1123_subdomain,
    name_is_dns_label,
    range_error,
)
from kplan.model.gotext import GoText, go_json

Source = Mapping[str, Any]
Rule = Callable[[Source, FieldPath], Errors]

HOST_PATH_TYPES = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
_CACHING_MODES = ("None", "ReadOnly", "ReadWrite")
_DISK_KINDS = ("Dedicated", "Managed", "Shared")
_MANAGED_URI = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
_BLOB_URI = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
_REGISTRY = "must be a host:port pair or multiple pairs separated by commas"
_RESERVED_OPTION = "kubernetes.io and k8s.io namespaces are reserved"
_PARTITION = range_error(1, 255)
_LUN = range_error(0, 255)

_INITIATORS = {
    "iqn": re.compile(r"iqn\.\d{4}-\d{2}\.([a-zA-Z0-9.-]+)(:[^,;*&$|\s]+)\Z", re.ASCII),
    "eui": re.compile(r"eui.[a-zA-Z0-9]{16}\Z", re.ASCII),
    "naa": re.compile(r"naa.[a-zA-Z0-9]{32}\Z", re.ASCII),
}


def _required_fields(*names: str) -> Rule:
    def rule(source: Source, path: FieldPath) -> Errors:
        for name in names:
            if not source.get(name):
                yield required(path.child(name))

    return rule


def validate_path_no_backsteps(value: str, path: FieldPath) -> Errors:
    """A path without any ``..`` element."""
    if ".." in value.split("/"):
        yield invalid(path, value, "must not contain '..'")


def validate_host_path(source: Source, path: FieldPath) -> Errors:
    """hostPath."""
    where = source.get("path") or ""
    if not where:
        yield required(path.child("path"))
        return
    yield from validate_path_no_backsteps(where, path.child("path"))
    kind = source.get("type")
    if kind is not None and kind not in HOST_PATH_TYPES:
        yield not_supported(path.child("type"), GoText(go_json(kind)), HOST_PATH_TYPES)


def _partitioned(name: str) -> Rule:
    def rule(source: Source, path: FieldPath) -> Errors:
        if not source.get(name):
            yield required(path.child(name))
        partition = source.get("partition") or 0
        if not 0 <= partition <= 255:
            yield invalid(path.child("partition"), partition, _PARTITION)

    return rule


validate_gce_persistent_disk = _partitioned("pdName")
validate_aws_elastic_block_store = _partitioned("volumeID")
validate_rbd = _required_fields("monitors", "image")
validate_ceph_fs = _required_fields("monitors")
validate_vsphere_volume = _required_fields("volumePath")
validate_photon_persistent_disk = _required_fields("pdID")
validate_portworx_volume = _required_fields("volumeID")
validate_scale_io = _required_fields("gateway", "system", "volumeName")


def validate_glusterfs(source: Source, path: FieldPath) -> Errors:
    """glusterfs of a persistent volume."""
    yield from _required_fields("endpoints", "path")(source, path)
    namespace = source.get("endpointsNamespace")
    if namespace is None:
        return
    here = path.child("endpointsNamespace")
    if namespace == "":
        yield invalid(here, namespace, "if the endpointnamespace is set, it must be a valid namespace name")
    else:
        yield from each_invalid(here, namespace, name_is_dns_label(namespace, False))


def validate_flocker(source: Source, path: FieldPath) -> Errors:
    """flocker: a dataset by name or by UUID."""
    name, uuid = source.get("datasetName") or "", source.get("datasetUUID") or ""
    if not name and not uuid:
        yield required(path, "one of datasetName and datasetUUID is required")
    if name and uuid:
        yield invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously")
    if "/" in name:
        yield invalid(path.child("datasetName"), name, "must not contain '/'")


def validate_nfs(source: Source, path: FieldPath) -> Errors:
    """nfs."""
    yield from _required_fields("server", "path")(source, path)
    where = source.get("path") or ""
    if not where.startswith("/"):
        yield invalid(path.child("path"), where, "must be an absolute path")


def validate_quobyte(source: Source, path: FieldPath) -> Errors:
    """quobyte."""
    registry, tenant = source.get("registry") or "", source.get("tenant") or ""
    if not registry:
        yield required(path.child("registry"), _REGISTRY)
    elif byte_length(tenant) >= 65:
        yield required(path.child("tenant"), "must be a UUID and may not exceed a length of 64 characters")
    else:
        for pair in registry.split(","):
            if not _is_host_port(pair):
                yield invalid(path.child("registry"), registry, _REGISTRY)
    if not source.get("volume"):
        yield required(path.child("volume"))


def _is_host_port(pair: str) -> bool:
    """Whether Go's net.SplitHostPort accepts it."""
    if pair.startswith("["):
        host, bracket, rest = pair[1:].partition("]")
        return bool(bracket) and rest.startswith(":") and ":" not in rest[1:] and not any(c in host + rest for c in "[]")
    return pair.count(":") == 1 and "[" not in pair and "]" not in pair


def validate_iscsi(source: Source, path: FieldPath, volume_name: str) -> Errors:
    """iscsi of a persistent volume."""
    portal = source.get("targetPortal") or ""
    initiator = source.get("initiatorName")
    if not portal:
        yield required(path.child("targetPortal"))
    if initiator is not None and byte_length(f"{volume_name}:{portal}") > 64:
        said = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified."
        yield invalid(path.child("targetportal"), portal, said)
    iqn = source.get("iqn") or ""
    if not iqn:
        yield required(path.child("iqn"))
    elif not is_initiator(iqn):
        yield invalid(path.child("iqn"), iqn, "must be valid format")
    lun = source.get("lun") or 0
    if not 0 <= lun <= 255:
        yield invalid(path.child("lun"), lun, _LUN)
    secret = source.get("secretRef")
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and secret is None:
        yield required(path.child("secretRef"))
    if secret is not None and not secret.get("name"):
        yield required(path.child("secretRef", "name"))
    if initiator is not None and not is_initiator(initiator):
        yield invalid(path.child("initiatorname"), initiator, "must be valid format")


def is_initiator(name: str) -> bool:
    """Whether a name is a qualified iSCSI name (iqn, eui or naa)."""
    pattern = _INITIATORS.get(name[:3])
    return pattern is not None and pattern.match(name) is not None


def validate_fc(source: Source, path: FieldPath) -> Errors:
    """fc: target names or identifiers, not both."""
    names, identifiers, lun = source.get("targetWWNs") or [], source.get("wwids") or [], source.get("lun")
    if not names and not identifiers:
        yield required(path.child("targetWWNs"), "must specify either targetWWNs or wwids, but not both")
    if names and identifiers:
        yield invalid(path.child("targetWWNs"), names, "targetWWNs and wwids can not be specified simultaneously")
    if names and lun is None:
        yield required(path.child("lun"), "lun is required if targetWWNs is specified")
    elif names and not 0 <= lun <= 255:  # type: ignore[operator]
        yield invalid(path.child("lun"), lun, _LUN)


def _secret(source: Source, path: FieldPath) -> Errors:
    secret = source.get("secretRef")
    if secret is not None:
        yield from _required_fields("name", "namespace")(secret, path.child("secretRef"))


def validate_cinder(source: Source, path: FieldPath) -> Errors:
    """cinder of a persistent volume."""
    yield from _required_fields("volumeID")(source, path)
    yield from _secret(source, path)


def validate_flex_volume(source: Source, path: FieldPath) -> Errors:
    """flexVolume: its options may not be in Kubernetes' own namespaces."""
    yield from _required_fields("driver")(source, path)
    for key in source.get("options") or ():
        dotted = "." + key.partition("/")[0].lower()
        if dotted.endswith((".kubernetes.io", ".k8s.io")):
            yield invalid(path.child("options").key(key), key, _RESERVED_OPTION)


def validate_azure_file(source: Source, path: FieldPath) -> Errors:
    """azureFile of a persistent volume."""
    yield from _required_fields("secretName", "shareName")(source, path)
    if source.get("secretNamespace") == "":
        yield required(path.child("secretNamespace"))


def validate_azure_disk(source: Source, path: FieldPath) -> Errors:
    """azureDisk."""
    yield from _required_fields("diskName", "diskURI")(source, path)
    uri, caching, kind = source.get("diskURI") or "", source.get("cachingMode"), source.get("kind")
    if caching is not None and caching not in _CACHING_MODES:
        yield not_supported(path.child("cachingMode"), GoText(go_json(caching)), _CACHING_MODES)
    if kind is not None and kind not in _DISK_KINDS:
        yield not_supported(path.child("kind"), GoText(go_json(kind)), _DISK_KINDS)
    if kind == "Managed" and not uri.startswith("/subscriptions/"):
        yield not_supported(path.child("diskURI"), uri, (_MANAGED_URI,))
    if kind is not None and kind != "Managed" and not uri.startswith("https://"):
        yield not_supported(path.child("diskURI"), uri, (_BLOB_URI,))


def validate_local(source: Source, path: FieldPath) -> Errors:
    """local."""
    where = source.get("path") or ""
    if not where:
        yield required(path.child("path"))
    else:
        yield from validate_path_no_backsteps(where, path.child("path"))


def validate_storage_os(source: Source, path: FieldPath) -> Errors:
    """storageos of a persistent volume."""
    yield from validate_storage_os_name(source, path)
    yield from _secret(source, path)


def validate_storage_os_name(source: Source, path: FieldPath) -> Errors:
    """The name that storageos knows a volume by."""
    name, namespace = source.get("volumeName") or "", source.get("volumeNamespace") or ""
    if not name:
        yield required(path.child("volumeName"))
    else:
        yield from each_invalid(path.child("volumeName"), name, is_dns1123_label(name))
    if namespace:
        yield from each_invalid(path.child("volumeNamespace"), namespace, is_dns1123_label(namespace))


def validate_csi_driver_name(name: str, path: FieldPath) -> Errors:
    """The name of a CSI driver (and of a driver of devices): a subdomain of at most 63 characters, whatever its case."""
    if not name:
        yield required(path)
        return
    if byte_length(name) > 63:
        yield too_long(path, "", 63)
    yield from each_invalid(path, name, is_dns1123_subdomain(name.lower()))


def _secret_reference(source: Source, path: FieldPath) -> Errors:
    name, namespace = source.get("name") or "", source.get("namespace") or ""
    if not name:
        yield required(path.child("name"))
    else:
        yield from each_invalid(path.child("name"), name, is_dns1123_subdomain(name))
    if not namespace:
        yield required(path.child("namespace"))
    else:
        yield from each_invalid(path.child("namespace"), namespace, is_dns1123_label(namespace))


def validate_csi(source: Source, path: FieldPath) -> Errors:
    """csi of a persistent volume."""
    yield from validate_csi_driver_name(source.get("driver") or "", path.child("driver"))
    yield from _required_fields("volumeHandle")(source, path)
    for name in ("controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"):
        if (reference := source.get(name)) is not None:
            yield from _secret_reference(reference, path.child(name))
