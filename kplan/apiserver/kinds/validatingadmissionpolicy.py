"""ValidatingAdmissionPolicy.

Mirrors: pkg/apis/admissionregistration/validation/validation.go (ValidateValidatingAdmissionPolicy),
         pkg/registry/admissionregistration/validatingadmissionpolicy/strategy.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kplan.apiserver.cel.policies import AUDIT_ANNOTATION, CONDITION, MESSAGE, PolicyCompiler
from kplan.apiserver.cel.program import CompilationError
from kplan.apiserver.field import ROOT, SPEC, Errors, FieldPath, duplicate, invalid, required
from kplan.apiserver.rules.matchresources import supported
from kplan.apiserver.rules.metadata import validate_object_meta
from kplan.apiserver.rules.names import byte_length, each_invalid, is_qualified_name, name_is_dns_subdomain
from kplan.apiserver.rules.policies import (
    default_policy,
    static_suffix_warnings,
    validate_policy_conditions,
    validate_policy_head,
    validate_variables,
)
from kplan.apiserver.rules.selectors import validate_conditions
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object, get_in, name_of

Value = Mapping[str, Any]

_REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
_MAX_ANNOTATIONS, _MAX_ANNOTATION_EXPRESSION = 20, 5 * 1024
_AT_LEAST_ONE = "validations or auditAnnotations must contain at least one item"


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    draft["status"] = {}


def _validate(obj: Object, context: StrategyContext, old: Object | None = None) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=False, name_rule=name_is_dns_subdomain, kube_finalizers=False)
    spec, before = obj.get("spec") or {}, None if old is None else old.get("spec") or {}
    yield from validate_policy_head(spec, before)
    yield from validate_policy_conditions(spec, before)
    variables, params = spec.get("variables") or [], spec.get("paramKind") is not None
    compiler = PolicyCompiler(composed=bool(variables))
    yield from validate_variables(variables, compiler, params=params)
    validations, annotations = spec.get("validations") or [], spec.get("auditAnnotations")
    if not validations and not annotations:
        yield required(SPEC.child("validations"), _AT_LEAST_ONE)
        yield required(SPEC.child("auditAnnotations"), _AT_LEAST_ONE)
        return
    for i, validation in enumerate(validations):
        yield from _validate_validation(validation, compiler, params, SPEC.child("validations").index(i))
    yield from _validate_annotations(annotations or [], name_of(obj), compiler, params)


def _validate_validation(validation: Value, compiler: PolicyCompiler, params: bool, path: FieldPath) -> Errors:
    expression, said = validation.get("expression") or "", validation.get("messageExpression") or ""
    if not expression.strip():
        yield required(path.child("expression"), "expression is not specified")
    else:
        program = compiler.compile(expression, CONDITION, params=params)
        if isinstance(program, CompilationError):
            yield invalid(path.child("expression"), expression, program.text)
    if said and not said.strip():
        yield invalid(path.child("messageExpression"), said, "must be non-empty if specified")
    elif said:
        program = compiler.compile(said, MESSAGE, params=params, authorizer=False)
        if isinstance(program, CompilationError):
            yield invalid(path.child("messageExpression"), said, program.text)
    message = validation.get("message") or ""
    if message and not message.strip():
        yield invalid(path.child("message"), message, "must be non-empty if specified")
    elif re.search(r"[\n\r]", message.strip()):
        yield invalid(path.child("message"), message, "must not contain line breaks")
    yield from supported(validation.get("reason"), path.child("reason"), _REASONS)


def _validate_annotations(annotations: Sequence[Value], name: str, compiler: PolicyCompiler, params: bool) -> Errors:
    here, keys = SPEC.child("auditAnnotations"), set()
    if len(annotations) > _MAX_ANNOTATIONS:
        shown = [{"Key": a.get("key") or "", "ValueExpression": a.get("valueExpression") or ""} for a in annotations]
        yield invalid(here, shown, f"must not have more than {_MAX_ANNOTATIONS} auditAnnotations")
    for i, annotation in enumerate(annotations):
        path, key = here.index(i), annotation.get("key") or ""
        if name:
            full = f"{name}/{key}"
            yield from each_invalid(path.child("key"), full, is_qualified_name(full))
        else:
            yield invalid(path.child("key"), key, "requires metadata.name be non-empty")
        yield from _validate_annotation_value(annotation.get("valueExpression") or "", compiler, params, path.child("valueExpression"))
        if key in keys:
            yield duplicate(path.child("key"), key)
        keys.add(key)


def _validate_annotation_value(expression: str, compiler: PolicyCompiler, params: bool, path: FieldPath) -> Errors:
    trimmed = expression.strip()
    if not trimmed:
        yield required(path, "valueExpression is not specified")
    elif byte_length(trimmed) > _MAX_ANNOTATION_EXPRESSION:
        yield required(path, f"must not exceed {_MAX_ANNOTATION_EXPRESSION} bytes in length")
    else:
        program = compiler.compile(trimmed, AUDIT_ANNOTATION, params=params)
        if isinstance(program, CompilationError):
            yield invalid(path, expression, program.text)


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    if not context.subresource:
        yield from _validate(new, context, old)
        return
    path = ROOT.child("status")
    for i, warning in enumerate(get_in(new, ("status", "typeChecking", "expressionWarnings"), ())):
        here = path.child("typeChecking", "expressionWarnings").index(i)
        for field in ("warning", "fieldRef"):
            if not (warning.get(field) or "").strip():
                yield required(here.child(field))
    yield from validate_conditions(get_in(new, ("status", "conditions")), path.child("conditions"))


STRATEGY = Strategy(
    kind="ValidatingAdmissionPolicy.admissionregistration.k8s.io",
    default=default_policy,
    prepare_for_create=_prepare_for_create,
    validate=_validate,
    validate_update=_validate_update,
    warnings=static_suffix_warnings,
    has_status=True,
)
