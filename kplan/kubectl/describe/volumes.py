"""Volumes, of pods and of PersistentVolumes.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go: describeVolumes, print*VolumeSource (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kplan.kubectl.columns.base import NONE
from kplan.kubectl.columns.storage import class_of, modes_text
from kplan.kubectl.describe.paper import Paper
from kplan.kubectl.describe.parts import LONGEST, labels, notes
from kplan.model.gotext import go_text
from kplan.model.objects import get_in
from kplan.model.quantity import parse_or_zero

Source = Mapping[str, Any]

_ISCSI = (
    "TargetPortal=targetPortal|IQN=iqn|Lun=lun:0|ISCSIInterface*=iscsiInterface|FSType=fsType|ReadOnly=readOnly:false|Portals=portals:[]|"
    "DiscoveryCHAPAuth=chapAuthDiscovery:false|SessionCHAPAuth=chapAuthSession:false|SecretRef=secretRef:nil|InitiatorName=initiatorName:<none>"
)
_SCALE = (
    "Gateway=gateway|System=system|Protection Domain=protectionDomain|Storage Pool=storagePool|Storage Mode=storageMode|"
    "VolumeName=volumeName|FSType=fsType|ReadOnly=readOnly:false"
)
_CEPH = "Monitors=monitors:[]|Path=path|User=user|SecretFile=secretFile|SecretRef=secretRef:nil|ReadOnly=readOnly:false"
_RBD = (
    "CephMonitors=monitors:[]|RBDImage=image|FSType=fsType|RBDPool=pool|RadosUser=user|Keyring=keyring|SecretRef=secretRef:nil|"
    "ReadOnly=readOnly:false"
)
_DISK = "FSType=fsType|Partition=partition:0|ReadOnly=readOnly:false"
_FLEX = "Driver=driver|FSType=fsType|SecretRef=secretRef:nil|ReadOnly=readOnly:false|Options=options:map[]"
_AZURE_DISK = "DiskName=diskName|DiskURI=diskURI|Kind: *=kind|FSType=fsType|CachingMode=cachingMode|ReadOnly=readOnly:false"

SOURCES: Mapping[str, tuple[str, str]] = {
    "hostPath": ("HostPath (bare host directory volume)", "Path=path|HostPathType=type:<none>"),
    "emptyDir": ("EmptyDir (a temporary directory that shares a pod's lifetime)", "Medium=medium|SizeLimit=sizeLimit:<unset>"),
    "gcePersistentDisk": ("GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)", f"PDName=pdName|{_DISK}"),
    "awsElasticBlockStore": ("AWSElasticBlockStore (a Persistent Disk resource in AWS)", f"VolumeID=volumeID|{_DISK}"),
    "gitRepo": ("GitRepo (a volume that is pulled from git when the pod is created)", "Repository=repository|Revision=revision"),
    "secret": ("Secret (a volume populated by a Secret)", "SecretName=secretName|Optional=optional:false"),
    "configMap": ("ConfigMap (a volume populated by a ConfigMap)", "Name=name|Optional=optional:false"),
    "nfs": ("NFS (an NFS mount that lasts the lifetime of a pod)", "Server=server|Path=path|ReadOnly=readOnly:false"),
    "iscsi": ("ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)", _ISCSI),
    "glusterfs": (
        "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
        "EndpointsName=endpoints|Path=path|ReadOnly=readOnly:false",
    ),
    "persistentVolumeClaim": (
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        "ClaimName=claimName|ReadOnly=readOnly:false",
    ),
    "rbd": ("RBD (a Rados Block Device mount on the host that shares a pod's lifetime)", _RBD),
    "quobyte": (
        "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
        "Registry=registry|Volume=volume|ReadOnly=readOnly:false",
    ),
    "azureDisk": ("AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)", _AZURE_DISK),
    "vsphereVolume": (
        "vSphereVolume (a Persistent Disk resource in vSphere)",
        "VolumePath=volumePath|FSType=fsType|StoragePolicyName=storagePolicyName",
    ),
    "cinder": (
        "Cinder (a Persistent Disk resource in OpenStack)",
        "VolumeID=volumeID|FSType=fsType|ReadOnly=readOnly:false|SecretRef=secretRef:nil",
    ),
    "photonPersistentDisk": ("PhotonPersistentDisk (a Persistent Disk resource in photon platform)", "PdID=pdID|FSType=fsType"),
    "portworxVolume": ("PortworxVolume (a Portworx Volume resource)", "VolumeID=volumeID"),
    "scaleIO": ("ScaleIO (a persistent volume backed by a block device in ScaleIO)", _SCALE),
    "local": ("LocalVolume (a persistent volume backed by local storage on a node)", "Path=path"),
    "cephfs": ("CephFS (a CephFS mount on the host that shares a pod's lifetime)", _CEPH),
    "storageos": (
        "StorageOS (a StorageOS Persistent Disk resource)",
        "VolumeName=volumeName|VolumeNamespace=volumeNamespace|FSType=fsType|ReadOnly=readOnly:false",
    ),
    "fc": ("FC (a Fibre Channel disk)", "TargetWWNs=targetWWNs|LUN=lun:<none>|FSType=fsType|ReadOnly=readOnly:false"),
    "azureFile": (
        "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        "SecretName=secretName|ShareName=shareName|ReadOnly=readOnly:false",
    ),
    "flexVolume": ("FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)", _FLEX),
    "flocker": ("Flocker (a Flocker volume mounted by the Flocker agent)", "DatasetName=datasetName|DatasetUUID=datasetUUID"),
    "image": ("Image (a container image or OCI artifact)", "Reference=reference|PullPolicy=pullPolicy"),
    "csi": ("CSI (a Container Storage Interface (CSI) volume source)", "Driver=driver|FSType=fsType|ReadOnly=readOnly:false"),
    "ephemeral": ("EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)", ""),
    "projected": ("Projected (a volume that contains injected data from multiple sources)", ""),
    "downwardAPI": ("DownwardAPI (a volume populated by information about the pod)", ""),
}
"""What each source is called, and its fields: ``Label=field:default``; of a label with ``*`` no colon follows."""

PERSISTENT: Mapping[str, str] = {
    "csi": "Driver=driver|FSType=fsType|VolumeHandle=volumeHandle|ReadOnly=readOnly:false",
    "glusterfs": "EndpointsName=endpoints|EndpointsNamespace=endpointsNamespace:<unset>|Path=path|ReadOnly=readOnly:false",
    "azureFile": "SecretName=secretName|SecretNamespace=secretNamespace|ShareName=shareName|ReadOnly=readOnly:false",
}
"""The fields that differ where a source is a PersistentVolume's."""


