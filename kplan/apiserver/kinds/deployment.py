"""Deployment.

Mirrors: pkg/registry/apps/deployment/strategy.go, pkg/apis/apps/v1/defaults.go, pkg/apis/apps/validation/validation.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import SPEC, Errors, FieldPath, forbidden, invalid, not_supported, required
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.metadata import (
    IMMUTABLE,
    semantically_equal,
    validate_nonnegative,
    validate_object_meta,
    validate_update_of,
)
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.rules.percentages import (
    int_or_percent_value,
    validate_at_most_100_percent,
    validate_int_or_percent,
)
from kplan.apiserver.rules.poddefaults import default_pod_template
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.selectors import selector_json
from kplan.apiserver.rules.statuses import (
    DEPLOYMENT_COUNTS,
    drop_terminating_replicas,
    validate_collisions,
    validate_counts,
)
from kplan.apiserver.rules.workloads import (
    drop_disabled_template_fields,
    template_of,
    template_options,
    template_warnings,
    validate_nonnegative_fields,
    validate_required_selector,
    validate_selected_template,
)
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import EMPTY, Object

KIND = "Deployment.apps"
ROLLBACK = "deprecated.deployment.rollback.to"
_TYPES = ("Recreate", "RollingUpdate")


def _default(draft: Draft, context: StrategyContext) -> None:
    spec = draft.setdefault("spec", {})
    for field, value in (("replicas", 1), ("revisionHistoryLimit", 10), ("progressDeadlineSeconds", 600)):
        if spec.get(field) is None:
            spec[field] = value
    strategy = spec["strategy"] = spec.get("strategy") or {}
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy["rollingUpdate"] = strategy.get("rollingUpdate") or {}
        for field in ("maxUnavailable", "maxSurge"):
            if rolling.get(field) is None:
                rolling[field] = "25%"
    default_pod_template(spec.setdefault("template", {}))


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    draft.pop("status", None)
    drop_disabled_template_fields(draft["spec"]["template"], None, context)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    drop_disabled_template_fields(draft["spec"]["template"], template_of(old), context)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    yield from _validate_spec(obj, template_options(context))


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from validate_update_of(new, old)
    yield from _validate_spec(new, template_options(context, template_of(old)))
    selector = new["spec"].get("selector")
    if not semantically_equal(selector, old["spec"].get("selector")):
        yield invalid(SPEC.child("selector"), None if selector is None else selector_json(selector), IMMUTABLE)


def _validate_spec(obj: Object, options: PodOptions) -> Errors:
    spec = obj.get("spec") or EMPTY
    yield from validate_nonnegative(spec.get("replicas") or 0, SPEC.child("replicas"))
    yield from validate_required_selector(spec.get("selector"), SPEC.child("selector"), "deployment")
    yield from validate_selected_template(spec, SPEC, options)
    yield from _validate_strategy(spec.get("strategy") or EMPTY, SPEC.child("strategy"))
    ready = spec.get("minReadySeconds") or 0
    yield from validate_nonnegative(ready, SPEC.child("minReadySeconds"))
    yield from validate_nonnegative_fields(spec, SPEC, "revisionHistoryLimit")
    revision = (obj["metadata"].get("annotations") or EMPTY).get(ROLLBACK)
    if revision and revision.startswith("-"):
        yield from validate_nonnegative(int(revision), SPEC.child("rollback", "version"))
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None:
        here = SPEC.child("progressDeadlineSeconds")
        yield from validate_nonnegative(deadline, here)
        if deadline <= ready:
            yield invalid(here, deadline, "must be greater than minReadySeconds")


def _validate_strategy(strategy: Object, path: FieldPath) -> Errors:
    kind, rolling, here = strategy.get("type") or "", strategy.get("rollingUpdate"), path.child("rollingUpdate")
    if kind == "Recreate":
        if rolling is not None:
            yield forbidden(here, "may not be specified when strategy `type` is 'Recreate'")
    elif kind != "RollingUpdate":
        yield not_supported(path, internal_json("apps.DeploymentStrategy", strategy), _TYPES)
    elif rolling is None:
        yield required(here, "this should be defaulted and never be nil")
    else:
        unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
        yield from validate_int_or_percent(unavailable, here.child("maxUnavailable"))
        yield from validate_int_or_percent(surge, here.child("maxSurge"))
        if not int_or_percent_value(unavailable) and not int_or_percent_value(surge):
            yield invalid(here.child("maxUnavailable"), unavailable, "may not be 0 when `maxSurge` is 0")
        yield from validate_at_most_100_percent(unavailable, here.child("maxUnavailable"))


def _prepare_for_status(draft: Draft, old: Object, context: StrategyContext) -> None:
    draft["metadata"].pop("labels", None)
    if "labels" in old["metadata"]:
        draft["metadata"]["labels"] = old["metadata"]["labels"]
    drop_terminating_replicas(draft, old, context)


def _validate_status(new: Object, old: Object, _: StrategyContext) -> Errors:
    yield from validate_update_of(new, old)
    yield from validate_counts(new, DEPLOYMENT_COUNTS)
    yield from validate_collisions(new, old)


STRATEGY = Strategy(
    kind=KIND,
    default=_default,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    prepare_for_status=_prepare_for_status,
    validate_status=_validate_status,
    warnings=template_warnings,
    has_status=True,
    generation_fields=("spec", "metadata.annotations"),
)

