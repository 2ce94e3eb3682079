"""What validating and mutating admission policies and their bindings share.

Mirrors: pkg/apis/admissionregistration/validation/{validation,static_suffix}.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kplan.apiserver.cel.policies import PolicyCompiler
from kplan.apiserver.cel.program import CompilationError
from kplan.apiserver.field import SPEC, Errors, FieldPath, forbidden, invalid, not_supported, required
from kplan.apiserver.rules.matchresources import (
    FAILURE_POLICIES,
    default_match_resources,
    supported,
    validate_match_conditions,
    validate_match_resources,
)
from kplan.apiserver.rules.metadata import semantically_equal
from kplan.apiserver.rules.names import (
    each_invalid,
    is_dns1035_label,
    is_dns1123_subdomain,
    is_path_segment_name,
    name_is_dns_subdomain,
)
from kplan.apiserver.rules.selectors import validate_label_selector
from kplan.apiserver.strategy import Draft, StrategyContext
from kplan.model.gotext import GoText, go_json
from kplan.model.objects import Object, name_of

Value = Mapping[str, Any]

_SUFFIX = ".static.k8s.io"
_IDENTIFIER = re.compile("[_a-zA-Z][_a-zA-Z0-9]*", re.ASCII)
RESERVED = frozenset(
    (
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import"),
        *("let", "loop", "package", "namespace", "return", "var", "void", "while"),
    )
)
_NOT_FOUND_ACTIONS = ("Deny", "Allow")
_EXCLUSIVE = "name and selector are mutually exclusive"


def static_suffix_warnings(obj: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    """A warning for names that belong to static configurations."""
    if name_of(obj).endswith(_SUFFIX) and not context.gates.on("ManifestBasedAdmissionControlConfig"):
        yield (
            f'metadata.name: names ending with "{_SUFFIX}" are reserved for static manifest-based configurations '
            "and cannot be managed via the API"
        )


def default_policy(draft: Draft, context: StrategyContext) -> None:
    """What the server fills into a policy."""
    spec = draft.setdefault("spec", {})
    if spec.get("failurePolicy") is None:
        spec["failurePolicy"] = "Fail"
    default_match_resources(spec.get("matchConstraints"))


def default_binding(draft: Draft, context: StrategyContext) -> None:
    """What the server fills into a binding."""
    default_match_resources(draft.setdefault("spec", {}).get("matchResources"))


def validate_policy_head(spec: Value, old: Value | None) -> Errors:
    """failurePolicy, paramKind, matchConstraints; ``old`` is the spec before an update."""
    policy = spec.get("failurePolicy")
    if policy is None:
        yield required(SPEC.child("failurePolicy"))
    yield from supported(policy, SPEC.child("failurePolicy"), FAILURE_POLICIES)
    if spec.get("paramKind") is not None:
        yield from _validate_param_kind(spec["paramKind"], SPEC.child("paramKind"))
    match = spec.get("matchConstraints")
    if match is None:
        yield required(SPEC.child("matchConstraints"))
        return
    yield from validate_match_resources(match, SPEC.child("matchConstraints"))
    if not match.get("resourceRules"):
        yield required(SPEC.child("matchConstraints", "resourceRules"))


def validate_policy_conditions(spec: Value, old: Value | None) -> Errors:
    """matchConditions, unless they and the parameters are as they were."""
    if old is not None and all(semantically_equal(spec.get(f), old.get(f)) for f in ("paramKind", "matchConditions")):
        return
    params = spec.get("paramKind") is not None
    yield from validate_match_conditions(spec.get("matchConditions") or (), SPEC.child("matchConditions"), params=params)


def _validate_param_kind(param: Value, path: FieldPath) -> Errors:
    version, kind = param.get("apiVersion") or "", param.get("kind") or ""
    if not version:
        yield required(path.child("apiVersion"))
    else:
        yield from _validate_group_version(version, path.child("apiVersion"))
    if not kind:
        yield required(path.child("kind"))
    elif said := is_dns1035_label(kind.lower()):
        yield invalid(path.child("kind"), kind, f"may have mixed case, but should otherwise match: {','.join(said)}")


def _validate_group_version(text: str, path: FieldPath) -> Errors:
    if text.count("/") > 1:
        yield invalid(path, text, f"unexpected GroupVersion string: {text}")
        return
    group, slash, version = text.partition("/")
    if not slash:
        group, version = "", group
    if group and (said := is_dns1123_subdomain(group)):
        yield invalid(path, group, ",".join(said))
    if not version:
        yield invalid(path, text, "version must be specified")
    elif said := is_dns1035_label(version):
        yield invalid(path, version, ",".join(said))


def validate_variables(variables: Sequence[Value], compiler: PolicyCompiler, *, params: bool) -> Errors:
    """spec.variables; what is compiled is known to later expressions."""
    for i, variable in enumerate(variables):
        path = SPEC.child("variables").index(i)
        name, expression = variable.get("name") or "", variable.get("expression") or ""
        if not name.strip():
            yield required(path.child("name"), "name is not specified")
        elif _IDENTIFIER.fullmatch(name) is None or name in RESERVED:
            yield invalid(path.child("name"), name, "must be a valid CEL identifier")
        if not expression.strip():
            yield required(path.child("expression"), "expression is not specified")
            continue
        program = compiler.compile_variable(name, expression, params=params)
        if isinstance(program, CompilationError):
            yield invalid(path.child("expression"), expression, program.text)


def validate_binding_head(spec: Value) -> Errors:
    """policyName, paramRef, matchResources."""
    policy = spec.get("policyName") or ""
    if not policy:
        yield required(SPEC.child("policyName"))
    else:
        yield from each_invalid(SPEC.child("policyName"), policy, name_is_dns_subdomain(policy, False))
    if spec.get("paramRef") is not None:
        yield from _validate_param_ref(spec["paramRef"], SPEC.child("paramRef"))
    yield from validate_match_resources(spec.get("matchResources"), SPEC.child("matchResources"))


def _validate_param_ref(param: Value, path: FieldPath) -> Errors:
    name, selector = param.get("name") or "", param.get("selector")
    if name:
        yield from each_invalid(path.child("name"), name, is_path_segment_name(name))
        if selector is not None:
            yield forbidden(path.child("name"), _EXCLUSIVE)
    if selector is not None:
        yield from validate_label_selector(selector, path.child("selector"))
        if name:
            yield forbidden(path.child("selector"), _EXCLUSIVE)
    if not name and selector is None:
        yield required(path, "one of name or selector must be specified")
    action = param.get("parameterNotFoundAction")
    if not action:
        yield required(path.child("parameterNotFoundAction"))
    elif action not in _NOT_FOUND_ACTIONS:
        yield not_supported(path.child("parameterNotFoundAction"), GoText(go_json(action)), _NOT_FOUND_ACTIONS)