def volumes(paper: Paper, given: list[Mapping[str, Any]] | None, indent: str = "") -> None:
    """The volumes of a pod."""
    if not given:
        paper.write(0, f"{indent}Volumes:\t{NONE}\n")
        return
    paper.write(0, f"{indent}Volumes:\n")
    for volume in given:
        paper.write(1, f"{' ' if indent else ''}{volume['name']}:\n")
        source(paper, volume)


def source(paper: Paper, volume: Mapping[str, Any], *, persistent: bool = False) -> None:
    """Where a volume comes from."""
    name = next((n for n in SOURCES if n in volume), "")
    if not name:
        paper.write(1, "<unknown>\n")
        return
    given: Source = volume[name] or {}
    kind, fields = SOURCES[name]
    if persistent:
        fields = PERSISTENT.get(name, fields)
    paper.write(2, f"Type:\t{kind}\n")
    for field in fields.split("|") if fields else ():
        label, _, path = field.partition("=")
        paper.write(2, f"{label.rstrip('*')}{'' if label.endswith('*') else ':'}\t{_value(given, path)}\n")
    if (more := _MORE.get(name)) is not None:
        more(paper, given)


def _value(given: Source, path: str) -> str:
    name, _, default = path.partition(":")
    found = given.get(name)
    if name == "sizeLimit" and found is not None and parse_or_zero(found).is_zero():
        found = None
    if found is None:
        return f"<{default}>" if default == "nil" else default
    if name == "targetWWNs":
        return ", ".join(found)
    if name == "secretRef":
        space = f",Namespace:{found['namespace']}" if found.get("namespace") else ""
        return f"&{'SecretReference' if space else 'LocalObjectReference'}{{Name:{found.get('name', '')}{space},}}"
    return go_text(found)


