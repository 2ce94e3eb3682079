"""Claims and volumes in shorthand, and in a few words what has become of them.

A volume is ``{size: 1Gi, class: gold, phase: Available, policy: Retain, reserved: data}``, where ``reserved`` names a claim
and ``claim`` names one with its UID (``data/uid-2``: with another); a claim is ``{size: 1Gi, class: gold, volume: disk,
phase: Pending, done: true}``, where ``done`` says that its binding was completed once.  ``by: controller`` marks either as
bound by the controller.  ``outcome`` says the same: ``Bound to data by controller``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DONE, _BY_CONTROLLER = "pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"
_ACCESS = ["ReadWriteOnce", "ReadOnlyMany"]


def volume(given: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata, spec and status of a volume."""
    spec: dict[str, Any] = {
        "capacity": {"storage": given.get("size", "1Gi")},
        "accessModes": given.get("access", _ACCESS),
        "persistentVolumeReclaimPolicy": given.get("policy", "Retain"),
        "storageClassName": given.get("class", ""),
        "volumeMode": given.get("mode", "Filesystem"),
        **given.get("source", {"nfs": {"server": "s", "path": "/"}}),
    }
    if "attributes" in given:
        spec["volumeAttributesClassName"] = given["attributes"]
    if "reserved" in given or "claim" in given:
        name, _, uid = given.get("claim", given.get("reserved", "")).partition("/")
        spec["claimRef"] = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": "default", "name": name}
        spec["claimRef"] |= {"uid": uid or f"uid-PersistentVolumeClaim-{name}"} if "claim" in given else {}
    return {"annotations": _notes(given), "spec": spec, "status": {"phase": given.get("phase", "Available")}}


def claim(given: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata, spec and status of a claim; one that is Bound has what it asks for."""
    size, access = given.get("size", "1Gi"), given.get("access", _ACCESS)
    spec: dict[str, Any] = {"accessModes": access, "volumeMode": given.get("mode", "Filesystem"), "resources": {"requests": {"storage": size}}}
    for key, name in (("class", "storageClassName"), ("volume", "volumeName"), ("attributes", "volumeAttributesClassName"), ("selector", "selector")):
        if key in given:
            spec[name] = given[key]
    status: dict[str, Any] = {"phase": given.get("phase", "Pending")}
    if status["phase"] == "Bound":
        status |= {"accessModes": access, "capacity": {"storage": size}}
    return {"annotations": _notes(given), "spec": spec, "status": status}


def _notes(given: Mapping[str, Any]) -> dict[str, str]:
    marks = ((_DONE, given.get("done")), (_BY_CONTROLLER, given.get("by") == "controller"))
    return {**given.get("annotations", {}), **{key: "yes" for key, said in marks if said}}


def outcome(obj: Mapping[str, Any]) -> str:
    """What has become of a claim or a volume."""
    spec, notes = obj["spec"], obj["metadata"].get("annotations") or {}
    words = [obj["status"]["phase"]]
    if ref := spec.get("claimRef"):
        words += ["to" if ref.get("uid") == f"uid-PersistentVolumeClaim-{ref['name']}" else "to another" if "uid" in ref else "for", ref["name"]]
    if "volumeName" in spec:
        words += ["to", spec["volumeName"]]
    if obj["kind"] == "PersistentVolumeClaim" and "capacity" in obj["status"]:
        words += ["with", obj["status"]["capacity"]["storage"]]
    words += ["by controller"] if _BY_CONTROLLER in notes else []
    words += ["for good"] if _DONE in notes else []
    return " ".join(words)
