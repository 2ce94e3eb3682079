"""The metrics and the behaviour of a HorizontalPodAutoscaler.

Mirrors: pkg/apis/autoscaling/validation/validation.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kplan.apiserver.field import Errors, FieldPath, forbidden, invalid, not_supported, required
from kplan.apiserver.rules.names import each_invalid, is_dns1123_label
from kplan.apiserver.rules.quantities import validate_nonnegative_quantity
from kplan.apiserver.rules.references import validate_segment
from kplan.apiserver.rules.resourcenames import validate_container_resource_name
from kplan.model.gotext import GoText, go_json
from kplan.model.objects import Object
from kplan.model.quantity import Quantity

_LONGEST_PERIOD, _LONGEST_WINDOW = 1800, 3600
_SELECT_POLICIES = ("Disabled", "Max", "Min")
_POLICY_TYPES = ("Percent", "Pods")
_TARGET_TYPES = ("Utilization", "Value", "AverageValue")
_SOURCES = {"Object": "object", "External": "external", "Pods": "pods", "Resource": "resource", "ContainerResource": "containerResource"}
"""Metric types and their fields, in the order in which the fields are looked at."""
_SOURCE_TYPES = ("ContainerResource", "External", "Object", "Pods", "Resource")


@dataclass(frozen=True, slots=True)
class APIVersionRule:
    """How strictly the apiVersion of a reference is taken."""

    allow_empty_group: bool = False
    allow_invalid: bool = False


def api_version_error(reference: Object, rule: APIVersionRule) -> str:
    """What is wrong with the apiVersion of a reference; "" where nothing is."""
    api_version = reference.get("apiVersion") or ""
    if rule.allow_invalid:
        return ""
    if api_version.count("/") > 1:
        return f"unexpected GroupVersion string: {api_version}"
    group = api_version.partition("/")[0] if "/" in api_version else ""
    return "apiVersion must specify API group" if not group and not rule.allow_empty_group else ""


def validate_cross_version_reference(reference: Object, path: FieldPath, rule: APIVersionRule) -> Errors:
    """A reference to an object of another group: what is scaled, what a metric describes."""
    yield from validate_segment(reference, "kind", path)
    yield from validate_segment(reference, "name", path)
    if said := api_version_error(reference, rule):
        yield invalid(path.child("apiVersion"), reference.get("apiVersion") or "", said)


def validate_metrics(metrics: list[Object], path: FieldPath, least: int | None, rule: APIVersionRule) -> Errors:
    """All metrics; scaling to zero needs one that does not come from pods."""
    for i, metric in enumerate(metrics):
        yield from _validate_metric(metric, path.index(i), rule)
    if least == 0 and not any(m.get("type") in ("Object", "External") for m in metrics):
        yield forbidden(path, "must specify at least one Object or External metric to support scaling to zero replicas")


def _validate_metric(metric: Object, path: FieldPath, rule: APIVersionRule) -> Errors:
    kind = metric.get("type") or ""
    known = not_supported(path.child("type"), GoText(go_json(kind)), _SOURCE_TYPES)
    if not kind:
        yield required(path.child("type"), "must specify a metric source type")
    if kind not in _SOURCES:
        yield known
    present = [field for field in _SOURCES.values() if metric.get(field) is not None]
    if present:
        yield from _VALIDATORS[present[0]](metric[present[0]], path.child(present[0]), rule)
    expected = _SOURCES.get(kind)
    if expected is None:
        yield known
    elif expected not in present:
        yield required(path.child(expected), "must populate information for the given metric source")
    if len(present) != 1:
        for field in present:
            if field != expected:
                yield forbidden(path.child(field), "must populate the given metric source only")


def _validate_object(source: Object, path: FieldPath, rule: APIVersionRule) -> Errors:
    yield from validate_cross_version_reference(source.get("describedObject") or {}, path.child("describedObject"), rule)
    yield from _validate_identifier(source.get("metric") or {}, path.child("metric"))
    target, here = source.get("target") or {}, path.child("target")
    yield from _validate_target(target, here)
    if target.get("value") is None and target.get("averageValue") is None:
        yield required(here.child("averageValue"), "must set either a target value or averageValue")


def _validate_external(source: Object, path: FieldPath, _: APIVersionRule) -> Errors:
    yield from _validate_identifier(source.get("metric") or {}, path.child("metric"))
    target, here = source.get("target") or {}, path.child("target")
    yield from _validate_target(target, here)
    value, average = target.get("value"), target.get("averageValue")
    if value is None and average is None:
        yield required(here.child("averageValue"), "must set either a target value for metric or a per-pod target")
    if value is not None and average is not None:
        yield forbidden(here.child("value"), "may not set both a target value for metric and a per-pod target")


def _validate_pods(source: Object, path: FieldPath, _: APIVersionRule) -> Errors:
    yield from _validate_identifier(source.get("metric") or {}, path.child("metric"))
    target, here = source.get("target") or {}, path.child("target")
    yield from _validate_target(target, here)
    if target.get("averageValue") is None:
        yield required(here.child("averageValue"), "must specify a positive target averageValue")


def _validate_container_resource(source: Object, path: FieldPath, _: APIVersionRule) -> Errors:
    name, container = source.get("name") or "", source.get("container") or ""
    if name:
        yield from validate_container_resource_name(name, path.child("name"))
    else:
        yield required(path.child("name"), "must specify a resource name")
    if container:
        yield from each_invalid(path.child("container"), container, is_dns1123_label(container))
    else:
        yield required(path.child("container"), "must specify a container")
    yield from _validate_resource_target(source.get("target") or {}, path.child("target"))


def _validate_resource(source: Object, path: FieldPath, _: APIVersionRule) -> Errors:
    if not source.get("name"):
        yield required(path.child("name"), "must specify a resource name")
    yield from _validate_resource_target(source.get("target") or {}, path.child("target"))


def _validate_resource_target(target: Object, path: FieldPath) -> Errors:
    yield from _validate_target(target, path)
    utilization, average = target.get("averageUtilization"), target.get("averageValue")
    if utilization is None and average is None:
        yield required(path.child("averageUtilization"), "must set either a target raw value or a target utilization")
    if utilization is not None and average is not None:
        yield forbidden(path.child("averageValue"), "may not set both a target raw value and a target utilization")


_VALIDATORS: dict[str, Callable[[Object, FieldPath, APIVersionRule], Errors]] = {
    "object": _validate_object,
    "external": _validate_external,
    "pods": _validate_pods,
    "resource": _validate_resource,
    "containerResource": _validate_container_resource,
}


def _validate_target(target: Object, path: FieldPath) -> Errors:
    kind, utilization = target.get("type") or "", target.get("averageUtilization")
    if not kind:
        yield required(path.child("type"), "must specify a metric target type")
    if kind not in _TARGET_TYPES:
        yield invalid(path.child("type"), GoText(go_json(kind)), "must be either Utilization, Value, or AverageValue")
    for field in ("value", "averageValue"):
        if target.get(field) is not None:
            quantity = Quantity.parse(target[field])
            if quantity.nano <= 0:
                yield invalid(path.child(field), str(quantity), "must be positive")
    if utilization is not None and utilization < 1:
        yield invalid(path.child("averageUtilization"), utilization, "must be greater than 0")


def _validate_identifier(identifier: Object, path: FieldPath) -> Errors:
    if identifier.get("name"):
        yield from validate_segment(identifier, "name", path)
    else:
        yield required(path.child("name"), "must specify a metric name")


def validate_scaling_rules(rules: Object, path: FieldPath) -> Errors:
    """How fast to scale in one direction."""
    window, select, policies = rules.get("stabilizationWindowSeconds"), rules.get("selectPolicy"), rules.get("policies") or []
    here = path.child("stabilizationWindowSeconds")
    if window is not None and window < 0:
        yield invalid(here, window, "must be greater than or equal to zero")
    if window is not None and window > _LONGEST_WINDOW:
        yield invalid(here, window, f"must be less than or equal to {_LONGEST_WINDOW}")
    if select is not None and select not in _SELECT_POLICIES:
        yield not_supported(path.child("selectPolicy"), GoText(go_json(select)), _SELECT_POLICIES)
    if not policies:
        yield required(path.child("policies"), "must specify at least one Policy")
    for i, policy in enumerate(policies):
        yield from _validate_policy(policy, path.child("policies").index(i))
    if rules.get("tolerance") is not None:
        yield from validate_nonnegative_quantity(rules["tolerance"], path.child("tolerance"))


def _validate_policy(policy: Object, path: FieldPath) -> Errors:
    kind, value, period = policy.get("type") or "", policy.get("value") or 0, policy.get("periodSeconds") or 0
    if kind not in _POLICY_TYPES:
        yield not_supported(path.child("type"), GoText(go_json(kind)), _POLICY_TYPES)
    if value <= 0:
        yield invalid(path.child("value"), value, "must be greater than zero")
    if period <= 0:
        yield invalid(path.child("periodSeconds"), period, "must be greater than zero")
    if period > _LONGEST_PERIOD:
        yield invalid(path.child("periodSeconds"), period, f"must be less than or equal to {_LONGEST_PERIOD}")