def _projected(paper: Paper, given: Source) -> None:
    for part in given.get("sources") or ():
        if "secret" in part:
            _optional(paper, "SecretName", part["secret"])
        elif "downwardAPI" in part:
            paper.line(2, "DownwardAPI", "true")
        elif "configMap" in part:
            _optional(paper, "ConfigMapName", part["configMap"])
        elif "serviceAccountToken" in part:
            paper.line(2, "TokenExpirationSeconds", part["serviceAccountToken"].get("expirationSeconds"))


def _optional(paper: Paper, label: str, given: Source) -> None:
    paper.line(2, label, given.get("name") or "")
    paper.line(2, "Optional", "true" if given.get("optional") else "false")


def _downward(paper: Paper, given: Source) -> None:
    paper.write(2, "Items:\n")
    for item in given.get("items") or ():
        for what in (get_in(item, ("fieldRef", "fieldPath")), get_in(item, ("resourceFieldRef", "resource"))):
            if what is not None:
                paper.write(3, f"{what} -> {item['path']}\n")


def _attributes(paper: Paper, given: Source) -> None:
    found = sorted((given.get("volumeAttributes") or {}).items())
    paper.write(2, "VolumeAttributes:\t")
    if not found:
        paper.write(0, f"{NONE}\n")
    for i, (key, value) in enumerate(found):
        line = f"{key}={value}"
        shown = line[:LONGEST] + "..." if len(line) > LONGEST else line
        paper.write(0, ("    " + "    \t" if i else "") + f"    {shown}\n")


def _ephemeral(paper: Paper, given: Source) -> None:
    template = given.get("volumeClaimTemplate")
    if template:
        paper.nest(2)
        claim(paper, {"metadata": {}, **template}, whole=False)
        paper.nest(-2)


_MORE: Mapping[str, Callable[[Paper, Source], None]] = {
    "csi": _attributes,
    "ephemeral": _ephemeral,
    "projected": _projected,
    "downwardAPI": _downward,
}


def claim(paper: Paper, obj: Mapping[str, Any], *, whole: bool = True, state: str = "") -> None:
    """A PersistentVolumeClaim; where it is a template, without what only claims have."""
    meta, spec, status = obj.get("metadata") or {}, obj.get("spec") or {}, obj.get("status") or {}
    if whole:
        paper.line(0, "Name", meta.get("name"))
        paper.line(0, "Namespace", meta.get("namespace"))
    paper.line(0, "StorageClass", class_of({**obj, "metadata": meta}))
    if whole:
        paper.line(0, "Status", state)
    volume = spec.get("volumeName") or ""
    paper.line(0, "Volume", volume)
    labels(paper, "Labels", meta.get("labels"))
    notes(paper, "Annotations", meta.get("annotations"))
    if whole:
        paper.line(0, "Finalizers", go_text(list(meta.get("finalizers") or [])))
    paper.line(0, "Capacity", get_in(status, ("capacity", "storage"), "0") if volume else "")
    paper.line(0, "Access Modes", modes_text(status.get("accessModes") or ()) if volume else "")
    if spec.get("volumeMode"):
        paper.line(0, "VolumeMode", spec["volumeMode"])
    origin = spec.get("dataSource")
    if origin:
        paper.line(0, "DataSource")
        if origin.get("apiGroup") is not None:
            paper.line(1, "APIGroup", origin["apiGroup"])
        paper.line(1, "Kind", origin["kind"])
        paper.line(1, "Name", origin["name"])


