"""Pods, described.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go: describePod (1.36)
"""

from __future__ import annotations

from kplan.apiserver.rules.podresources import qos_class
from kplan.kubectl.columns.base import NONE, since
from kplan.kubectl.describe.containers import containers, field_of, resources, scheduling_group, spreading
from kplan.kubectl.describe.parts import (
    Case,
    controller,
    events,
    head,
    instant,
    labels,
    marks,
    spec_of,
    status_of,
    tolerations,
)
from kplan.kubectl.describe.volumes import volumes
from kplan.model.objects import get_in


def pod(case: Case) -> None:
    """A pod."""
    paper, spec, status = case.paper, spec_of(case.object), status_of(case.object)
    head(case)
    for label, field in (
        ("Priority", "priority"),
        ("Priority Class Name", "priorityClassName"),
        ("Runtime Class Name", "runtimeClassName"),
        ("Service Account", "serviceAccountName"),
    ):
        if spec.get(field) not in (None, ""):
            paper.line(0, label, spec[field])
    paper.line(0, "Node", f"{spec['nodeName']}/{status.get('hostIP') or ''}" if spec.get("nodeName") else NONE)
    if status.get("startTime"):
        paper.line(0, "Start Time", instant(status["startTime"]))
    marks(case)
    _state(case)
    paper.line(0, "IP", status.get("podIP") or "")
    _addresses(case)
    if owner := controller(case.object):
        paper.line(0, "Controlled By", owner)
    if status.get("nominatedNodeName"):
        paper.line(0, "NominatedNodeName", status["nominatedNodeName"])
    if spec.get("resources"):
        paper.line(0, "Resources")
        resources(paper, spec["resources"], 1)
    resolve = field_of(case.object)
    if spec.get("initContainers"):
        containers(paper, "Init Containers", spec["initContainers"], status.get("initContainerStatuses") or (), resolve)
    containers(paper, "Containers", spec.get("containers") or (), status.get("containerStatuses") or (), resolve)
    if spec.get("ephemeralContainers"):
        containers(paper, "Ephemeral Containers", spec["ephemeralContainers"], status.get("ephemeralContainerStatuses") or (), resolve)
    _conditions(case)
    volumes(paper, spec.get("volumes"))
    paper.line(0, "QoS Class", status.get("qosClass") or qos_class(case.object["spec"]))
    labels(paper, "Node-Selectors", spec.get("nodeSelector"))
    tolerations(paper, "Tolerations", spec.get("tolerations"))
    spreading(paper, spec.get("topologySpreadConstraints"))
    scheduling_group(paper, spec)
    events(case)


def _state(case: Case) -> None:
    paper, status = case.paper, status_of(case.object)
    phase = status.get("phase") or ""
    if case.meta.get("deletionTimestamp") and phase not in ("Failed", "Succeeded"):
        paper.line(0, "Status", f"Terminating (lasts {since(case.meta['deletionTimestamp'], case.now)})")
        paper.line(0, "Termination Grace Period", f"{case.meta.get('deletionGracePeriodSeconds') or 0}s")
    else:
        paper.line(0, "Status", phase)
    for label, field in (("Reason", "reason"), ("Message", "message")):
        if status.get(field):
            paper.line(0, label, status[field])
    profile = get_in(spec_of(case.object), ("securityContext", "seccompProfile"))
    if profile:
        paper.line(0, "SeccompProfile", profile.get("type"))
        if profile.get("type") == "Localhost":
            paper.line(0, "LocalhostProfile", profile.get("localhostProfile"))


def _addresses(case: Case) -> None:
    ips = status_of(case.object).get("podIPs") or ()
    case.paper.line(0, "IPs", None if ips else NONE)
    for ip in ips:
        case.paper.line(1, "IP", ip.get("ip"))


def _conditions(case: Case) -> None:
    paper, known = case.paper, status_of(case.object).get("conditions") or ()
    gates = spec_of(case.object).get("readinessGates") or ()
    if gates:
        paper.write(0, "Readiness Gates:\n  Type\tStatus\n")
        states = {c["type"]: c.get("status") for c in known}
        for gate in gates:
            paper.write(1, f"{gate['conditionType']} \t{states.get(gate['conditionType'], NONE)} \n")
    if known:
        paper.write(0, "Conditions:\n  Type\tStatus\n")
        for condition in known:
            paper.write(1, f"{condition.get('type')} \t{condition.get('status')} \n")


DESCRIBE = {"Pod": pod}
