"""HorizontalPodAutoscalers, as autoscaling/v2 has them.

Mirrors: pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go, pkg/apis/autoscaling/validation/validation.go,
         pkg/apis/autoscaling/v2/defaults.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.apiserver.field import ROOT, SPEC, Errors, invalid, required
from kplan.apiserver.rules.metadata import validate_nonnegative, validate_object_meta, validate_update_of
from kplan.apiserver.rules.metrics import (
    APIVersionRule,
    api_version_error,
    validate_cross_version_reference,
    validate_metrics,
    validate_scaling_rules,
)
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object

DEFAULT_CPU_UTILIZATION = 80
_METRIC = APIVersionRule(allow_empty_group=True)
_DIRECTIONS = ("scaleUp", "scaleDown")


def _default_metrics() -> list[Any]:
    target = {"type": "Utilization", "averageUtilization": DEFAULT_CPU_UTILIZATION}
    return [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]


def _default_rules(direction: str) -> dict[str, Any]:
    percent = {"type": "Percent", "value": 100, "periodSeconds": 15}
    if direction == "scaleDown":
        return {"selectPolicy": "Max", "policies": [percent]}
    pods = {"type": "Pods", "value": 4, "periodSeconds": 15}
    return {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [pods, percent]}


def _default(autoscaler: Draft, _: StrategyContext) -> None:
    spec = autoscaler["spec"] = autoscaler.get("spec") or {}
    if spec.get("minReplicas") is None:
        spec["minReplicas"] = 1
    if not spec.get("metrics"):
        spec["metrics"] = _default_metrics()
    behavior = spec.get("behavior")
    if behavior is not None:
        for direction in _DIRECTIONS:
            given = {k: v for k, v in (behavior.get(direction) or {}).items() if v is not None}
            behavior[direction] = _default_rules(direction) | given


def _prepare_for_create(autoscaler: Draft, ctx: StrategyContext) -> None:
    autoscaler["status"] = {"desiredReplicas": 0, "currentMetrics": None}
    _drop_tolerance(autoscaler, None, ctx)


def _prepare_for_update(autoscaler: Draft, old: Object, ctx: StrategyContext) -> None:
    _drop_tolerance(autoscaler, old, ctx)


def _rules(autoscaler: Object) -> list[dict[str, Any]]:
    behavior = autoscaler["spec"].get("behavior") or {}
    return [behavior[d] for d in _DIRECTIONS if behavior.get(d) is not None]


def _drop_tolerance(autoscaler: Draft, old: Object | None, ctx: StrategyContext) -> None:
    in_use = old is not None and any(r.get("tolerance") is not None for r in _rules(old))
    if not ctx.gates.on("HPAConfigurableTolerance") and not in_use:
        for rules in _rules(autoscaler):
            rules.pop("tolerance", None)


def _validate(autoscaler: Object, ctx: StrategyContext) -> Errors:
    yield from validate_object_meta(autoscaler["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    yield from _validate_spec(autoscaler["spec"], None, ctx)


def _validate_update(autoscaler: Object, old: Object, ctx: StrategyContext) -> Errors:
    yield from validate_update_of(autoscaler, old)
    if ctx.subresource == "status":
        for field in ("currentReplicas", "desiredReplicas"):
            yield from validate_nonnegative((autoscaler.get("status") or {}).get(field) or 0, ROOT.child("status", field))
    else:
        yield from _validate_spec(autoscaler["spec"], old["spec"], ctx)


def _validate_spec(spec: Object, before: Object | None, ctx: StrategyContext) -> Errors:
    least, most = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    bound = 0 if ctx.gates.on("HPAScaleToZero") or (before or {}).get("minReplicas") == 0 else 1
    if least is not None and least < bound:
        yield invalid(SPEC.child("minReplicas"), least, f"must be greater than or equal to {bound}")
    if most == 0:
        yield required(SPEC.child("maxReplicas"), "must be set and greater than 0")
    elif most < 0:
        yield invalid(SPEC.child("maxReplicas"), most, "must be greater than or equal to 1")
    if least is not None and most < least:
        yield invalid(SPEC.child("maxReplicas"), most, "must be greater than or equal to `minReplicas`")
    target = spec.get("scaleTargetRef") or {}
    yield from validate_cross_version_reference(target, SPEC.child("scaleTargetRef"), _target_rule(target, before))
    yield from validate_metrics(spec.get("metrics") or [], SPEC.child("metrics"), least, _metric_rule(before))
    behavior = spec.get("behavior") or {}
    for direction in _DIRECTIONS:
        if behavior.get(direction) is not None:
            yield from validate_scaling_rules(behavior[direction], SPEC.child("behavior", direction))


def _target_rule(target: Object, before: Object | None) -> APIVersionRule:
    """An apiVersion that was there before is not looked at; a ReplicationController has no group."""
    earlier = before.get("scaleTargetRef") or {} if before is not None else None
    if earlier is not None and all((earlier.get(f) or "") == (target.get(f) or "") for f in ("apiVersion", "kind")):
        return APIVersionRule(allow_invalid=True)
    return APIVersionRule(allow_empty_group=target.get("kind") == "ReplicationController")


def _metric_rule(before: Object | None) -> APIVersionRule:
    described = [m["object"].get("describedObject") or {} for m in (before or {}).get("metrics") or () if m.get("type") == "Object" and m.get("object")]
    if any(api_version_error(d, _METRIC) for d in described):
        return APIVersionRule(allow_empty_group=True, allow_invalid=True)
    return _METRIC


STRATEGY = Strategy(
    kind="HorizontalPodAutoscaler.autoscaling",
    default=_default,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    has_status=True,
    generation_fields=(),
)
