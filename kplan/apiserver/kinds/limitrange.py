"""LimitRanges.

Mirrors: pkg/registry/core/limitrange/strategy.go, pkg/apis/core/validation/validation.go: ValidateLimitRange,
         pkg/apis/core/v1/defaults.go: SetDefaults_LimitRangeItem (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, nan

from kplan.apiserver.field import SPEC, Errors, FieldPath, duplicate, forbidden, invalid, required
from kplan.apiserver.rules.metadata import validate_object_meta
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.rules.persistentvolumes import round_resource_list
from kplan.apiserver.rules.resourcenames import (
    is_overcommit_allowed,
    validate_limit_resource_name,
    validate_limit_type,
)
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.names import Names
from kplan.model.objects import Object
from kplan.model.quantity import NANO, Quantity

_LISTS = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
_DEFAULTS = ("default", "defaultRequest")
_MOST_MILLI = (2**63 - 1) // 1000
Bounds = Mapping[str, Mapping[str, Quantity]]
"""The quantities of one item: of ``max`` and the others, by resource."""


def _default(limits: Draft, _: StrategyContext) -> None:
    spec = limits["spec"] = limits.get("spec") or {}
    # The server writes "limits: null" where there are none.
    spec.setdefault("limits", None)
    for item in spec["limits"] or ():
        if item.get("type") == "Container":
            limit, request = ({**(item.get(f) or {})} for f in _DEFAULTS)
            for source, target in ((item.get("max"), limit), (limit, request), (item.get("min"), request)):
                for name, amount in (source or {}).items():
                    target.setdefault(name, amount)
            item["default"], item["defaultRequest"] = limit, request
        for field in _LISTS:
            round_resource_list(item.get(field))


def _prepare_for_create(limits: Draft, ctx: StrategyContext) -> None:
    if not limits["metadata"].get("name"):
        names: Names = ctx.memo.get("names") or Names()
        limits["metadata"]["name"] = names.uid(f"LimitRange/{limits['metadata'].get('namespace')}")


def _validate(limits: Object, _: StrategyContext) -> Errors:
    yield from validate_object_meta(limits["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    seen: set[str] = set()
    for i, item in enumerate((limits.get("spec") or {}).get("limits") or ()):
        path, kind = SPEC.child("limits").index(i), item.get("type") or ""
        yield from validate_limit_type(kind, path.child("type"))
        if kind in seen:
            yield duplicate(path.child("type"), kind)
        seen.add(kind)
        yield from _validate_item(item, kind, path)


def _validate_item(item: Object, kind: str, path: FieldPath) -> Errors:
    bounds: dict[str, dict[str, Quantity]] = {}
    for field in _LISTS:
        given = item.get(field) or {}
        if kind == "Pod" and field in _DEFAULTS:
            if given:
                yield forbidden(path.child(field), "may not be specified when `type` is 'Pod'")
            given = {}
        if field == "maxLimitRequestRatio" and kind == "PersistentVolumeClaim":
            if "storage" not in {*(item.get("min") or ()), *(item.get("max") or ())}:
                said = "either minimum or maximum storage value is required, but neither was provided"
                yield required(path.child("limits"), said)
        for name in given:
            yield from validate_limit_resource_name(kind, name, path.child(field).key(name))
        bounds[field] = {name: Quantity.parse(amount) for name, amount in given.items()}
    for name in dict.fromkeys(n for field in _LISTS for n in bounds[field]):
        yield from _validate_order(name, bounds, path)


def _validate_order(name: str, bounds: Bounds, path: FieldPath) -> Errors:
    low, high, limit, request, ratio = (bounds[f].get(name) for f in ("min", "max", "default", "defaultRequest", "maxLimitRequestRatio"))
    at = {f: path.child(f).key(name) for f in _LISTS}
    if low and high and low > high:
        yield invalid(at["min"], str(low), f"min value {low} is greater than max value {high}")
    if request and low and low > request:
        yield invalid(at["defaultRequest"], str(request), f"min value {low} is greater than default request value {request}")
    if request and high and request > high:
        yield invalid(at["defaultRequest"], str(request), f"default request value {request} is greater than max value {high}")
    if request and limit and request > limit:
        said = f"default request value {request} is greater than default limit value {limit}"
        yield invalid(at["defaultRequest"], str(request), said)
    if limit and low and low > limit:
        yield invalid(at["default"], str(low), f"min value {low} is greater than default value {limit}")
    if limit and high and limit > high:
        yield invalid(at["default"], str(high), f"default value {limit} is greater than max value {high}")
    if ratio and ratio.nano < NANO:
        yield invalid(at["maxLimitRequestRatio"], str(ratio), f"ratio {ratio} is less than 1")
    if ratio and low and high:
        asked, possible = _ratios(ratio, low, high)
        if asked > possible:
            yield invalid(at["maxLimitRequestRatio"], str(ratio), f"ratio {ratio} is greater than max/min = {_go_f(possible)}")
    if limit and request and limit != request and not is_overcommit_allowed(name):
        said = f"default value {limit} must equal to defaultRequest value {request} in {name}"
        yield invalid(at["defaultRequest"], str(request), said)


def _ratios(ratio: Quantity, low: Quantity, high: Quantity) -> tuple[float, float]:
    if all(q.value() < _MOST_MILLI for q in (ratio, low, high)):
        asked, least, most = ratio.milli_value() / 1000, low.milli_value(), high.milli_value()
    else:
        asked, least, most = float(ratio.value()), low.value(), high.value()
    if least:
        return asked, most / least
    return asked, nan if not most else inf if most > 0 else -inf


def _go_f(value: float) -> str:
    return {inf: "+Inf", -inf: "-Inf"}.get(value, "NaN" if value != value else f"{value:f}")


def _validate_update(limits: Object, _: Object, ctx: StrategyContext) -> Errors:
    return _validate(limits, ctx)


STRATEGY = Strategy(
    kind="LimitRange",
    default=_default,
    prepare_for_create=_prepare_for_create,
    validate=_validate,
    validate_update=_validate_update,
    generation_fields=(),
    allow_create_on_update=True,
)
