"""PodDisruptionBudgets.

Mirrors: pkg/registry/policy/poddisruptionbudget/strategy.go, pkg/apis/policy/validation/validation.go,
         pkg/apis/policy/v1/conversion.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import ROOT, SPEC, Errors, invalid, not_supported
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.metadata import validate_nonnegative
from kplan.apiserver.rules.percentages import validate_at_most_100_percent, validate_int_or_percent
from kplan.apiserver.rules.selectors import validate_conditions, validate_label_selector
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.gotext import GoText, go_json
from kplan.model.objects import Object

_EVICTION_POLICIES = ("AlwaysAllow", "IfHealthyBudget")
_COUNTS = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")


def _prepare_for_create(budget: Draft, _: StrategyContext) -> None:
    budget["status"] = dict.fromkeys(("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods"), 0)


def _validate_spec(spec: Object, *, allow_invalid_values: bool = False) -> Errors:
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if least is not None and most is not None:
        shown = internal_json("policy.PodDisruptionBudgetSpec", spec)
        yield invalid(SPEC, shown, "minAvailable and maxUnavailable cannot be both set")
    for field, value in (("minAvailable", least), ("maxUnavailable", most)):
        if value is not None:
            yield from validate_int_or_percent(value, SPEC.child(field))
            yield from validate_at_most_100_percent(value, SPEC.child(field))
    yield from validate_label_selector(
        spec.get("selector"), SPEC.child("selector"), allow_invalid_values=allow_invalid_values
    )
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in _EVICTION_POLICIES:
        yield not_supported(SPEC.child("unhealthyPodEvictionPolicy"), GoText(go_json(policy)), _EVICTION_POLICIES)


def _validate(budget: Object, _: StrategyContext) -> Errors:
    """The kind itself has no rule for its ObjectMeta; the door has one for all kinds."""
    return _validate_spec(budget.get("spec") or {})


def _validate_update(budget: Object, old: Object, ctx: StrategyContext) -> Errors:
    if ctx.subresource == "status":
        status, path = budget.get("status") or {}, ROOT.child("status")
        yield from validate_conditions(status.get("conditions"), path.child("conditions"))
        for field in _COUNTS:
            yield from validate_nonnegative(status.get(field) or 0, path.child(field))
        return
    selector = (old.get("spec") or {}).get("selector")
    tolerated = any(validate_label_selector(selector, ROOT))
    yield from _validate_spec(budget.get("spec") or {}, allow_invalid_values=tolerated)


STRATEGY = Strategy(
    kind="PodDisruptionBudget.policy",
    prepare_for_create=_prepare_for_create,
    validate=_validate,
    validate_update=_validate_update,
    has_status=True,
)
