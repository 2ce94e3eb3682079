"""CronJob.

Mirrors: pkg/registry/batch/cronjob/strategy.go, pkg/apis/batch/v1/defaults.go, pkg/apis/batch/validation/validation.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kplan.apiserver.field import METADATA, SPEC, Errors, FieldPath, invalid, not_supported, required
from kplan.apiserver.rules.jobs import default_job_spec_template, job_spec_warnings, validate_job_spec
from kplan.apiserver.rules.metadata import validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import byte_length, name_is_dns_subdomain
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.podwarnings import pod_template_warnings
from kplan.apiserver.rules.selectors import selector_json
from kplan.apiserver.rules.statuses import leave_as_is
from kplan.apiserver.rules.workloads import (
    drop_disabled_template_fields,
    pod_name_warnings,
    template_options,
    validate_nonnegative_fields,
)
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.cron import ScheduleError, load_location, parse_cron
from kplan.model.objects import EMPTY, Object, get_in

_JOB = ("spec", "jobTemplate", "spec")
_JOB_SPEC = SPEC.child("jobTemplate", "spec")
_ZONE_PART = re.compile(r"[A-Za-z.\-_0-9+]{1,14}")
_POLICIES = ("Allow", "Forbid", "Replace")
_MOST_NAME = 52


def _default(draft: Draft, context: StrategyContext) -> None:
    spec = draft.setdefault("spec", {})
    if not spec.get("concurrencyPolicy"):
        spec["concurrencyPolicy"] = "Allow"
    for field, value in (("suspend", False), ("successfulJobsHistoryLimit", 3), ("failedJobsHistoryLimit", 1)):
        if spec.get(field) is None:
            spec[field] = value
    default_job_spec_template(spec.setdefault("jobTemplate", {}).setdefault("spec", {}))


def _template(obj: Object) -> Draft:
    found: Draft = get_in(obj, (*_JOB, "template"), {})
    return found


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    draft.pop("status", None)
    drop_disabled_template_fields(_template(draft), None, context)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    drop_disabled_template_fields(_template(draft), _template(old), context)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    name = obj["metadata"].get("name") or ""
    yield from validate_object_meta(obj["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    yield from _validate_spec(obj.get("spec") or EMPTY, None, template_options(context))
    if byte_length(name) > _MOST_NAME:
        yield invalid(METADATA.child("name"), name, f"must be no more than {_MOST_NAME} characters")


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from validate_update_of(new, old)
    yield from _validate_spec(new["spec"], old["spec"], template_options(context, _template(old)))


def _validate_spec(spec: Object, old: Object | None, options: PodOptions) -> Errors:
    schedule, zone = spec.get("schedule") or "", spec.get("timeZone")
    if not schedule:
        yield required(SPEC.child("schedule"))
    else:
        yield from _validate_schedule(schedule, zone, "TZ" in ((old or EMPTY).get("schedule") or ""), SPEC.child("schedule"))
    yield from validate_nonnegative_fields(spec, SPEC, "startingDeadlineSeconds")
    if zone is not None and (old is None or old.get("timeZone") != zone):
        yield from _validate_time_zone(zone, SPEC.child("timeZone"))
    policy = spec.get("concurrencyPolicy") or ""
    if not policy:
        yield required(SPEC.child("concurrencyPolicy"))
    elif policy not in _POLICIES:
        yield not_supported(SPEC.child("concurrencyPolicy"), policy, _POLICIES)
    job = get_in(spec, ("jobTemplate", "spec"), EMPTY)
    yield from validate_job_spec(job, _JOB_SPEC, options)
    if (selector := job.get("selector")) is not None:
        yield invalid(_JOB_SPEC.child("selector"), selector_json(selector), "`selector` will be auto-generated")
    if job.get("manualSelector"):
        yield not_supported(_JOB_SPEC.child("manualSelector"), True, ("nil", "false"))
    yield from validate_nonnegative_fields(spec, SPEC, "successfulJobsHistoryLimit", "failedJobsHistoryLimit")


def _validate_schedule(schedule: str, zone: str | None, allow_zone: bool, path: FieldPath) -> Errors:
    try:
        parse_cron(schedule)
    except ScheduleError as error:
        yield invalid(path, schedule, str(error))
    if "TZ" in schedule:
        if not allow_zone:
            yield invalid(path, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
        elif zone is not None:
            yield invalid(path, schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule")


def _validate_time_zone(zone: str, path: FieldPath) -> Errors:
    if not zone:
        yield invalid(path, zone, "timeZone must be nil or non-empty string")
        return
    for part in zone.split("/"):
        if part in (".", "..") or part.startswith("-") or not _ZONE_PART.fullmatch(part):
            yield invalid(path, zone, f"unknown time zone {zone}")
            return
    if zone.lower() == "local":
        yield invalid(path, zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones")
    if zone == "Local":
        return
    try:
        load_location(zone)
    except ScheduleError as error:
        yield invalid(path, zone, str(error))


def _warnings(new: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    if old is None:
        yield from pod_name_warnings(new)
    if old is None or new["metadata"].get("generation") != old["metadata"].get("generation"):
        yield from job_spec_warnings(get_in(new, _JOB, EMPTY), _JOB_SPEC)
        yield from pod_template_warnings(_template(new), _JOB_SPEC.child("template"), context.gates)
    if old is not None and "TZ" in (new["spec"].get("schedule") or ""):
        # The path says spec twice: so it is in Kubernetes.
        yield (
            "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, "
            "see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
        )


def _validate_status(new: Object, old: Object, _: StrategyContext) -> Errors:
    """The kind has no rule for its status."""
    yield from ()


STRATEGY = Strategy(
    kind="CronJob.batch",
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
