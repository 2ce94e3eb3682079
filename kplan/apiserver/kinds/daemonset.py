"""DaemonSet.

Mirrors: pkg/registry/apps/daemonset/strategy.go, pkg/apis/apps/v1/{defaults,conversion}.go,
         pkg/apis/apps/validation/validation.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kplan.apiserver.field import SPEC, Errors, FieldPath, invalid, not_supported, required
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.outcome import Status, bad_request
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
from kplan.apiserver.rules.podtemplates import validate_pod_template_spec
from kplan.apiserver.rules.podwarnings import pod_template_warnings
from kplan.apiserver.rules.selectors import (
    has_invalid_label_value,
    is_valid_selector,
    selector_json,
    validate_label_selector,
)
from kplan.apiserver.rules.statuses import DAEMON_COUNTS, validate_collisions, validate_counts
from kplan.apiserver.rules.workloads import (
    NO_MATCH,
    TEMPLATE,
    drop_disabled_template_fields,
    is_empty_selector,
    selector_matches,
    template_labels,
    template_of,
    template_options,
    validate_always_restarted,
    validate_nonnegative_fields,
)
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.integers import complaint
from kplan.model.objects import EMPTY, Object, annotations_of

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
_TYPES = ("RollingUpdate", "OnDelete")


def _default(draft: Draft, context: StrategyContext) -> None:
    spec = draft.setdefault("spec", {})
    strategy = spec["updateStrategy"] = spec.get("updateStrategy") or {}
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy["rollingUpdate"] = strategy.get("rollingUpdate") or {}
        for field, value in (("maxUnavailable", 1), ("maxSurge", 0)):
            if rolling.get(field) is None:
                rolling[field] = value
    elif (rolling := strategy.get("rollingUpdate")) is not None:
        # The internal type has no room for counts that are absent.
        strategy["rollingUpdate"] = {"maxUnavailable": 0, "maxSurge": 0, **rolling}
    if spec.get("revisionHistoryLimit") is None:
        spec["revisionHistoryLimit"] = 10
    default_pod_template(spec.setdefault("template", {}))


def _begin(draft: Draft, old: Object | None, context: StrategyContext) -> Status | None:
    """The generation of the template is kept in an annotation, which must be a number."""
    text = annotations_of(draft).get(TEMPLATE_GENERATION, "0")
    if wrong := complaint(text):
        said = f'strconv.ParseInt: parsing "{text}": {wrong}'
        return bad_request(f'DaemonSet in version "v1" cannot be handled as a DaemonSet: {said}')
    return None


def _set_template_generation(draft: Draft, value: int) -> None:
    draft["metadata"]["annotations"] = {**annotations_of(draft), TEMPLATE_GENERATION: str(value)}


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    draft["status"] = dict.fromkeys(("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"), 0)
    _set_template_generation(draft, max(1, int(annotations_of(draft).get(TEMPLATE_GENERATION, "0"))))
    drop_disabled_template_fields(draft["spec"]["template"], None, context)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    drop_disabled_template_fields(draft["spec"]["template"], template_of(old), context)
    generation = int(annotations_of(old).get(TEMPLATE_GENERATION, "0"))
    changed = not semantically_equal(template_of(draft), template_of(old))
    _set_template_generation(draft, generation + changed)


def _prepare_for_status(draft: Draft, old: Object, context: StrategyContext) -> None:
    _set_template_generation(draft, int(annotations_of(old).get(TEMPLATE_GENERATION, "0")))


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    yield from _validate_spec(obj.get("spec") or EMPTY, template_options(context))


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    options = template_options(context, template_of(old))
    if has_invalid_label_value(old["spec"].get("selector")):
        options = replace(options, allow_invalid_label_values=True)
    yield from validate_update_of(new, old)
    selector = new["spec"].get("selector")
    if not semantically_equal(selector, old["spec"].get("selector")):
        yield invalid(SPEC.child("selector"), None if selector is None else selector_json(selector), IMMUTABLE)
    yield from _validate_spec(new["spec"], options)


def _validate_spec(spec: Object, options: PodOptions) -> Errors:
    selector, template, here = spec.get("selector"), spec.get("template") or EMPTY, SPEC.child("selector")
    yield from validate_label_selector(selector, here, allow_invalid_values=options.allow_invalid_label_values)
    if is_valid_selector(selector) and not selector_matches(selector, template):
        yield invalid(TEMPLATE.child("metadata", "labels"), template_labels(template), NO_MATCH)
    if selector is not None and is_empty_selector(selector):
        yield invalid(here, selector_json(selector), "empty selector is invalid for daemonset")
    yield from validate_pod_template_spec(template, TEMPLATE, options)
    yield from validate_always_restarted(template, TEMPLATE, "DaemonSet")
    yield from validate_nonnegative(spec.get("minReadySeconds") or 0, SPEC.child("minReadySeconds"))
    yield from _validate_strategy(spec.get("updateStrategy") or EMPTY, SPEC.child("updateStrategy"))
    yield from validate_nonnegative_fields(spec, SPEC, "revisionHistoryLimit")


def _validate_strategy(strategy: Object, path: FieldPath) -> Errors:
    kind, rolling, here = strategy.get("type") or "", strategy.get("rollingUpdate"), path.child("rollingUpdate")
    if kind == "OnDelete":
        return
    if kind != "RollingUpdate":
        yield not_supported(path, internal_json("apps.DaemonSetUpdateStrategy", strategy), _TYPES)
        return
    if rolling is None:
        yield required(here)
        return
    unavailable, surge = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    for field, value in (("maxUnavailable", unavailable), ("maxSurge", surge)):
        yield from validate_int_or_percent(value, here.child(field))
    for field, value in (("maxUnavailable", unavailable), ("maxSurge", surge)):
        yield from validate_at_most_100_percent(value, here.child(field))
    has_unavailable, has_surge = int_or_percent_value(unavailable) != 0, int_or_percent_value(surge) != 0
    if has_unavailable and has_surge:
        yield invalid(here.child("maxSurge"), surge, "may not be set when maxUnavailable is non-zero")
    elif not has_unavailable and not has_surge:
        yield required(here.child("maxUnavailable"), "cannot be 0 when maxSurge is 0")


def _validate_status(new: Object, old: Object, _: StrategyContext) -> Errors:
    yield from validate_update_of(new, old)
    yield from validate_counts(new, DAEMON_COUNTS)
    yield from validate_collisions(new, old)


def _warnings(new: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    if old is None or annotations_of(new).get(TEMPLATE_GENERATION) != annotations_of(old).get(TEMPLATE_GENERATION):
        yield from pod_template_warnings(template_of(new), TEMPLATE, context.gates)


STRATEGY = Strategy(
    kind="DaemonSet.apps",
    default=_default,
    begin=_begin,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    prepare_for_status=_prepare_for_status,
    validate_status=_validate_status,
    warnings=_warnings,
    has_status=True,
)
