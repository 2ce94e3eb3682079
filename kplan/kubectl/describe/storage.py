"""Volumes, claims and classes, described.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.kubectl.columns.base import NONE, labels_text, since
from kplan.kubectl.columns.storage import class_of, modes_text
from kplan.kubectl.describe.parts import Case, events, head, instant, marks, rows, spec_of, status_of, yes_or_no
from kplan.kubectl.describe.volumes import claim, source
from kplan.model.gotext import go_text
from kplan.model.objects import Object, get_in

_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def _phase(case: Case) -> str:
    if case.meta.get("deletionTimestamp"):
        return f"Terminating (lasts {since(case.meta['deletionTimestamp'], case.now)})"
    return str(status_of(case.object).get("phase") or "")


def volume(case: Case) -> None:
    """A PersistentVolume."""
    paper, spec = case.paper, spec_of(case.object)
    head(case, namespace=False)
    marks(case)
    paper.line(0, "Finalizers", go_text(list(case.meta.get("finalizers") or [])))
    paper.line(0, "StorageClass", class_of(case.object))
    paper.line(0, "Status", _phase(case))
    ref = spec.get("claimRef")
    paper.line(0, "Claim", f"{ref.get('namespace', '')}/{ref.get('name', '')}" if ref else "")
    paper.line(0, "Reclaim Policy", spec.get("persistentVolumeReclaimPolicy") or "")
    paper.line(0, "Access Modes", modes_text(spec.get("accessModes") or ()))
    if spec.get("volumeMode"):
        paper.line(0, "VolumeMode", spec["volumeMode"])
    paper.line(0, "Capacity", get_in(spec, ("capacity", "storage"), "0"))
    _affinity(case)
    paper.line(0, "Message", status_of(case.object).get("message") or "")
    paper.line(0, "Source")
    source(paper, spec, persistent=True)
    events(case)


def _affinity(case: Case) -> None:
    required = get_in(spec_of(case.object), ("nodeAffinity", "required"))
    if not required:
        case.paper.line(0, "Node Affinity", NONE)
        return
    case.paper.line(0, "Node Affinity", "")
    terms = required.get("nodeSelectorTerms") or ()
    case.paper.line(1, "Required Terms", "" if terms else NONE)
    for i, term in enumerate(terms):
        _expressions(case, 2, f"Term {i}", (_requirement(e) for e in term.get("matchExpressions") or ()))


def _requirement(expression: Mapping[str, Any]) -> str:
    values = f" [{', '.join(expression['values'])}]" if expression.get("values") else ""
    return f"{expression['key']} {(expression.get('operator') or 'in').lower()}{values}"


def _expressions(case: Case, level: int, title: str, lines: Iterable[str]) -> None:
    every = list(lines)
    case.paper.write(level, f"{title}:\t{every[0] if every else NONE}\n")
    for line in every[1:]:
        case.paper.write(level, f"\t{line}\n")


def volume_claim(case: Case) -> None:
    """A PersistentVolumeClaim."""
    paper = case.paper
    claim(paper, case.object, state=_phase(case))
    users = [p["metadata"]["name"] for p in case.find("Pod", case.meta["namespace"]) if _uses(p, case.object)]
    rows(paper, "Used By", sorted(users))
    found = status_of(case.object).get("conditions") or ()
    if found:
        paper.line(0, "Conditions")
        paper.write(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage\n")
        paper.write(1, "----\t------\t-----------------\t------------------\t------\t-------\n")
        for c in found:
            times = f"{instant(c.get('lastProbeTime'))} \t{instant(c.get('lastTransitionTime'))}"
            paper.write(1, f"{c.get('type')} \t{c.get('status')} \t{times} \t{c.get('reason') or ''} \t{c.get('message') or ''}\n")
    events(case)


def _uses(pod: Object, obj: Object) -> bool:
    name = obj["metadata"]["name"]
    for given in spec_of(pod).get("volumes") or ():
        if get_in(given, ("persistentVolumeClaim", "claimName")) == name:
            return True
        if "ephemeral" in given and f"{pod['metadata']['name']}-{given['name']}" == name:
            return any(r.get("uid") == pod["metadata"].get("uid") for r in obj["metadata"].get("ownerReferences") or ())
    return False


def storage_class(case: Case) -> None:
    """A StorageClass."""
    paper, obj = case.paper, case.object
    marked = case.meta.get("annotations") or {}
    head(case, namespace=False)
    paper.line(0, "IsDefaultClass", "Yes" if any(marked.get(a) == "true" for a in _DEFAULT) else "No")
    paper.line(0, "Annotations", labels_text(marked))
    paper.line(0, "Provisioner", obj.get("provisioner") or "")
    paper.line(0, "Parameters", labels_text(obj.get("parameters")))
    paper.line(0, "AllowVolumeExpansion", yes_or_no(obj.get("allowVolumeExpansion")))
    options = obj.get("mountOptions") or ()
    paper.line(0, "MountOptions", None if options else NONE)
    for option in options:
        paper.write(1, f"{option}\n")
    for label, field in (("ReclaimPolicy", "reclaimPolicy"), ("VolumeBindingMode", "volumeBindingMode")):
        if obj.get(field):
            paper.line(0, label, obj[field])
    if obj.get("allowedTopologies"):
        paper.line(0, "AllowedTopologies", "")
        for i, term in enumerate(obj["allowedTopologies"]):
            _expressions(case, 1, f"Term {i}", (_requirement(e) for e in term.get("matchLabelExpressions") or ()))
    events(case)


def attributes_class(case: Case) -> None:
    """A VolumeAttributesClass."""
    paper, obj = case.paper, case.object
    paper.line(0, "Name", case.meta["name"])
    paper.line(0, "Annotations", labels_text(case.meta.get("annotations")))
    paper.line(0, "DriverName", obj.get("driverName") or "")
    paper.line(0, "Parameters", labels_text(obj.get("parameters")))
    events(case)


def csi_node(case: Case) -> None:
    """A CSINode: the drivers on a node."""
    paper = case.paper
    paper.line(0, "Name", case.meta["name"])
    marks(case)
    paper.line(0, "CreationTimestamp", instant(case.meta.get("creationTimestamp")))
    paper.line(0, "Spec")
    drivers = spec_of(case.object).get("drivers")
    if drivers is not None:
        paper.line(1, "Drivers")
    for driver in drivers or ():
        paper.line(2, driver["name"])
        paper.line(3, "Node ID", driver.get("nodeID") or "")
        if get_in(driver, ("allocatable", "count")) is not None:
            paper.line(3, "Allocatables")
            paper.line(4, "Count", driver["allocatable"]["count"])
        if driver.get("topologyKeys") is not None:
            paper.line(3, "Topology Keys", go_text(list(driver["topologyKeys"])))
    events(case)


DESCRIBE = {
    "PersistentVolume": volume,
    "PersistentVolumeClaim": volume_claim,
    "StorageClass.storage.k8s.io": storage_class,
    "VolumeAttributesClass.storage.k8s.io": attributes_class,
    "CSINode.storage.k8s.io": csi_node,
}
