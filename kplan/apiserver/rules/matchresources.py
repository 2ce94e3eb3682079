"""Which requests webhooks and policies look at: rules, selectors, match conditions.

Mirrors: pkg/apis/admissionregistration/validation/validation.go (validateRule, validateMatchResources, validateMatchConditions),
         pkg/apis/admissionregistration/v1/defaults.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kplan.apiserver.cel.policies import CONDITION, PolicyCompiler
from kplan.apiserver.cel.program import CompilationError
from kplan.apiserver.field import (
    Errors,
    FieldPath,
    duplicate,
    invalid,
    not_supported,
    required,
    too_many,
)
from kplan.apiserver.rules.names import each_invalid, is_path_segment_name, is_qualified_name
from kplan.apiserver.rules.selectors import validate_label_selector
from kplan.apiserver.strategy import Draft
from kplan.model.gotext import GoText, go_json

Value = Mapping[str, Any]

MATCH_POLICIES = ("Equivalent", "Exact")
FAILURE_POLICIES = ("Fail", "Ignore")
REINVOCATION_POLICIES = ("IfNeeded", "Never")
MUTATING_OPERATIONS = ("*", "CONNECT", "CREATE", "UPDATE")
_OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_SCOPES = ("*", "Cluster", "Namespaced")
_MAX_CONDITIONS = 64


def default_match(holder: Draft) -> None:
    """matchPolicy and the selectors, as MatchResources and webhooks have them."""
    if holder.get("matchPolicy") is None:
        holder["matchPolicy"] = "Equivalent"
    for field in ("namespaceSelector", "objectSelector"):
        if holder.get(field) is None:
            holder[field] = {}


def default_rules(rules: Sequence[Draft] | None) -> None:
    """The scope of rules."""
    for rule in rules or ():
        if rule.get("scope") is None:
            rule["scope"] = "*"


def default_match_resources(match: Draft | None) -> None:
    """MatchResources."""
    if match is not None:
        default_match(match)
        default_rules(match.get("resourceRules"))
        default_rules(match.get("excludeResourceRules"))


def supported(value: str | None, path: FieldPath, known: Sequence[str]) -> Errors:
    """An optional value out of a closed set."""
    if value is not None and value not in known:
        yield not_supported(path, GoText(go_json(value)), known)


def validate_match_resources(match: Value | None, path: FieldPath) -> Errors:
    """matchConstraints of a policy, matchResources of a binding."""
    if match is None:
        return
    policy = match.get("matchPolicy")
    if policy is None:
        yield required(path.child("matchPolicy"))
    yield from supported(policy, path.child("matchPolicy"), MATCH_POLICIES)
    for field in ("namespaceSelector", "objectSelector"):
        if match.get(field) is None:
            yield required(path.child(field))
        yield from validate_label_selector(match.get(field), path.child(field))
    for field in ("resourceRules", "excludeResourceRules"):
        for i, rule in enumerate(match.get(field) or ()):
            yield from _validate_named_rule(rule, path.child(field).index(i))


def _validate_named_rule(rule: Value, path: FieldPath) -> Errors:
    names: set[str] = set()
    for i, name in enumerate(rule.get("resourceNames") or ()):
        here = path.child("resourceNames").index(i)
        yield from each_invalid(here, name, is_path_segment_name(name))
        if name in names:
            yield duplicate(here, name)
        names.add(name)
    yield from validate_rule(rule, path)


def validate_rule(rule: Value, path: FieldPath) -> Errors:
    """RuleWithOperations."""
    operations = rule.get("operations") or []
    here = path.child("operations")
    if not operations:
        yield required(here)
    if len(operations) > 1 and "*" in operations:
        yield invalid(here, operations, "if '*' is present, must not specify other operations")
    for i, operation in enumerate(operations):
        yield from supported(operation, here.index(i), _OPERATIONS)
    yield from _validate_list(rule.get("apiGroups") or [], path.child("apiGroups"), "API groups", may_be_empty=True)
    yield from _validate_list(rule.get("apiVersions") or [], path.child("apiVersions"), "API versions", may_be_empty=False)
    yield from _validate_resources(rule.get("resources") or [], path.child("resources"))
    yield from supported(rule.get("scope"), path.child("scope"), _SCOPES)


def _validate_list(values: list[str], path: FieldPath, noun: str, *, may_be_empty: bool) -> Errors:
    if not values:
        yield required(path)
    if len(values) > 1 and "*" in values:
        yield invalid(path, values, f"if '*' is present, must not specify other {noun}")
    if not may_be_empty:
        for i, value in enumerate(values):
            if not value:
                yield required(path.index(i))


def _validate_resources(resources: list[str], path: FieldPath) -> Errors:
    if not resources:
        yield required(path)
    every_subresource: set[str] = set()
    every_resource: set[str] = set()
    plain = False
    for i, resource in enumerate(resources):
        if not resource:
            yield required(path.index(i))
            continue
        name, slash, sub = resource.partition("/")
        if not slash:
            # Only the last resource without a subresource counts: so it is in Kubernetes.
            plain = resource != "*"
            continue
        if name in every_subresource:
            yield invalid(path.index(i), resource, f"if '{name}/*' is present, must not specify {resource}")
        if sub in every_resource:
            yield invalid(path.index(i), resource, f"if '*/{sub}' is present, must not specify {resource}")
        if sub == "*":
            every_subresource.add(name)
        if name == "*":
            every_resource.add(sub)
    if len(resources) > 1 and "*/*" in resources:
        yield invalid(path, resources, "if '*/*' is present, must not specify other resources")
    if "*" in resources and plain:
        yield invalid(path, resources, "if '*' is present, must not specify other resources without subresources")


def validate_match_conditions(conditions: Sequence[Value], path: FieldPath, *, params: bool) -> Errors:
    """matchConditions of webhooks and policies."""
    if len(conditions) > _MAX_CONDITIONS:
        yield too_many(path, len(conditions), _MAX_CONDITIONS)
    names: set[str] = set()
    for i, condition in enumerate(conditions):
        name, here = condition.get("name") or "", path.index(i)
        yield from _validate_match_condition(condition, here, params)
        if name and name in names:
            yield duplicate(here.child("name"), name)
        names.add(name)


def _validate_match_condition(condition: Value, path: FieldPath, params: bool) -> Errors:
    name, expression = condition.get("name") or "", (condition.get("expression") or "").strip()
    if not expression:
        yield required(path.child("expression"))
    else:
        program = PolicyCompiler(composed=False).compile(expression, CONDITION, params=params)
        if isinstance(program, CompilationError):
            yield invalid(path.child("expression"), expression, program.text)
    if not name:
        yield required(path.child("name"))
    else:
        yield from each_invalid(path.child("name"), name, is_qualified_name(name))
