"""DeviceTaintRule.

Mirrors: pkg/registry/resource/devicetaintrule/strategy.go, pkg/apis/resource/v1beta2/defaults.go,
         pkg/apis/resource/validation/validation.go (ValidateDeviceTaintRule) (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import ROOT, SPEC, Errors, too_many
from kplan.apiserver.rules.devicenames import (
    validate_dns_label,
    validate_driver_name,
    validate_pool_name,
    validate_taint,
)
from kplan.apiserver.rules.metadata import validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.rules.selectors import validate_conditions
from kplan.apiserver.rules.statuses import keep_metadata
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.instants import write_instant
from kplan.model.objects import EMPTY, Object, get_in

_SELECTOR_RULES = (("driver", validate_driver_name), ("pool", validate_pool_name), ("device", validate_dns_label))
_MOST_CONDITIONS = 8


def _default(rule: Draft, context: StrategyContext) -> None:
    taint = rule.setdefault("spec", {}).setdefault("taint", {})
    if taint.get("timeAdded") is None:
        taint["timeAdded"] = write_instant(context.now)


def _prepare_for_update(rule: Draft, old: Object, context: StrategyContext) -> None:
    """A new effect is a new taint, unless the user says since when it has been there."""
    taint, before = rule["spec"]["taint"], get_in(old, ("spec", "taint"), EMPTY)
    if taint.get("effect") != before.get("effect") and taint.get("timeAdded") == before.get("timeAdded"):
        taint["timeAdded"] = write_instant(context.now)


def _validate(rule: Object, _: StrategyContext) -> Errors:
    yield from validate_object_meta(rule["metadata"], namespaced=False, name_rule=name_is_dns_subdomain)
    yield from _validate_spec(rule["spec"], None)


def _validate_spec(spec: Object, effect: str | None) -> Errors:
    selector, path = spec.get("deviceSelector") or EMPTY, SPEC.child("deviceSelector")
    for field, check in _SELECTOR_RULES:
        if (value := selector.get(field)) is not None:
            yield from check(value, path.child(field))
    yield from validate_taint(spec.get("taint") or EMPTY, SPEC.child("taint"), effect)


def _validate_update(rule: Object, old: Object, _: StrategyContext) -> Errors:
    yield from validate_update_of(rule, old)
    yield from _validate_spec(rule["spec"], get_in(old, ("spec", "taint", "effect"), ""))


def _validate_status(rule: Object, old: Object, _: StrategyContext) -> Errors:
    conditions, path = (rule.get("status") or EMPTY).get("conditions") or (), ROOT.child("status", "conditions")
    yield from validate_update_of(rule, old)
    yield from validate_conditions(conditions, path)
    if len(conditions) > _MOST_CONDITIONS:
        yield too_many(path, len(conditions), _MOST_CONDITIONS)


STRATEGY = Strategy(
    kind="DeviceTaintRule.resource.k8s.io",
    default=_default,
    prepare_for_update=_prepare_for_update,
    prepare_for_status=keep_metadata,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    has_status=True,
)
