"""HorizontalPodAutoscalers in autoscaling/v1 and in autoscaling/v2, the one made of the other.

What v1 has no fields for it keeps in annotations.

Mirrors: pkg/apis/autoscaling/v1/conversion.go, pkg/apis/autoscaling/helpers.go (1.36)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kplan.model.gotext import go_json, go_struct
from kplan.model.objects import Object
from kplan.model.quantity import Quantity

_PREFIX = "autoscaling.alpha.kubernetes.io/"
_METRICS, _CURRENT, _CONDITIONS, _BEHAVIOR = (_PREFIX + n for n in ("metrics", "current-metrics", "conditions", "behavior"))
_ROUND_TRIP = (_METRICS, _CURRENT, _CONDITIONS, _BEHAVIOR, _PREFIX + "scale-down-tolerance", _PREFIX + "scale-up-tolerance")
_CPU_UTILIZATION = 80
_SPEC_FIELDS = ("scaleTargetRef", "minReplicas", "maxReplicas")
_STATUS_FIELDS = ("observedGeneration", "lastScaleTime", "currentReplicas", "desiredReplicas")
_SOURCES = ("object", "pods", "resource", "containerResource", "external")
_REFERENCE = ("kind", "name", "apiVersion")
Fields = dict[str, Any]


def to_v2(autoscaler: Object) -> Fields:
    """An autoscaler of autoscaling/v1 as autoscaling/v2 has it."""
    meta, spec, status = autoscaler["metadata"], autoscaler.get("spec") or {}, autoscaler.get("status") or {}
    annotations = meta.get("annotations") or {}
    metrics = [_metric_to_v2(m) for m in _stored(annotations, _METRICS) or ()]
    if spec.get("targetCPUUtilizationPercentage") is not None:
        metrics.append(_cpu(spec["targetCPUUtilizationPercentage"]))
    out_spec = {f: spec[f] for f in _SPEC_FIELDS if f in spec}
    out_spec["metrics"] = metrics or [_cpu(_CPU_UTILIZATION)]
    if behavior := _behavior_to_v2(_stored(annotations, _BEHAVIOR)):
        out_spec["behavior"] = behavior
    out_status = {f: status[f] for f in _STATUS_FIELDS if f in status}
    if status.get("currentCPUUtilizationPercentage") is not None:
        current = {"averageUtilization": status["currentCPUUtilizationPercentage"]}
        out_status["currentMetrics"] = [{"type": "Resource", "resource": {"name": "cpu", "current": current}}]
    if (found := _stored(annotations, _CURRENT)) is not None:
        out_status["currentMetrics"] = [_metric_status_to_v2(m) for m in found]
    if (found := _stored(annotations, _CONDITIONS)) is not None:
        out_status["conditions"] = found
    return {**autoscaler, "apiVersion": "autoscaling/v2", "metadata": _without_round_trip(meta), "spec": out_spec, "status": out_status}


def to_v1(autoscaler: Object) -> Fields:
    """An autoscaler of autoscaling/v2 as autoscaling/v1 has it."""
    spec, status = autoscaler.get("spec") or {}, autoscaler.get("status") or {}
    metrics = spec.get("metrics") or []
    out_spec = {f: spec[f] for f in _SPEC_FIELDS if f in spec}
    if cpu := next((m for m in metrics if _is_cpu_utilization(m)), None):
        out_spec["targetCPUUtilizationPercentage"] = cpu["resource"]["target"]["averageUtilization"]
    out_status = {"currentReplicas": 0, "desiredReplicas": 0} | {f: status[f] for f in _STATUS_FIELDS if f in status}
    for metric in status.get("currentMetrics") or ():
        resource = metric.get("resource") or {}
        if resource.get("name") == "cpu" and (used := (resource.get("current") or {}).get("averageUtilization")) is not None:
            out_status["currentCPUUtilizationPercentage"] = used
    meta = _without_round_trip(autoscaler["metadata"])
    added = dict(_annotations(spec, status))
    if added:
        meta = {**meta, "annotations": {**(meta.get("annotations") or {}), **added}}
    return {**autoscaler, "apiVersion": "autoscaling/v1", "metadata": meta, "spec": out_spec, "status": out_status}


def _annotations(spec: Object, status: Object) -> Iterator[tuple[str, str]]:
    """What autoscaling/v1 has no fields for."""
    if others := [m for m in spec.get("metrics") or () if not _is_cpu_utilization(m)]:
        yield _METRICS, go_json([_metric_to_v1(m) for m in others])
    if current := status.get("currentMetrics"):
        yield _CURRENT, go_json([_metric_status_to_v1(m) for m in current])
    if spec.get("behavior") is not None:
        yield _BEHAVIOR, go_json(_behavior_to_v1(spec["behavior"]))
    if conditions := status.get("conditions"):
        fields = ("type", "status", "lastTransitionTime", "reason", "message")
        yield _CONDITIONS, go_json([go_struct({"lastTransitionTime": None, **c}, fields) for c in conditions])


def _stored(annotations: Mapping[str, str], key: str) -> Any:
    """What an annotation holds; None where it is absent or cannot be read."""
    try:
        found = json.loads(annotations[key])
    except (KeyError, ValueError):
        return None
    if key == _BEHAVIOR:
        return found
    readable = isinstance(found, list) and all(isinstance(f, dict) and all(isinstance(f.get(s, {}), dict) for s in _SOURCES) for f in found)
    return found if readable else None


def _without_round_trip(meta: Object) -> Object:
    annotations = meta.get("annotations") or {}
    if not any(a in annotations for a in _ROUND_TRIP):
        return meta
    return {**meta, "annotations": {k: v for k, v in annotations.items() if k not in _ROUND_TRIP}}


def _cpu(percentage: int) -> Fields:
    target = {"type": "Utilization", "averageUtilization": percentage}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def _is_cpu_utilization(metric: Object) -> bool:
    resource = metric.get("resource") or {}
    utilization = (resource.get("target") or {}).get("averageUtilization")
    return metric.get("type") == "Resource" and resource.get("name") == "cpu" and utilization is not None


def _present(**fields: Any) -> Fields:
    return {k: v for k, v in fields.items() if v is not None}


# -- metrics ---------------------------------------------------------------------------------------------------------


def _metric_to_v2(metric: Fields) -> Fields:
    out: Fields = {"type": metric.get("type") or ""}
    for source in _SOURCES:
        if metric.get(source) is not None:
            out[source] = _source_to_v2(source, metric[source])
    return out


def _source_to_v2(source: str, given: Fields) -> Fields:
    if "esource" in source:
        utilization = given.get("targetAverageUtilization")
        target = _present(
            type="AverageValue" if utilization is None else "Utilization",
            averageValue=given.get("targetAverageValue"),
            averageUtilization=utilization,
        )
        return _present(name=given.get("name") or "", container=given.get("container"), target=target)
    metric = _present(name=given.get("metricName") or "", selector=given.get("metricSelector" if source == "external" else "selector"))
    if source == "pods":
        return {"metric": metric, "target": {"type": "AverageValue", "averageValue": given.get("targetAverageValue") or "0"}}
    if source == "external":
        value = given.get("targetValue")
        kind = "AverageValue" if value is None else "Value"
        return {"metric": metric, "target": _present(type=kind, value=value, averageValue=given.get("targetAverageValue"))}
    average, value = given.get("averageValue"), given.get("targetValue") or "0"
    kept = None if average is not None and Quantity.parse(value).is_zero() else value
    target = _present(type="Value" if average is None else "AverageValue", value=kept, averageValue=average)
    described = {f: (given.get("target") or {}).get(f) or "" for f in _REFERENCE}
    return {"describedObject": {k: v for k, v in described.items() if v or k != "apiVersion"}, "metric": metric, "target": target}


def _metric_to_v1(metric: Object) -> Any:
    out: Fields = {"type": metric.get("type") or ""}
    for source in _SOURCES:
        if metric.get(source) is not None:
            out[source] = _source_to_v1(source, metric[source])
    return go_struct(out, ("type", *_SOURCES))


def _source_to_v1(source: str, given: Object) -> Any:
    target, metric = given.get("target") or {}, given.get("metric") or {}
    value, average, selector = target.get("value"), target.get("averageValue"), metric.get("selector")
    if "esource" in source:
        utilization = target.get("averageUtilization")
        row = _present(name=given.get("name"), targetAverageUtilization=utilization, targetAverageValue=average)
        return _row(row | _present(container=given.get("container")), "name targetAverageUtilization targetAverageValue container")
    name = metric.get("name") or ""
    if source == "pods":
        row = _present(metricName=name, targetAverageValue=average or "0", selector=selector)
        return _row(row, "metricName targetAverageValue selector")
    if source == "external":
        row = _present(metricName=name, metricSelector=selector, targetValue=value, targetAverageValue=average)
        return _row(row, "metricName metricSelector targetValue targetAverageValue")
    described = given.get("describedObject") or {}
    reference = go_struct({"kind": "", "name": "", **{k: v for k, v in described.items() if v}}, _REFERENCE)
    row = _present(target=reference, metricName=name, targetValue=value or "0", selector=selector, averageValue=average)
    return _row(row, "target metricName targetValue selector averageValue")


def _row(fields: Fields, order: str) -> Any:
    return go_struct(fields, order.split())


# -- the metrics of a status -----------------------------------------------------------------------------------------


def _metric_status_to_v2(metric: Fields) -> Fields:
    out: Fields = {"type": metric.get("type") or ""}
    for source in _SOURCES:
        given = metric.get(source)
        if given is None:
            continue
        if "esource" in source:
            current = _present(
                averageValue=given.get("currentAverageValue") or "0", averageUtilization=given.get("currentAverageUtilization")
            )
            out[source] = _present(name=given.get("name"), container=given.get("container"), current=current)
            continue
        selector = given.get("metricSelector" if source == "external" else "selector")
        average = given.get("averageValue" if source == "object" else "currentAverageValue")
        value = None if source == "pods" else given.get("currentValue") or "0"
        found = {"metric": _present(name=given.get("metricName") or "", selector=selector), "current": _present(value=value, averageValue=average)}
        out[source] = found | ({"describedObject": given.get("target") or {}} if source == "object" else {})
    return out


def _metric_status_to_v1(metric: Object) -> Any:
    out: Fields = {"type": metric.get("type") or ""}
    for source in _SOURCES:
        given = metric.get(source)
        if given is None:
            continue
        current, named = given.get("current") or {}, given.get("metric") or {}
        value, average, name, selector = current.get("value") or "0", current.get("averageValue"), named.get("name") or "", named.get("selector")
        if "esource" in source:
            used = current.get("averageUtilization")
            row = _present(name=given.get("name"), currentAverageUtilization=used, currentAverageValue=average or "0")
            order = "name currentAverageUtilization currentAverageValue container"
            out[source] = _row(row | _present(container=given.get("container")), order)
        elif source == "pods":
            row = _present(metricName=name, currentAverageValue=average or "0", selector=selector)
            out[source] = _row(row, "metricName currentAverageValue selector")
        elif source == "external":
            row = _present(metricName=name, metricSelector=selector, currentValue=value, currentAverageValue=average)
            out[source] = _row(row, "metricName metricSelector currentValue currentAverageValue")
        else:
            reference = go_struct(dict(given.get("describedObject") or {}), _REFERENCE)
            row = _present(target=reference, metricName=name, currentValue=value, selector=selector, averageValue=average)
            out[source] = _row(row, "target metricName currentValue selector averageValue")
    return go_struct(out, ("type", *_SOURCES))


# -- behaviour -------------------------------------------------------------------------------------------------------

_RULES = ("StabilizationWindowSeconds", "SelectPolicy", "Policies", "Tolerance")
_POLICY = ("Type", "Value", "PeriodSeconds")


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _behavior_to_v2(stored: Any) -> Fields:
    """Behaviour as the annotation holds it: as Go's internal type, its names in any case."""
    if not isinstance(stored, dict):
        return {}
    out: Fields = {}
    for direction, rules in ((_lower(k), v) for k, v in stored.items()):
        if rules is not None and direction in ("scaleUp", "scaleDown"):
            named = {_lower(k): v for k, v in rules.items() if v is not None}
            if named.get("policies") is not None:
                named["policies"] = [{_lower(k): v for k, v in p.items()} for p in named["policies"]]
            out[direction] = named
    return out


def _behavior_to_v1(behavior: Object) -> Any:
    shown: Fields = {}
    for direction in ("ScaleUp", "ScaleDown"):
        rules = behavior.get(_lower(direction))
        if rules is None:
            shown[direction] = None
            continue
        policies = rules.get("policies")
        listed = None if policies is None else [go_struct({f: p.get(_lower(f)) for f in _POLICY}, _POLICY) for p in policies]
        shown[direction] = go_struct({f: rules.get(_lower(f)) for f in _RULES} | {"Policies": listed}, _RULES)
    return go_struct(shown, ("ScaleUp", "ScaleDown"))
