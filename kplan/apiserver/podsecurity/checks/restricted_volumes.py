"""Volumes are of the kinds that do not reach around the cluster.

Mirrors: k8s.io/pod-security-admission/policy/check_restrictedVolumes.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.podsecurity.contract import Check, Finding, Pod, Revision, counted, named, quoted
from kplan.apiserver.podsecurity.levels import RESTRICTED

ALLOWED = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
KNOWN = (
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
)


def test(pod: Pod) -> Finding | None:
    """Every volume is of an allowed kind."""
    bad = [v for v in pod.spec.get("volumes") or () if _kind(v, ALLOWED) is None]
    if not bad:
        return None
    kinds = sorted({_kind(v, KNOWN) or "unknown" for v in bad})
    uses = "uses" if len(bad) == 1 else "use"
    return Finding(
        "restricted volume types",
        f"{named('volume', [v['name'] for v in bad])} {uses} {counted('restricted volume type', len(kinds))} {quoted(kinds)}",
    )


def _kind(volume: Mapping[str, Any], kinds: tuple[str, ...]) -> str | None:
    return next((k for k in kinds if volume.get(k) is not None), None)


CHECK = Check("restrictedVolumes", RESTRICTED, (Revision(0, test, ("hostPathVolumes",)),))
