"""Claims and volumes that a dump leaves out: pods do not start without their claims, and no claim is bound to nothing.

What a claim asks for is read off the StatefulSet it was made for, where it is one's; else it is made up, as is all that
only drivers know of a volume.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from kplan.load.profiles import stored
from kplan.model.objects import EMPTY, Object, Ref, annotations_of, get_in, name_of, namespace_of, ref_of, uid_of

CLAIM, VOLUME = "PersistentVolumeClaim", "PersistentVolume"
_BOUND = "pv.kubernetes.io/bind-completed"
_PROVISIONER, _PROVISIONED_BY = "volume.kubernetes.io/storage-provisioner", "pv.kubernetes.io/provisioned-by"
_PROTECTED = {CLAIM: ["kubernetes.io/pvc-protection"], VOLUME: ["kubernetes.io/pv-protection"]}
_SPEC: Mapping[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


def held_claims(objects: Sequence[Object], started: Iterable[Object]) -> dict[Ref, Object]:
    """The claims of pods that have started."""
    templates = dict(_templates(objects))
    found: dict[Ref, Object] = {}
    for pod in started:
        for name, spec, owner in _claims_of(pod):
            before, _, ordinal = name.rpartition("-")
            asked = templates.get((namespace_of(pod), before)) if ordinal.isdigit() else None
            made = _claim(name, namespace_of(pod), {"volumeMode": "Filesystem", **(spec or asked or _SPEC)}, owner)
            found.setdefault(ref_of(made), made)
    return found


def held_volumes(claims: Iterable[Object]) -> dict[Ref, Object]:
    """The volumes of claims that are bound."""
    made = (_volume(c) for c in claims if get_in(c, ("status", "phase")) == "Bound" and c["spec"].get("volumeName") and _BOUND in annotations_of(c))
    return {ref_of(v): v for v in made}


def _templates(objects: Iterable[Object]) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    """By namespace and the name of a claim without its ordinal: what StatefulSets ask for."""
    for owner in objects:
        if owner["kind"] == "StatefulSet":
            for template in get_in(owner, ("spec", "volumeClaimTemplates")) or ():
                yield (namespace_of(owner), f"{template['metadata']['name']}-{name_of(owner)}"), template["spec"]


def _claims_of(pod: Object) -> Iterator[tuple[str, Mapping[str, Any] | None, list[dict[str, Any]]]]:
    """(name, spec where it is known, owner references) of the claims a pod mounts."""
    owner = {"apiVersion": "v1", "kind": "Pod", "name": name_of(pod), "uid": uid_of(pod), "controller": True, "blockOwnerDeletion": True}
    for volume in pod["spec"].get("volumes") or ():
        if named := volume.get("persistentVolumeClaim"):
            yield named["claimName"], None, []
        elif made := volume.get("ephemeral"):
            yield f"{name_of(pod)}-{volume['name']}", get_in(made, ("volumeClaimTemplate", "spec")), [owner]


def _claim(name: str, namespace: str, spec: Mapping[str, Any], owners: list[dict[str, Any]]) -> Object:
    meta: dict[str, Any] = {"name": name, "namespace": namespace, "annotations": {_BOUND: "yes"}, "finalizers": _PROTECTED[CLAIM]}
    made = stored({"apiVersion": "v1", "kind": CLAIM, "metadata": meta | ({"ownerReferences": owners} if owners else {}), "spec": spec})
    storage = get_in(spec, ("resources", "requests", "storage"))
    status = {"phase": "Bound", "accessModes": spec.get("accessModes") or [], "capacity": {"storage": storage}}
    return {**made, "spec": {**spec, "volumeName": f"pvc-{uid_of(made)}"}, "status": status}


def _volume(claim: Object) -> Object:
    """The volume behind a claim: that of the driver that was asked for it, else a static one."""
    spec, status = claim["spec"], claim.get("status") or EMPTY
    driver = annotations_of(claim).get(_PROVISIONER)
    meta: dict[str, Any] = {"name": spec["volumeName"], "finalizers": _PROTECTED[VOLUME]}
    made = {
        "capacity": status.get("capacity") or {"storage": get_in(spec, ("resources", "requests", "storage"))},
        "accessModes": status.get("accessModes") or spec.get("accessModes") or [],
        "persistentVolumeReclaimPolicy": "Delete" if driver else "Retain",
        "storageClassName": spec.get("storageClassName") or "",
        "volumeMode": spec.get("volumeMode") or "Filesystem",
        "claimRef": {"apiVersion": "v1", "kind": CLAIM, "namespace": namespace_of(claim), "name": name_of(claim), "uid": uid_of(claim)},
    }
    if attributes := get_in(status, ("currentVolumeAttributesClassName",)):
        made["volumeAttributesClassName"] = attributes
    if driver:
        meta["annotations"] = {_PROVISIONED_BY: driver}
    if driver and "/" not in driver:
        made["csi"] = {"driver": driver, "volumeHandle": spec["volumeName"]}
    else:
        made["hostPath"] = {"path": f"/{spec['volumeName']}", "type": ""}
    return {**stored({"apiVersion": "v1", "kind": VOLUME, "metadata": meta, "spec": made}), "status": {"phase": "Bound"}}
