"""StatefulSet.

Mirrors: pkg/registry/apps/statefulset/strategy.go, pkg/apis/apps/v1/{defaults,conversion}.go,
         pkg/apis/apps/validation/validation.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kplan.apiserver.field import SPEC, Errors, FieldPath, forbidden, invalid, not_supported, required
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.metadata import (
    semantically_equal,
    validate_annotations,
    validate_nonnegative,
    validate_object_meta,
    validate_update_of,
)
from kplan.apiserver.rules.names import each_invalid, is_dns1123_label, name_is_dns_label
from kplan.apiserver.rules.percentages import (
    int_or_percent_value,
    validate_at_most_100_percent,
    validate_int_or_percent,
)
from kplan.apiserver.rules.persistentvolumeclaims import claim_spec_warnings, default_claim_spec, validate_claim_spec
from kplan.apiserver.rules.persistentvolumes import round_resource_list
from kplan.apiserver.rules.poddefaults import default_pod_template
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.podtemplates import validate_pod_annotations, validate_pod_template_spec
from kplan.apiserver.rules.selectors import is_valid_selector, selector_json, validate_labels
from kplan.apiserver.rules.statuses import STATEFUL_COUNTS, leave_as_is, validate_collisions, validate_counts
from kplan.apiserver.rules.workloads import (
    NO_MATCH,
    TEMPLATE,
    drop_disabled_template_fields,
    is_empty_selector,
    selector_matches,
    template_labels,
    template_of,
    template_options,
    template_warnings,
    validate_always_restarted,
    validate_required_selector,
)
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import EMPTY, Object, get_in, replace_in

_RETENTION = ("whenDeleted", "whenScaled")
_POLICIES = ("Retain", "Delete")
_MUTABLE = (
    "replicas",
    "template",
    "updateStrategy",
    "minReadySeconds",
    "ordinals",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
)
_FORBIDDEN = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


def _default(draft: Draft, context: StrategyContext) -> None:
    spec = draft.setdefault("spec", {})
    if not spec.get("podManagementPolicy"):
        spec["podManagementPolicy"] = "OrderedReady"
    strategy = spec["updateStrategy"] = spec.get("updateStrategy") or {}
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        if strategy.get("rollingUpdate") is None:
            strategy["rollingUpdate"] = {}
    rolling = strategy.get("rollingUpdate")
    if strategy["type"] == "RollingUpdate" and rolling is not None:
        if rolling.get("partition") is None:
            rolling["partition"] = 0
        if context.gates.on("MaxUnavailableStatefulSet") and rolling.get("maxUnavailable") is None:
            rolling["maxUnavailable"] = 1
    retention = spec["persistentVolumeClaimRetentionPolicy"] = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for field in _RETENTION:
        if not retention.get(field):
            retention[field] = "Retain"
    for field, value in (("replicas", 1), ("revisionHistoryLimit", 10)):
        if spec.get(field) is None:
            spec[field] = value
    default_pod_template(spec.setdefault("template", {}))
    for claim in spec.get("volumeClaimTemplates") or ():
        claim["apiVersion"], claim["kind"] = "v1", "PersistentVolumeClaim"
        default_claim_spec(claim.setdefault("spec", {}))
        status = claim.setdefault("status", {})
        if not status.get("phase"):
            status["phase"] = "Pending"
        for field in ("capacity", "allocatedResources"):
            round_resource_list(status.get(field))


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    draft["status"] = {"replicas": 0, "availableReplicas": 0}
    _drop_max_unavailable(draft, None, context)
    drop_disabled_template_fields(draft["spec"]["template"], None, context)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    _drop_max_unavailable(draft, old, context)
    drop_disabled_template_fields(draft["spec"]["template"], template_of(old), context)


def _drop_max_unavailable(draft: Draft, old: Object | None, context: StrategyContext) -> None:
    in_use = get_in(old, ("spec", "updateStrategy", "rollingUpdate", "maxUnavailable")) is not None
    rolling = draft["spec"]["updateStrategy"].get("rollingUpdate")
    if rolling is not None and not in_use and not context.gates.on("MaxUnavailableStatefulSet"):
        rolling.pop("maxUnavailable", None)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=True, name_rule=name_is_dns_label)
    yield from _validate_spec(obj.get("spec") or EMPTY, template_options(context))


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    options = template_options(context, template_of(old))
    yield from validate_update_of(new, old)
    tolerant = any(_validate_spec(old["spec"], options, update=True))
    yield from _validate_spec(new["spec"], options, update=True, skip_template=tolerant)
    kept = {k: v for k, v in new["spec"].items() if k not in _MUTABLE}
    if not semantically_equal(kept, {k: v for k, v in old["spec"].items() if k not in _MUTABLE}):
        yield forbidden(SPEC, _FORBIDDEN)


def _validate_spec(spec: Object, options: PodOptions, *, update: bool = False, skip_template: bool = False) -> Errors:
    management = spec.get("podManagementPolicy") or ""
    if not management:
        yield required(SPEC.child("podManagementPolicy"))
    elif management not in ("OrderedReady", "Parallel"):
        yield invalid(SPEC.child("podManagementPolicy"), management, "must be 'OrderedReady' or 'Parallel'")
    yield from _validate_strategy(spec.get("updateStrategy") or EMPTY, SPEC.child("updateStrategy"))
    for field in _RETENTION:
        policy = (spec.get("persistentVolumeClaimRetentionPolicy") or EMPTY).get(field) or ""
        if policy not in _POLICIES:
            yield not_supported(SPEC.child("persistentVolumeClaimRetentionPolicy", field), policy, _POLICIES)
    if not update:
        for i, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
            yield from validate_claim_spec(claim.get("spec") or EMPTY, SPEC.child("volumeClaimTemplates").index(i).child("spec"))
    for field in ("replicas", "minReadySeconds"):
        yield from validate_nonnegative(spec.get(field) or 0, SPEC.child(field))
    if (ordinals := spec.get("ordinals")) is not None:
        yield from validate_nonnegative(ordinals.get("start") or 0, SPEC.child("ordinals", "start"))
    service = spec.get("serviceName") or ""
    if service and not update:
        yield from each_invalid(SPEC.child("serviceName"), service, is_dns1123_label(service))
    selector = spec.get("selector")
    yield from validate_required_selector(selector, SPEC.child("selector"), "statefulset")
    if selector is not None and not is_valid_selector(selector):
        yield invalid(SPEC.child("selector"), selector_json(selector), "")
    else:
        yield from _validate_template(spec, selector, options, skip_template)
    yield from validate_always_restarted(spec.get("template") or EMPTY, TEMPLATE, "StatefulSet")


def _validate_strategy(strategy: Object, path: FieldPath) -> Errors:
    kind, rolling, here = strategy.get("type") or "", strategy.get("rollingUpdate"), path.child("rollingUpdate")
    match kind:
        case "":
            yield required(path)
        case "OnDelete":
            if rolling is not None:
                shown = internal_json("apps.RollingUpdateStatefulSetStrategy", rolling)
                yield invalid(here, shown, "only allowed for updateStrategy 'RollingUpdate'")
        case "RollingUpdate":
            if rolling is not None:
                yield from _validate_rolling_update(rolling, here)
        case _:
            shown = internal_json("apps.StatefulSetUpdateStrategy", strategy)
            yield invalid(path, shown, "must be 'RollingUpdate' or 'OnDelete'")


def _validate_rolling_update(rolling: Object, path: FieldPath) -> Errors:
    yield from validate_nonnegative(rolling.get("partition") or 0, path.child("partition"))
    most, here = rolling.get("maxUnavailable"), path.child("maxUnavailable")
    if most is not None:
        yield from validate_int_or_percent(most, here)
        if not int_or_percent_value(most):
            yield invalid(here, most, "cannot be 0")
        yield from validate_at_most_100_percent(most, here)


def _validate_template(spec: Object, selector: Object | None, options: PodOptions, skip: bool) -> Errors:
    template = _with_claims(spec)
    meta = template.get("metadata") or EMPTY
    if (selector is None or not is_empty_selector(selector)) and not selector_matches(selector, template):
        yield invalid(TEMPLATE.child("metadata", "labels"), template_labels(template), NO_MATCH)
    if not skip:
        yield from validate_pod_template_spec(template, TEMPLATE, options)
    # Labels and annotations are checked twice: so it is in Kubernetes.
    annotations = meta.get("annotations") or EMPTY
    yield from validate_labels(meta.get("labels"), TEMPLATE.child("labels"))
    yield from validate_annotations(annotations, TEMPLATE.child("annotations"))
    yield from validate_pod_annotations(annotations, template.get("spec") or EMPTY, TEMPLATE.child("annotations"), options)


def _with_claims(spec: Object) -> Object:
    """The template as its pods will be: with volumes for the claims, without the names that pods get of their own."""
    template: Object = spec.get("template") or EMPTY
    pod: dict[str, Any] = {k: v for k, v in (template.get("spec") or EMPTY).items() if k not in ("subdomain", "hostname")}
    names = list(dict.fromkeys(get_in(c, ("metadata", "name"), "") for c in spec.get("volumeClaimTemplates") or ()))
    if names:
        claims = [{"name": n, "persistentVolumeClaim": {"claimName": n}} for n in names]
        pod["volumes"] = claims + [v for v in pod.get("volumes") or () if v.get("name") not in names]
    changed: Object = replace_in(template, ("spec",), pod)
    return changed


def _validate_status(new: Object, old: Object, _: StrategyContext) -> Errors:
    yield from validate_counts(new, STATEFUL_COUNTS)
    yield from validate_update_of(new, old)
    yield from validate_collisions(new, old)


def _warnings(new: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    yield from template_warnings(new, old, context, name=False)
    for i, claim in enumerate(new["spec"].get("volumeClaimTemplates") or ()):
        here = SPEC.child("volumeClaimTemplates").index(i)
        yield from claim_spec_warnings(claim.get("spec") or EMPTY, here if old is None else here.child("Spec"))
    if (new["spec"].get("revisionHistoryLimit") or 0) < 0:
        yield "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"


STRATEGY = Strategy(
    kind="StatefulSet.apps",
    default=_default,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    prepare_for_status=leave_as_is,
    validate_status=_validate_status,
    warnings=_warnings,
    has_status=True,
)
