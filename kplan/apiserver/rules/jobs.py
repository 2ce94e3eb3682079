"""The spec of a Job, by itself or in a CronJob's template.

Mirrors: pkg/apis/batch/validation/validation.go (validateJobSpec), pkg/apis/batch/v1/defaults.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kplan.apiserver.field import (
    OMITTED,
    Errors,
    FieldPath,
    duplicate,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
)
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.metadata import validate_nonnegative
from kplan.apiserver.rules.names import byte_length, each_invalid, is_domain_prefixed_path, is_qualified_name
from kplan.apiserver.rules.poddefaults import default_pod_template
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.podtemplates import validate_pod_template_spec
from kplan.apiserver.rules.workloads import validate_nonnegative_fields
from kplan.apiserver.strategy import Draft
from kplan.model.gotext import go_quote
from kplan.model.integers import parse_int
from kplan.model.objects import EMPTY, Object

INDEXED, NON_INDEXED = "Indexed", "NonIndexed"
_MOST_PARALLEL, _MOST_FAILED, _MANY = 100000, 100_000, 100_000
_MOST_PARALLEL_OF_MANY = _MOST_FAILED_OF_MANY = 10_000
_MOST_RULES, _MOST_EXIT_CODES, _MOST_PATTERNS = 20, 255, 20
_MOST_MANAGED_BY, _MOST_INDEXES = 63, 64 * 1024
_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
_OPERATORS = ("In", "NotIn")
_STATUSES = ("False", "True", "Unknown")
_REPLACEMENTS = ("Failed", "TerminatingOrFailed")


def default_job_spec_template(spec: Draft) -> None:
    """What is filled into every JobSpec: the pod template, and the status that conditions are matched with."""
    default_pod_template(spec.setdefault("template", {}))
    for rule in (spec.get("podFailurePolicy") or EMPTY).get("rules") or ():
        for pattern in rule.get("onPodConditions") or ():
            if not pattern.get("status"):
                pattern["status"] = "True"


def _valid_values(values: Sequence[str]) -> str:
    return "valid values: [" + " ".join(map(go_quote, values)) + "]"


def validate_job_spec(spec: Object, path: FieldPath, options: PodOptions) -> Errors:
    """A JobSpec without its selector."""
    yield from validate_nonnegative_fields(
        spec,
        path,
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    )
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        yield required(path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified")
    managed_by = spec.get("managedBy")
    if managed_by is not None:
        yield from is_domain_prefixed_path(path.child("managedBy"), managed_by)
        if byte_length(managed_by) > _MOST_MANAGED_BY:
            yield too_long(path.child("managedBy"), managed_by, _MOST_MANAGED_BY)
    yield from _validate_completion_mode(spec, path)
    if (policy := spec.get("podFailurePolicy")) is not None:
        yield from _validate_failure_policy(spec, policy, path.child("podFailurePolicy", "rules"))
    if (policy := spec.get("successPolicy")) is not None:
        yield from _validate_success_policy(spec, policy, path.child("successPolicy"))
    yield from _validate_replacement_policy(spec, path.child("podReplacementPolicy"))
    template = spec.get("template") or EMPTY
    yield from validate_pod_template_spec(template, path.child("template"), options)
    yield from _validate_restart_policy(spec, template, path.child("template", "spec", "restartPolicy"))


def _validate_completion_mode(spec: Object, path: FieldPath) -> Errors:
    mode = spec.get("completionMode")
    if mode is not None and mode not in (NON_INDEXED, INDEXED):
        yield not_supported(path.child("completionMode"), mode, (NON_INDEXED, INDEXED))
    if mode == INDEXED:
        yield from _validate_indexed(spec, path)
    elif mode in (None, NON_INDEXED):
        for field in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if (value := spec.get(field)) is not None:
                yield invalid(path.child(field), value, "requires indexed completion mode")


def _validate_indexed(spec: Object, path: FieldPath) -> Errors:
    completions, parallel, failed = (spec.get(f) for f in ("completions", "parallelism", "maxFailedIndexes"))
    parallel_path, failed_path = path.child("parallelism"), path.child("maxFailedIndexes")
    if completions is None:
        yield required(path.child("completions"), "when completion mode is Indexed")
    if parallel is not None and parallel > _MOST_PARALLEL:
        yield invalid(parallel_path, parallel, f"must be less than or equal to {_MOST_PARALLEL} when completion mode is Indexed")
    if completions is not None and failed is not None and failed > completions:
        yield invalid(failed_path, failed, "must be less than or equal to completions")
    if failed is not None and failed > _MOST_FAILED:
        yield invalid(failed_path, failed, f"must be less than or equal to {_MOST_FAILED}")
    if completions is None or completions <= _MANY or spec.get("backoffLimitPerIndex") is None:
        return
    if failed is None:
        yield required(failed_path, f"must be specified when completions is above {_MANY}")
    above = f"when completions are above {_MANY} and used with backoff limit per index"
    if parallel is not None and parallel > _MOST_PARALLEL_OF_MANY:
        yield invalid(parallel_path, parallel, f"must be less than or equal to {_MOST_PARALLEL_OF_MANY} {above}")
    if failed is not None and failed > _MOST_FAILED_OF_MANY:
        yield invalid(failed_path, failed, f"must be less than or equal to {_MOST_FAILED_OF_MANY} {above}")


def _validate_restart_policy(spec: Object, template: Object, path: FieldPath) -> Errors:
    policy = (template.get("spec") or EMPTY).get("restartPolicy") or ""
    if policy in ("Always", ""):
        yield required(path, 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        yield not_supported(path, policy, ("OnFailure", "Never"))
    elif spec.get("podFailurePolicy") is not None and policy != "Never":
        yield invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')


def _validate_replacement_policy(spec: Object, path: FieldPath) -> Errors:
    policy = spec.get("podReplacementPolicy")
    if policy is None:
        return
    choices = ("Failed",) if spec.get("podFailurePolicy") is not None else _REPLACEMENTS
    if policy not in choices:
        yield not_supported(path, policy, choices)


def _validate_failure_policy(spec: Object, policy: Object, path: FieldPath) -> Errors:
    rules = policy.get("rules") or ()
    if len(rules) > _MOST_RULES:
        yield too_many(path, len(rules), _MOST_RULES)
    pod = (spec.get("template") or EMPTY).get("spec") or EMPTY
    names = {c.get("name") or "" for f in ("containers", "initContainers") for c in pod.get(f) or ()}
    for i, rule in enumerate(rules):
        here, action = path.index(i), rule.get("action") or ""
        if not action:
            yield required(here.child("action"), _valid_values(_ACTIONS))
        elif action == "FailIndex":
            if spec.get("backoffLimitPerIndex") is None:
                yield invalid(here.child("action"), action, "requires the backoffLimitPerIndex to be set")
        elif action not in _ACTIONS:
            yield not_supported(here.child("action"), action, _ACTIONS)
        codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions") or ()
        if codes is not None:
            yield from _validate_exit_codes(codes, here.child("onExitCodes"), names)
        if conditions:
            yield from _validate_conditions(conditions, here.child("onPodConditions"))
        if codes is not None and conditions:
            yield invalid(here, OMITTED, "specifying both OnExitCodes and OnPodConditions is not supported")
        if codes is None and not conditions:
            yield invalid(here, OMITTED, "specifying one of OnExitCodes and OnPodConditions is required")


def _validate_conditions(patterns: Sequence[Object], path: FieldPath) -> Errors:
    if len(patterns) > _MOST_PATTERNS:
        yield too_many(path, len(patterns), _MOST_PATTERNS)
    for i, pattern in enumerate(patterns):
        here, kind, status = path.index(i), pattern.get("type") or "", pattern.get("status") or ""
        yield from each_invalid(here.child("type"), kind, is_qualified_name(kind))
        if not status:
            yield required(here.child("status"), _valid_values(_STATUSES))
        elif status not in _STATUSES:
            yield not_supported(here.child("status"), status, _STATUSES)


def _validate_exit_codes(codes: Object, path: FieldPath, names: set[str]) -> Errors:
    operator, values, name = codes.get("operator") or "", codes.get("values"), codes.get("containerName")
    if not operator:
        yield required(path.child("operator"), _valid_values(_OPERATORS))
    elif operator not in _OPERATORS:
        yield not_supported(path.child("operator"), operator, _OPERATORS)
    if name is not None and name not in names:
        said = "must be one of the container or initContainer names in the pod template"
        yield invalid(path.child("containerName"), name, said)
    here = path.child("values")
    if not values:
        yield invalid(here, values, "at least one value is required")
        return
    if len(values) > _MOST_EXIT_CODES:
        yield too_many(here, len(values), _MOST_EXIT_CODES)
    seen: set[int] = set()
    for i, value in enumerate(values):
        if operator == "In" and value == 0:
            yield invalid(here.index(i), value, "must not be 0 for the In operator")
        if value in seen:
            yield duplicate(here.index(i), value)
        seen.add(value)
    if values != sorted(values):
        yield invalid(here, values, "must be ordered")


def _validate_success_policy(spec: Object, policy: Object, path: FieldPath) -> Errors:
    if spec.get("completionMode") != INDEXED:
        yield invalid(path, internal_json("batch.SuccessPolicy", policy), "requires indexed completion mode")
        return
    rules, here = policy.get("rules") or (), path.child("rules")
    if not rules:
        yield required(here, "at least one rules must be specified when the successPolicy is specified")
    if len(rules) > _MOST_RULES:
        yield too_many(here, len(rules), _MOST_RULES)
    for i, rule in enumerate(rules):
        yield from _validate_success_rule(spec.get("completions") or 0, rule, here.index(i))


def _validate_success_rule(completions: int, rule: Object, path: FieldPath) -> Errors:
    count, indexes, total = rule.get("succeededCount"), rule.get("succeededIndexes"), 0
    if count is None and indexes is None:
        yield required(path, "at least one of succeededCount or succeededIndexes must be specified")
    if indexes is not None:
        here = path.child("succeededIndexes")
        if byte_length(indexes) > _MOST_INDEXES:
            yield too_long(here, indexes, _MOST_INDEXES)
        try:
            total = count_indexes(indexes, completions)
        except ValueError as error:
            yield invalid(here, indexes, f"error parsing succeededIndexes: {error}")
    if count is not None:
        here = path.child("succeededCount")
        yield from validate_nonnegative(count, here)
        if count > completions:
            yield invalid(here, count, f"must be less than or equal to {completions} (the number of specified completions)")
        if indexes is not None and count > total:
            said = f"must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)"
            yield invalid(here, count, said)


def count_indexes(text: str, completions: int) -> int:
    """How many indexes a text such as ``1,3-5`` names.

    Raises: ValueError where it is malformed, not increasing, or beyond the completions.
    """
    total, last = 0, -1
    for interval in text.split(",") if text else ():
        first, end = index_interval(interval, completions)
        if last >= first and total:
            raise ValueError(f"non-increasing order, previous: {last}, current: {first}")
        total, last = total + end - first + 1, end
    return total


def index_interval(text: str, completions: int) -> tuple[int, int]:
    """The first and the last index of ``3`` or ``3-5``; raises ValueError where it is malformed or beyond the completions."""
    limits = text.split("-")
    if len(limits) > 2:
        said = "violates the requirement that an index interval can have at most two parts separated by '-'"
        raise ValueError(f"the fragment {go_quote(text)} {said}")
    numbers = [_index(limit, completions) for limit in limits]
    if len(numbers) == 2 and numbers[0] >= numbers[1]:
        raise ValueError(f"non-increasing order, previous: {numbers[0]}, current: {numbers[1]}")
    return numbers[0], numbers[-1]


def _index(text: str, completions: int) -> int:
    index = parse_int(text)
    if index is None:
        raise ValueError(f"cannot convert string to integer for index: {go_quote(text)}")
    if index >= completions:
        raise ValueError(f"too large index: {go_quote(text)}")
    return index


def job_spec_warnings(spec: Object, path: FieldPath) -> Iterator[str]:
    """Warnings for a JobSpec besides those for its template."""
    if spec.get("completionMode") == INDEXED and (spec.get("completions") or 0) > _MANY:
        if (spec.get("parallelism") or 0) > _MOST_PARALLEL_OF_MANY:
            yield (
                f"{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, "
                "Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
            )
