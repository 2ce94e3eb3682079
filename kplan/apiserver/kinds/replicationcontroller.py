"""ReplicationController.

Mirrors: pkg/registry/core/replicationcontroller/strategy.go, pkg/apis/core/v1/defaults.go,
         pkg/apis/core/validation/validation.go (ValidateReplicationController) (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.apiserver.field import SPEC, Errors, forbidden, invalid, not_supported, required
from kplan.apiserver.rules.metadata import validate_nonnegative, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import is_dns1123_label, name_is_long_name
from kplan.apiserver.rules.poddefaults import default_pod_template
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.podtemplates import validate_pod_template_spec
from kplan.apiserver.rules.podwarnings import pod_template_warnings
from kplan.apiserver.rules.statuses import REPLICA_COUNTS, leave_as_is, validate_counts
from kplan.apiserver.rules.workloads import (
    NO_MATCH,
    TEMPLATE,
    drop_disabled_template_fields,
    template_labels,
    template_of,
    template_options,
)
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import EMPTY, Object


def _default(draft: Draft, context: StrategyContext) -> None:
    spec = draft.setdefault("spec", {})
    labels = template_labels(template_of(draft))
    if labels is not None:
        if not spec.get("selector"):
            spec["selector"] = dict(labels)
        if not draft["metadata"].get("labels"):
            draft["metadata"]["labels"] = dict(labels)
    if spec.get("replicas") is None:
        spec["replicas"] = 1
    if spec.get("template") is not None:
        default_pod_template(spec["template"])


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    draft["status"] = {"replicas": 0}
    if draft["spec"].get("template") is not None:
        drop_disabled_template_fields(draft["spec"]["template"], None, context)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    if draft["spec"].get("template") is not None:
        drop_disabled_template_fields(draft["spec"]["template"], template_of(old), context)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(
        obj["metadata"], namespaced=True, name_rule=name_is_long_name, check_generate_name=False
    )
    yield from _validate_spec(obj.get("spec") or EMPTY, template_options(context))


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from validate_update_of(new, old)
    yield from _validate_spec(new["spec"], template_options(context, template_of(old)))


def _validate_spec(spec: Object, options: PodOptions) -> Errors:
    selector, template = spec.get("selector") or EMPTY, spec.get("template")
    yield from validate_nonnegative(spec.get("minReadySeconds") or 0, SPEC.child("minReadySeconds"))
    if not selector:
        yield required(SPEC.child("selector"))
    yield from validate_nonnegative(spec.get("replicas") or 0, SPEC.child("replicas"))
    if template is None:
        yield required(TEMPLATE)
        return
    labels = template_labels(template)
    if any((labels or EMPTY).get(k) != v for k, v in selector.items()):
        yield invalid(TEMPLATE.child("metadata", "labels"), labels, NO_MATCH)
    yield from validate_pod_template_spec(template, TEMPLATE, options)
    pod = template.get("spec") or EMPTY
    if pod.get("restartPolicy") != "Always":
        yield not_supported(TEMPLATE.child("spec", "restartPolicy"), pod.get("restartPolicy") or "", ("Always",))
    if pod.get("activeDeadlineSeconds") is not None:
        said = "activeDeadlineSeconds in ReplicationController is not Supported"
        yield forbidden(TEMPLATE.child("spec", "activeDeadlineSeconds"), said)


def _validate_status(new: Object, old: Object, _: StrategyContext) -> Errors:
    yield from validate_update_of(new, old)
    yield from validate_counts(new, REPLICA_COUNTS)


def _warnings(new: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    if old is None and (said := is_dns1123_label(new["metadata"].get("name") or "")):
        yield (
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
            f"a DNS label is recommended: [{' '.join(said)}]"
        )
    if old is None or new["metadata"].get("generation") != old["metadata"].get("generation"):
        if new["spec"].get("template") is not None:
            yield from pod_template_warnings(template_of(new), TEMPLATE, context.gates)


STRATEGY = Strategy(
    kind="ReplicationController",
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
