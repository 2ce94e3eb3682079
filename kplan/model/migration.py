"""In-tree volume plugins that CSI drivers have taken over from: which those are, and what they call a volume.

Mirrors: staging/src/k8s.io/csi-translation-lib/{translate.go,plugins/*.go}, pkg/volume/csimigration/plugin_manager.go (1.36)
Differs: an identifier that the translation refuses is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kplan.model.objects import EMPTY, Object, annotations_of, get_in, labels_of, name_of

DRIVERS: Mapping[str, str] = {
    "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
    "kubernetes.io/azure-disk": "disk.csi.azure.com",
    "kubernetes.io/azure-file": "file.csi.azure.com",
    "kubernetes.io/cinder": "cinder.csi.openstack.org",
    "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
    "kubernetes.io/portworx-volume": "pxd.portworx.com",
    "kubernetes.io/vsphere-volume": "csi.vsphere.vmware.com",
}
"""In-tree plugins and the CSI drivers that have taken over from them."""

_SOURCES = {
    "awsElasticBlockStore": ("kubernetes.io/aws-ebs", "volumeID"),
    "azureDisk": ("kubernetes.io/azure-disk", "diskURI"),
    "azureFile": ("kubernetes.io/azure-file", "shareName"),
    "cinder": ("kubernetes.io/cinder", "volumeID"),
    "gcePersistentDisk": ("kubernetes.io/gce-pd", "pdName"),
    "portworxVolume": ("kubernetes.io/portworx-volume", "volumeID"),
    "vsphereVolume": ("kubernetes.io/vsphere-volume", "volumePath"),
}
"""By field of a volume source: the plugin, and the field of the source that names the volume."""
_ZONES = ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone")
_SECRET = re.compile("azure-storage-account-(.+)-secret")
_RESOURCE_GROUP = "kubernetes.io/azure-file-resource-group"
UNSPECIFIED = "UNSPECIFIED"


def plugin_of(source: Mapping[str, Any]) -> str:
    """The in-tree plugin of a volume source that a driver has taken over, of a pod's volume or a PersistentVolume's spec; else ""."""
    return next((plugin for field, (plugin, _) in _SOURCES.items() if source.get(field)), "")


def csi_volume(volume: Object) -> tuple[str, str] | None:
    """(driver, handle) of a PersistentVolume, be it the driver's own or one it has taken over; None of all others."""
    spec = volume.get("spec") or EMPTY
    if csi := spec.get("csi"):
        return csi.get("driver") or "", csi.get("volumeHandle") or ""
    plugin = plugin_of(spec)
    if not plugin:
        return None
    handle = _named(spec)
    if plugin == "kubernetes.io/gce-pd":
        handle = f"projects/{UNSPECIFIED}/{_place(volume)}/disks/{handle}"
    elif plugin == "kubernetes.io/azure-file":
        handle = _share(volume, handle)
    return DRIVERS[plugin], handle


def inline_csi_volume(source: Mapping[str, Any]) -> tuple[str, str] | None:
    """(driver, handle) of a disk that a pod names itself and a driver has taken over."""
    plugin = plugin_of(source)
    if not plugin:
        return None
    handle = _named(source)
    return DRIVERS[plugin], f"projects/{UNSPECIFIED}/zones/{UNSPECIFIED}/disks/{handle}" if plugin == "kubernetes.io/gce-pd" else handle


def _named(source: Mapping[str, Any]) -> str:
    """What a source calls its volume; Amazon's may be URLs that hold the zone."""
    field, (plugin, key) = next((f, named) for f, named in _SOURCES.items() if source.get(f))
    name = str(source[field].get(key) or "")
    return name.rpartition("/")[2] if plugin == "kubernetes.io/aws-ebs" else name


def _place(volume: Object) -> str:
    """Where a disk of Google's is, as the volume's labels say: in a zone, or in the region of several."""
    label = next((found for key in _ZONES if (found := labels_of(volume).get(key))), "")
    zones = label.split("__")
    if len(zones) == 1:
        return f"zones/{label or UNSPECIFIED}"
    return f"regions/{'-'.join(zones[0].split('-')[:2])}"


def _share(volume: Object, share: str) -> str:
    """The identifier of an Azure file share: resource group, account, share, volume, namespace of the secret."""
    source = volume["spec"]["azureFile"]
    secret = source.get("secretName") or ""
    found = _SECRET.match(secret)
    namespace = source.get("secretNamespace") or get_in(volume, ("spec", "claimRef", "namespace")) or ""
    return "#".join((annotations_of(volume).get(_RESOURCE_GROUP, ""), found[1] if found else secret, share, name_of(volume), namespace))


# -- where a volume can be reached from ----------------------------------------------------------------------------------

_TOPOLOGY_KEYS = {
    "kubernetes.io/aws-ebs": "topology.ebs.csi.aws.com/zone",
    "kubernetes.io/cinder": "topology.cinder.csi.openstack.org/zone",
    "kubernetes.io/gce-pd": "topology.gke.io/zone",
}
"""The labels by which drivers know the zones of nodes."""
_GA, _BETA = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region"), ("failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region")
_TERMS = ("spec", "nodeAffinity", "required", "nodeSelectorTerms")
_MIGRATED_ON_NODE = "storage.alpha.kubernetes.io/migrated-plugins"


def is_migrated_on(csi_node: Object | None, plugin: str) -> bool:
    """Whether a node says that a driver has taken over from the plugin there."""
    return csi_node is not None and plugin in annotations_of(csi_node).get(_MIGRATED_ON_NODE, "").split(",")


def affinity_terms(volume: Object) -> Sequence[Mapping[str, Any]]:
    """The terms of the node affinity a PersistentVolume has for the driver that has taken over: it asks for the driver's label of the zone."""
    terms: Sequence[Mapping[str, Any]] = get_in(volume, _TERMS) or ()
    key = _TOPOLOGY_KEYS.get(plugin_of(volume["spec"]))
    if key is None:
        return terms
    (zone, region), labels = _labels_of_zones(volume, terms), labels_of(volume)
    renamed = {zone: key} | ({region: _GA[1]} if region == _BETA[1] else {})
    zones = sorted({z for z in (part.strip() for part in labels.get(zone, "").split("__")) if z})
    added = [{"key": key, "operator": "In", "values": zones}] if zones and not _asks_for(terms, zone) else []
    return [{**t, "matchExpressions": [*({**e, "key": renamed.get(e["key"], e["key"])} for e in _expressions(t)), *added]} for t in terms or ([EMPTY] if added else ())]


def _labels_of_zones(volume: Object, terms: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """The names that a volume uses for its zone and its region: the old or the new ones."""
    for asked in (lambda name: any(e["key"] == name for t in terms for e in _expressions(t)), labels_of(volume).__contains__):
        for names in (_GA, _BETA):
            if asked(names[0]):
                return names
    return _GA


def _asks_for(terms: Sequence[Mapping[str, Any]], key: str) -> bool:
    return any(e["key"] == key and e.get("values") for t in terms for e in _expressions(t))


def _expressions(term: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = term.get("matchExpressions") or ()
    return found
