"""ReplicaSet.

Mirrors: pkg/registry/apps/replicaset/strategy.go, pkg/apis/apps/v1/defaults.go, pkg/apis/apps/validation/validation.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import SPEC, Errors, invalid
from kplan.apiserver.rules.metadata import (
    IMMUTABLE,
    semantically_equal,
    validate_nonnegative,
    validate_object_meta,
    validate_update_of,
)
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.rules.poddefaults import default_pod_template
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.selectors import selector_json
from kplan.apiserver.rules.statuses import REPLICA_COUNTS, drop_terminating_replicas, validate_counts
from kplan.apiserver.rules.workloads import (
    drop_disabled_template_fields,
    template_of,
    template_options,
    template_warnings,
    validate_required_selector,
    validate_selected_template,
)
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import EMPTY, Object


def _default(draft: Draft, context: StrategyContext) -> None:
    spec = draft.setdefault("spec", {})
    if spec.get("replicas") is None:
        spec["replicas"] = 1
    default_pod_template(spec.setdefault("template", {}))


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    draft["status"] = {"replicas": 0}
    drop_disabled_template_fields(draft["spec"]["template"], None, context)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    drop_disabled_template_fields(draft["spec"]["template"], template_of(old), context)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    yield from _validate_spec(obj.get("spec") or EMPTY, template_options(context))


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from validate_update_of(new, old)
    yield from _validate_spec(new["spec"], template_options(context, template_of(old)))
    selector = new["spec"].get("selector")
    if not semantically_equal(selector, old["spec"].get("selector")):
        yield invalid(SPEC.child("selector"), None if selector is None else selector_json(selector), IMMUTABLE)


def _validate_spec(spec: Object, options: PodOptions) -> Errors:
    for field in ("replicas", "minReadySeconds"):
        yield from validate_nonnegative(spec.get(field) or 0, SPEC.child(field))
    # The message says deployment: so it is in Kubernetes.
    yield from validate_required_selector(spec.get("selector"), SPEC.child("selector"), "deployment")
    yield from validate_selected_template(spec, SPEC, options)


def _validate_status(new: Object, old: Object, _: StrategyContext) -> Errors:
    yield from validate_update_of(new, old)
    yield from validate_counts(new, REPLICA_COUNTS)


STRATEGY = Strategy(
    kind="ReplicaSet.apps",
    default=_default,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    prepare_for_status=drop_terminating_replicas,
    validate_status=_validate_status,
    warnings=template_warnings,
    has_status=True,
)
