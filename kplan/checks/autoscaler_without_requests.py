"""A HorizontalPodAutoscaler wants a share of what pods request, but they request nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.checks.contract import Check, Finding, Subject
from kplan.controllers.podautoscaler.calculator import request_of
from kplan.controllers.podautoscaler.metrics import MetricsUnavailable
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Path, Ref, get_in, group_kind, namespace_of, ref_of
from kplan.model.selectors import from_label_selector
from kplan.store.view import select

_KIND = "HorizontalPodAutoscaler.autoscaling"
_SOURCES = (("Resource", "resource"), ("ContainerResource", "containerResource"))


def run(subject: Subject) -> Iterator[Finding]:
    """Every autoscaler that the plan touches, or whose target it touches."""
    touched = {c.ref for c in subject.plan.changes}
    for scaler in subject.view.objects(_KIND):
        target = _target(scaler)
        workload = subject.view.get(target)
        selector = get_in(workload, ("spec", "selector")) if workload is not None else None
        if not isinstance(selector, Mapping) or not ({ref_of(scaler), target} & touched):
            continue
        pods = select(subject.view, "Pod", target.namespace, from_label_selector(selector))
        for source, path in _shares(scaler):
            if pods and (said := _missing(pods[0], source)):
                name = source.get("name")
                hint = f"give every container a request for {name}, or ask for an averageValue instead of a share"
                yield Finding(ref_of(scaler), f"never scales by {name}: {said}", hint, path)


def _target(scaler: Object) -> Ref:
    named = get_in(scaler, ("spec", "scaleTargetRef")) or {}
    return Ref(group_kind(named.get("apiVersion") or "", named.get("kind") or ""), namespace_of(scaler), named.get("name") or "")


def _shares(scaler: Object) -> Iterator[tuple[Mapping[str, Any], Path]]:
    """The metrics that are measured against requests, and where they stand."""
    for i, metric in enumerate(get_in(scaler, ("spec", "metrics")) or []):
        for kind, field in _SOURCES:
            if metric.get("type") == kind and get_in(metric, (field, "target", "type")) == "Utilization":
                yield metric[field], ("spec", "metrics", i, field)


def _missing(pod: Object, source: Mapping[str, Any]) -> str:
    try:
        request_of(pod, source.get("container") or "", source.get("name") or "")
    except MetricsUnavailable as error:
        return str(error)
    return ""


CHECK = Check("KP807", "an autoscaler whose pods request nothing of what it measures", Severity.WARNING, run)
