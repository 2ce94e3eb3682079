"""MutatingAdmissionPolicy.

Mirrors: pkg/apis/admissionregistration/validation/validation.go (ValidateMutatingAdmissionPolicy) (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.cel.policies import APPLY_CONFIGURATION, JSON_PATCHES, PolicyCompiler
from kplan.apiserver.cel.program import CompilationError
from kplan.apiserver.field import SPEC, Errors, FieldPath, invalid, required
from kplan.apiserver.rules.matchresources import MUTATING_OPERATIONS, REINVOCATION_POLICIES, supported
from kplan.apiserver.rules.metadata import validate_object_meta
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.rules.policies import (
    default_policy,
    static_suffix_warnings,
    validate_policy_conditions,
    validate_policy_head,
    validate_variables,
)
from kplan.apiserver.strategy import Strategy, StrategyContext
from kplan.model.objects import Object, get_in

_PATCHES = {
    # patch type, field, field of the other type, result
    "JSONPatch": ("jsonPatch", "applyConfiguration", JSON_PATCHES),
    "ApplyConfiguration": ("applyConfiguration", "jsonPatch", APPLY_CONFIGURATION),
}


def _validate(obj: Object, context: StrategyContext, old: Object | None = None) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=False, name_rule=name_is_dns_subdomain, kube_finalizers=False)
    spec, before = obj.get("spec") or {}, None if old is None else old.get("spec") or {}
    yield from validate_policy_head(spec, before)
    path = SPEC.child("matchConstraints", "resourceRules", "operations")
    for rule in get_in(spec, ("matchConstraints", "resourceRules"), ()):
        for operation in rule.get("operations") or ():
            yield from supported(operation, path, MUTATING_OPERATIONS)
    yield from validate_policy_conditions(spec, before)
    compiler, params = PolicyCompiler(composed=True), spec.get("paramKind") is not None
    yield from validate_variables(spec.get("variables") or [], compiler, params=params)
    mutations = spec.get("mutations") or []
    if not mutations:
        yield required(SPEC.child("mutations"), "mutations must contain at least one item")
    for i, mutation in enumerate(mutations):
        yield from _validate_mutation(mutation, compiler, params, SPEC.child("mutations").index(i))
    policy = spec.get("reinvocationPolicy") or ""
    if not policy:
        yield required(SPEC.child("reinvocationPolicy"))
    else:
        yield from supported(policy, SPEC.child("reinvocationPolicy"), REINVOCATION_POLICIES)


def _validate_mutation(mutation: Mapping[str, Any], compiler: PolicyCompiler, params: bool, path: FieldPath) -> Errors:
    kind = mutation.get("patchType") or ""
    if not kind:
        yield required(path.child("patchType"))
        return
    if kind not in _PATCHES:
        yield from supported(kind, path.child("patchType"), ("ApplyConfiguration", "JSONPatch"))
        return
    field, other, returns = _PATCHES[kind]
    if mutation.get(field) is None:
        yield required(path.child(field), f"must be specified when patchType is {kind}")
    else:
        here, expression = path.child(field, "expression"), (mutation[field].get("expression") or "").strip()
        if not expression:
            yield required(here)
        else:
            program = compiler.compile(expression, returns, params=params, patches=True)
            if isinstance(program, CompilationError):
                yield invalid(here, expression, program.text)
    if mutation.get(other) is not None:
        yield invalid(path.child(other), f"{{{other}}}", f"must not be specified when patchType is {kind}")


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    return _validate(new, context, old)


STRATEGY = Strategy(
    kind="MutatingAdmissionPolicy.admissionregistration.k8s.io",
    default=default_policy,
    validate=_validate,
    validate_update=_validate_update,
    warnings=static_suffix_warnings,
)
