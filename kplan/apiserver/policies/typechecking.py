"""Whether the expressions of a ValidatingAdmissionPolicy fit the types of what it matches; what does not is only told.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating/typechecking.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kplan.apiserver.cel.checker import Environment
from kplan.apiserver.cel.policies import declared_variable, environment, with_variables
from kplan.apiserver.cel.program import CompilationError, compile_expression
from kplan.apiserver.cel.types import DYN, Declared, Type, TypeProvider, object_types
from kplan.apiserver.policies.schemas import GroupVersionKind, Types
from kplan.model.objects import Object

_MOST_TYPES = 10
_RULE = ("apiGroups", "apiVersions", "resources")


def expression_warnings(policy: Object, types: Types) -> list[dict[str, str]]:
    """The warnings for the policy's status, expression by expression."""
    spec = policy.get("spec") or {}
    environments = list(_environments(spec, types))
    found = []
    for i, validation in enumerate(spec.get("validations") or ()):
        for field in ("expression", "messageExpression"):
            said = _check(validation.get(field) or "", environments) if field == "expression" or validation.get(field) else ""
            if said:
                found.append({"fieldRef": f"spec.validations[{i}].{field}", "warning": said})
    return found


def _check(expression: str, environments: Sequence[tuple[GroupVersionKind, Environment]]) -> str:
    compiled = ((kind, compile_expression(expression, known)) for kind, known in environments)
    return "\n".join(f"{kind}: {result.text}\n" for kind, result in compiled if isinstance(result, CompilationError))


def _environments(spec: Mapping[str, Any], types: Types) -> Iterator[tuple[GroupVersionKind, Environment]]:
    """For each kind the policy matches, what its expressions may mention."""
    params, of_params = spec.get("paramKind"), None
    if params is not None:
        group, _, version = (params.get("apiVersion") or "").rpartition("/")
        of_params = types.of(GroupVersionKind(group, version, params.get("kind") or ""))
    for kind in kinds_to_check(spec, types):
        known = _typed(types.of(kind), params is not None, of_params)
        variables: dict[str, Type] = {}
        for variable in spec.get("variables") or ():
            result = compile_expression(variable.get("expression") or "", with_variables(known, tuple(variables.items())))
            variables[variable.get("name") or ""] = DYN if isinstance(result, CompilationError) else declared_variable(result.output)
        yield kind, with_variables(known, tuple(variables.items()))


def _typed(of_object: Declared | None, has_params: bool, of_params: Declared | None) -> Environment:
    base = environment(params=has_params, authorizer=True, patches=False)
    variables = {name: t for name, t in base.variables.items() if name != "authorizer.requestResource"}
    provided = dict(base.provider.types)
    for declared, names in ((of_object, ("object", "oldObject")), (of_params, ("params",))):
        if declared is not None:
            variables |= dict.fromkeys(names, declared.type)
            provided |= object_types(declared)
    return Environment(variables, TypeProvider(provided), base.functions)


def kinds_to_check(spec: Mapping[str, Any], types: Types) -> list[GroupVersionKind]:
    """The kinds a policy names one by one: no wildcards, no subresources, and not many."""
    found: set[GroupVersionKind] = set()
    for rule in (spec.get("matchConstraints") or {}).get("resourceRules") or ():
        groups, versions, resources = ([str(v) for v in rule.get(key) or ()] for key in _RULE)
        if any("*" in v for v in (*groups, *versions)):
            continue
        named = list(_named(groups, versions, [r for r in resources if "*" not in r and "/" not in r], types))
        found.update(named[:_MOST_TYPES])
        if len(named) >= _MOST_TYPES:
            break
    return sorted(found)


def _named(groups: list[str], versions: list[str], resources: list[str], types: Types) -> Iterator[GroupVersionKind]:
    for group in sorted(groups):
        for version in sorted(versions):
            for resource in sorted(resources):
                yield from types.kinds_for(group, version, resource)
