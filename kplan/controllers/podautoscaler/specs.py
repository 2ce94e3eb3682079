"""What each metric of an autoscaler proposes, and how it is shown in the status.

Mirrors: pkg/controller/podautoscaler/horizontal.go (computeReplicasForMetrics, computeStatusFor…) (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kplan.controllers.podautoscaler.calculator import Calculator, Proposal
from kplan.controllers.podautoscaler.metrics import MetricsUnavailable
from kplan.controllers.scale import Scale
from kplan.model.quantity import BINARY_SI, Quantity, parse_or_zero
from kplan.model.selectors import EVERYTHING, Selector, from_label_selector, spelled_as_go

Json = Mapping[str, Any]


class Failed(Exception):
    """A metric that could not be had: the reason of the condition, what it says, and what the sum of all says."""

    def __init__(self, reason: str, cause: str, summary: str) -> None:
        super().__init__(summary)
        self.reason, self.cause = reason, cause


class Proposed(NamedTuple):
    """Replicas, the name of the metric in words, and its status."""

    replicas: int
    name: str
    status: Json


def propose(spec: Json, scale: Scale, calculator: Calculator) -> Proposed:
    """What one metric asks for.

    Raises: Failed.
    """
    match spec["type"]:
        case "Resource":
            return _resource(spec["resource"], scale, calculator, "")
        case "ContainerResource":
            return _resource(spec["containerResource"], scale, calculator, spec["containerResource"]["container"])
        case "Pods":
            return _pods(spec["pods"], scale, calculator)
        case "Object":
            return _object(spec["object"], scale, calculator)
        case "External":
            return _external(spec["external"], scale, calculator)
    said = f'unknown metric source type "{spec["type"]}"'
    raise Failed("InvalidMetricSourceType", said, said)


def _resource(source: Json, scale: Scale, calculator: Calculator, container: str) -> Proposed:
    name, target = source["name"], source["target"]
    kind = "FailedGetContainerResourceMetric" if container else "FailedGetResourceMetric"
    subject = f"{container} container metric value" if container else f"{name} resource metric value"
    try:
        if target.get("averageValue") is not None:
            what = "usage"
            wanted = parse_or_zero(target["averageValue"]).milli_value()
            found = calculator.resource_value(scale.replicas, wanted, name, container)
            words = f"{name} resource"
        else:
            what = "utilization"
            found = calculator.resource_utilization(scale.replicas, target.get("averageUtilization") or 0, name, container)
            words = f"{name} {'container ' if container else ''}resource utilization (percentage of request)"
    except MetricsUnavailable as error:
        said = f"failed to get {name} {what}: {error}"
        raise Failed(kind, said, f"failed to get {subject}: {said}") from None
    current: dict[str, Any] = {"averageValue": _quantity(found.usage, binary=name == "memory")}
    if found.utilization is not None:
        current["averageUtilization"] = found.utilization
    if container:
        return Proposed(found.replicas, words, {"type": "ContainerResource", "containerResource": {"name": name, "container": container, "current": current}})
    return Proposed(found.replicas, words, {"type": "Resource", "resource": {"name": name, "current": current}})


def _pods(source: Json, scale: Scale, calculator: Calculator) -> Proposed:
    metric = source["metric"]
    try:
        wanted = parse_or_zero(source["target"].get("averageValue")).milli_value()
        found = calculator.pods_metric(scale.replicas, wanted, metric["name"], _selector(metric))
    except MetricsUnavailable as error:
        raise Failed("FailedGetPodsMetric", str(error), f"failed to get pods metric value: {error}") from None
    status = {"type": "Pods", "pods": {"metric": metric, "current": {"averageValue": _quantity(found.usage)}}}
    return Proposed(found.replicas, f"pods metric {metric['name']}", status)


def _object(source: Json, scale: Scale, calculator: Calculator) -> Proposed:
    metric, target, ref = source["metric"], source["target"], source["describedObject"]
    namespace = calculator.namespace
    try:
        try:
            usage = calculator.metrics.of_object(metric["name"], namespace, ref, _selector(metric))
        except MetricsUnavailable as error:
            raise MetricsUnavailable(f"unable to get metric {metric['name']}: {error} on {ref['kind']} {namespace}/{ref['name']}") from None
        found, key = _whole_or_per_pod(target, usage, scale, calculator)
    except MetricsUnavailable as error:
        said = str(error) if target["type"] == "Value" else f"failed to get {metric['name']} object metric: {error}"
        raise Failed("FailedGetObjectMetric", str(error), f"failed to get object metric value: {said}") from None
    name = f"{ref['kind']} metric {metric['name']}" if key == "value" else f"external metric {metric['name']}({spelled_as_go(metric.get('selector'))})"
    status = {"type": "Object", "object": {"metric": metric, "describedObject": ref, "current": {key: _quantity(found.usage)}}}
    return Proposed(found.replicas, name, status)


def _external(source: Json, scale: Scale, calculator: Calculator) -> Proposed:
    metric, target = source["metric"], source["target"]
    name = metric["name"]
    try:
        try:
            usage = sum(calculator.metrics.of_outside(name, calculator.namespace, _selector(metric)))
        except MetricsUnavailable as error:
            raise MetricsUnavailable(f"unable to get external metric {calculator.namespace}/{name}/{spelled_as_go(metric.get('selector'))}: {error}") from None
        found, key = _whole_or_per_pod(target, usage, scale, calculator)
    except MetricsUnavailable as error:
        per_pod = target.get("averageValue") is not None
        said = f"failed to get {name} external metric: {error}" if per_pod else f"failed to get external metric {name}: {error}"
        raise Failed("FailedGetExternalMetric", str(error), f"failed to get {name} external metric value: {said}") from None
    status = {"type": "External", "external": {"metric": metric, "current": {key: _quantity(found.usage)}}}
    return Proposed(found.replicas, f"external metric {name}({spelled_as_go(metric.get('selector'))})", status)


def _whole_or_per_pod(target: Json, usage: int, scale: Scale, calculator: Calculator) -> tuple[Proposal, str]:
    if target.get("averageValue") is not None:
        wanted = parse_or_zero(target["averageValue"]).milli_value()
        return calculator.per_pod(scale.status_replicas, wanted, usage), "averageValue"
    return calculator.total(scale.replicas, parse_or_zero(target.get("value")).milli_value(), usage), "value"


def _selector(metric: Json) -> Selector:
    return from_label_selector(metric["selector"]) if metric.get("selector") is not None else EVERYTHING


def _quantity(milli: int, *, binary: bool = False) -> str:
    return str(Quantity(milli * 10**6, BINARY_SI) if binary else Quantity(milli * 10**6))
