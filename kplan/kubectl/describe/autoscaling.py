"""HorizontalPodAutoscalers, described.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go: describeHorizontalPodAutoscalerV2 (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.kubectl.columns.base import UNSET
from kplan.kubectl.describe.parts import Case, events, head, instant, marks, spec_of, status_of
from kplan.model.objects import get_in


def autoscaler(case: Case) -> None:
    """A HorizontalPodAutoscaler."""
    paper, spec, status = case.paper, spec_of(case.object), status_of(case.object)
    target = spec.get("scaleTargetRef") or {}
    head(case)
    marks(case)
    paper.line(0, "CreationTimestamp", instant(case.meta.get("creationTimestamp")))
    paper.line(0, "Reference", f"{target.get('kind')}/{target.get('name')}")
    paper.line(0, "Metrics", "( current / target )")
    known = status.get("currentMetrics") or []
    for i, metric in enumerate(spec.get("metrics") or ()):
        _metric(case, metric, known[i] if i < len(known) else {})
    paper.line(0, "Min replicas", UNSET if spec.get("minReplicas") is None else spec["minReplicas"])
    paper.line(0, "Max replicas", spec.get("maxReplicas") or 0)
    if spec.get("behavior"):
        paper.line(0, "Behavior")
        for label, field in (("Scale Up", "scaleUp"), ("Scale Down", "scaleDown")):
            _direction(case, label, spec["behavior"].get(field))
    current, desired = status.get("currentReplicas") or 0, status.get("desiredReplicas") or 0
    paper.line(0, f"{target.get('kind')} pods", f"{current} current / {desired} desired")
    if status.get("conditions"):
        paper.line(0, "Conditions")
        paper.write(1, "Type\tStatus\tReason\tMessage\n")
        paper.write(1, "----\t------\t------\t-------\n")
        for c in status["conditions"]:
            paper.write(1, "\t".join([c["type"], c["status"], c.get("reason") or "", c.get("message") or ""]) + "\n")
    events(case)


_SOURCES = {"External": "external", "Pods": "pods", "Object": "object", "Resource": "resource", "ContainerResource": "containerResource"}


def _metric(case: Case, metric: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    source = _SOURCES.get(metric.get("type") or "")
    if source is None:
        case.paper.write(1, f'<unknown metric type "{metric.get("type")}">\n')
        return
    given, now = metric[source], get_in(known, (source, "current")) or {}
    target = given.get("target") or {}
    name = get_in(given, ("metric", "name"), "")
    average = "averageValue" in target
    current, wanted = (now.get("averageValue"), target.get("averageValue")) if average or source == "pods" else (now.get("value"), target.get("value"))
    if source in ("resource", "containerResource"):
        inside = f' of container "{given.get("container")}"' if source == "containerResource" else ""
        label = f"resource {given['name']}{inside} on pods"
        if not average:
            label += "  (as a percentage of request)"
            used, share = now.get("averageUtilization"), target.get("averageUtilization")
            current = None if used is None else f"{used}% ({now.get('averageValue')})"
            wanted = "<auto>" if share is None else f"{share}%"
    elif source == "pods":
        label = f'"{name}" on pods'
    else:
        about = f" on {given['describedObject']['kind']}/{given['describedObject']['name']}" if source == "object" else ""
        label = f'"{name}"{about} (target {"average " if average else ""}value)'
    case.paper.line(1, label, f"{'<unknown>' if current is None else current} / {wanted}")


def _direction(case: Case, title: str, rules: Mapping[str, Any] | None) -> None:
    if rules is None:
        return
    paper = case.paper
    paper.line(1, title)
    if rules.get("stabilizationWindowSeconds") is not None:
        paper.write(2, f"Stabilization Window: {rules['stabilizationWindowSeconds']} seconds\n")
    if rules.get("policies"):
        paper.write(2, f"Select Policy: {rules.get('selectPolicy') or 'Max'}\n")
        paper.line(2, "Policies")
        for p in rules["policies"]:
            paper.write(3, f"- Type: {p['type']}\tValue: {p['value']}\tPeriod: {p['periodSeconds']} seconds\n")


DESCRIBE = {"HorizontalPodAutoscaler.autoscaling": autoscaler}
