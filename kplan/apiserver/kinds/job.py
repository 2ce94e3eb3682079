"""Job.

Mirrors: pkg/registry/batch/job/strategy.go, pkg/apis/batch/v1/defaults.go, pkg/apis/batch/validation/validation.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from kplan.apiserver.field import METADATA, SPEC, Errors, FieldPath, invalid, required
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.jobs import INDEXED, default_job_spec_template, job_spec_warnings, validate_job_spec
from kplan.apiserver.rules.jobstatus import validate_job_status
from kplan.apiserver.rules.metadata import IMMUTABLE, semantically_equal, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import is_dns1123_label, name_is_dns_subdomain
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.selectors import (
    has_invalid_label_value,
    is_valid_selector,
    selector_json,
    validate_label_selector,
)
from kplan.apiserver.rules.statuses import leave_as_is
from kplan.apiserver.rules.workloads import (
    NO_MATCH,
    TEMPLATE,
    drop_disabled_template_fields,
    selector_matches,
    template_labels,
    template_of,
    template_options,
    template_warnings,
)
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import EMPTY, Object, get_in
from kplan.model.selectors import from_label_selector

LEGACY_UID, LEGACY_NAME = "controller-uid", "job-name"
UID, NAME = "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"
_MOST = 2**31 - 1


def _default(draft: Draft, context: StrategyContext) -> None:
    spec = draft.setdefault("spec", {})
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    values: dict[str, Any] = {
        "parallelism": 1,
        "backoffLimit": 6 if spec.get("backoffLimitPerIndex") is None else _MOST,
        "completionMode": "NonIndexed",
        "suspend": False,
        "podReplacementPolicy": "TerminatingOrFailed" if spec.get("podFailurePolicy") is None else "Failed",
        "manualSelector": False,
    }
    if not context.gates.on("JobPodReplacementPolicy"):
        del values["podReplacementPolicy"]
    for field, value in values.items():
        if spec.get(field) is None:
            spec[field] = value
    labels = template_labels(template_of(draft))
    if labels and not draft["metadata"].get("labels"):
        draft["metadata"]["labels"] = labels  # the very same: what is added to one is added to the other
    default_job_spec_template(spec)


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    spec, meta = draft["spec"], draft["metadata"]
    if not spec.get("manualSelector"):
        template_meta = spec["template"]["metadata"] = spec["template"].get("metadata") or {}
        labels = template_meta["labels"] = template_meta.get("labels") or {}
        for key in (LEGACY_NAME, NAME):
            labels.setdefault(key, meta.get("name") or "")
        for key in (LEGACY_UID, UID):
            labels.setdefault(key, meta.get("uid") or "")
        selector = dict(spec.get("selector") or EMPTY)
        selector["matchLabels"] = {UID: meta.get("uid") or ""} | dict(selector.get("matchLabels") or EMPTY)
        spec["selector"] = selector
    draft.pop("status", None)
    _drop_disabled(spec, EMPTY, context)
    drop_disabled_template_fields(spec["template"], None, context)


_GATED = (
    ("JobManagedBy", "managedBy"),
    ("JobSuccessPolicy", "successPolicy"),
    ("JobBackoffLimitPerIndex", "backoffLimitPerIndex"),
    ("JobBackoffLimitPerIndex", "maxFailedIndexes"),
    ("JobPodReplacementPolicy", "podReplacementPolicy"),
)


def _drop_disabled(spec: Draft, before: Object, context: StrategyContext) -> None:
    for gate, field in _GATED:
        if not context.gates.on(gate) and before.get(field) is None:
            spec.pop(field, None)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    _drop_disabled(draft["spec"], old["spec"], context)
    drop_disabled_template_fields(draft["spec"]["template"], template_of(old), context)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    return _validate_job(obj, template_options(context), prefixed=True)


def _validate_job(obj: Object, options: PodOptions, *, prefixed: bool) -> Errors:
    meta, spec = obj["metadata"], obj.get("spec") or EMPTY
    yield from validate_object_meta(meta, namespaced=True, name_rule=name_is_dns_subdomain)
    yield from _validate_generated_selector(obj, prefixed)
    yield from _validate_selected_spec(spec, options)
    completions = spec.get("completions") or 0
    if spec.get("completionMode") == INDEXED and completions > 0:
        name = meta.get("name") or ""
        host = f"{name}-{completions - 1}"
        if is_dns1123_label(host):
            yield invalid(METADATA.child("name"), name, f"will not able to create pod with invalid DNS label: {host}")


def _validate_selected_spec(spec: Object, options: PodOptions) -> Errors:
    yield from validate_job_spec(spec, SPEC, options)
    selector, template = spec.get("selector"), spec.get("template") or EMPTY
    if selector is None:
        yield required(SPEC.child("selector"))
    allow = options.allow_invalid_label_values
    yield from validate_label_selector(selector, SPEC.child("selector"), allow_invalid_values=allow)
    if is_valid_selector(selector) and not selector_matches(selector, template):
        yield invalid(TEMPLATE.child("metadata", "labels"), template_labels(template), NO_MATCH)


def _validate_generated_selector(obj: Object, prefixed: bool) -> Errors:
    meta, spec = obj["metadata"], obj.get("spec") or EMPTY
    selector = spec.get("selector")
    if spec.get("manualSelector") or selector is None:
        return
    uid, name = meta.get("uid") or "", meta.get("name") or ""
    if not uid:
        yield required(METADATA.child("uid"))
    expected = {LEGACY_UID: uid, LEGACY_NAME: name} | ({UID: uid, NAME: name} if prefixed else {})
    labels = template_labels(spec.get("template") or EMPTY)
    for key, value in expected.items():
        here: FieldPath = TEMPLATE.child("metadata", "labels").key(key)
        if key not in (labels or EMPTY):
            yield required(here, f"must be '{value}'")
        elif labels[key] != value:
            yield invalid(here, labels, f"must be '{value}'")
    if is_valid_selector(selector) and not from_label_selector(selector).matches(expected):
        yield invalid(SPEC.child("selector"), selector_json(selector), "`selector` not auto-generated")


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    options = template_options(context, template_of(old))
    if has_invalid_label_value(old["spec"].get("selector")):
        options = replace(options, allow_invalid_label_values=True)
    labels = template_labels(template_of(old)) or EMPTY
    yield from _validate_job(new, options, prefixed=NAME in labels and UID in labels)
    yield from validate_update_of(new, old)
    yield from _validate_selected_spec(new["spec"], options)
    yield from _validate_spec_update(new["spec"], old, context)


def _validate_status(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from validate_update_of(new, old)
    yield from validate_job_status(new, old, context)


def _validate_spec_update(spec: Object, old_job: Object, context: StrategyContext) -> Errors:
    old = old_job["spec"]
    yield from _validate_completions(spec, old)
    selector = spec.get("selector")
    if not semantically_equal(selector, old.get("selector")):
        yield invalid(SPEC.child("selector"), None if selector is None else selector_json(selector), IMMUTABLE)
    yield from _validate_template_update(spec, old_job, context)
    for field, shown in (
        ("completionMode", None),
        ("podFailurePolicy", "batch.PodFailurePolicy"),
        ("backoffLimitPerIndex", None),
        ("managedBy", None),
        ("successPolicy", "batch.SuccessPolicy"),
    ):
        value = spec.get(field)
        if not semantically_equal(value, old.get(field)):
            whole = internal_json(shown, value) if shown and value is not None else value
            yield invalid(SPEC.child(field), whole, IMMUTABLE)


def _validate_completions(spec: Object, old: Object) -> Errors:
    now, here = spec.get("completions"), SPEC.child("completions")
    if now == old.get("completions"):
        return
    if spec.get("completionMode") != INDEXED:
        yield invalid(here, now, IMMUTABLE)
    elif now is not None and now != spec.get("parallelism"):
        yield invalid(here, now, "can only be modified in tandem with spec.parallelism")


def _validate_template_update(spec: Object, old_job: Object, context: StrategyContext) -> Errors:
    old = old_job["spec"]
    suspended = old.get("suspend") is True
    status = old_job.get("status") or EMPTY
    started = status.get("startTime") is not None
    free = suspended and (not started or _is_suspended(status)) and not status.get("active")
    scheduling = free if context.gates.on("MutableSchedulingDirectivesForSuspendedJobs") else suspended and not started
    template, before = spec.get("template") or EMPTY, template_of(old_job)
    if scheduling:
        before = _with_scheduling_of(before, template)
    if suspended and free and context.gates.on("MutablePodResourcesForSuspendedJobs"):
        pod = template.get("spec") or EMPTY
        if not semantically_equal(pod, _with_resources_of(before.get("spec") or EMPTY, pod)):
            yield invalid(SPEC.child("template.spec"), internal_json("core.PodSpec", pod), IMMUTABLE)
    elif not semantically_equal(template, before):
        yield invalid(TEMPLATE, internal_json("core.PodTemplateSpec", template), IMMUTABLE)


def _is_suspended(status: Object) -> bool:
    return any(c.get("type") == "Suspended" and c.get("status") == "True" for c in status.get("conditions") or ())


def _with_scheduling_of(old: Object, new: Object) -> Object:
    """The old template with what the scheduler is told by the new one."""
    meta, spec = dict(old.get("metadata") or EMPTY), dict(old.get("spec") or EMPTY)
    pod = new.get("spec") or EMPTY
    for field in ("annotations", "labels"):
        meta[field] = (new.get("metadata") or EMPTY).get(field)
    for field in ("nodeSelector", "tolerations", "schedulingGates"):
        spec[field] = pod.get(field)
    affinity = dict(spec.get("affinity") or EMPTY)
    affinity["nodeAffinity"] = get_in(pod, ("affinity", "nodeAffinity"))
    spec["affinity"] = {k: v for k, v in affinity.items() if v is not None} or ({} if pod.get("affinity") is not None else None)
    return {**old, "metadata": meta, "spec": spec}


def _with_resources_of(old: Object, new: Object) -> Object:
    spec = dict(old)
    for field in ("containers", "initContainers"):
        now, before = new.get(field) or [], spec.get(field) or []
        if len(now) == len(before):
            spec[field] = [
                {**b, "resources": n.get("resources")} if b.get("name") == n.get("name") else b
                for b, n in zip(before, now, strict=True)
            ]
    return spec


def _warnings(new: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    if old is None or new["metadata"].get("generation") != old["metadata"].get("generation"):
        yield from job_spec_warnings(new["spec"], SPEC)
    yield from template_warnings(new, old, context)


STRATEGY = Strategy(
    kind="Job.batch",
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

