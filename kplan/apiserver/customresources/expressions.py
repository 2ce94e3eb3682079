"""The rules of a schema, compiled: ``x-kubernetes-validations``.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.cel.checker import Environment
from kplan.apiserver.cel.estimates import estimate_cost
from kplan.apiserver.cel.program import CompilationError, Program, compile_expression
from kplan.apiserver.cel.types import BOOL, STRING, Declared, TypeProvider, object_types, optional_of
from kplan.apiserver.customresources.declared import MAX_REQUEST_BYTES, named
from kplan.apiserver.customresources.fieldpaths import Found, PathRefused, find_field
from kplan.apiserver.customresources.schemas import VALIDATIONS, Schema

_SELF, _OLD = "self", "oldSelf"
_SELF_TYPE = "selfType"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. A rule without an expression has neither a program nor an error."""

    source: Mapping[str, Any]
    program: Program | None = None
    error: str = ""
    message: Program | None = None
    message_error: str = ""
    uses_old: bool = False
    field: Found | None = None

    @property
    def optional_old(self) -> bool:
        """Whether ``oldSelf`` is an optional value."""
        return bool(self.source.get("optionalOldSelf"))

    @property
    def shown(self) -> str:
        """What errors call it."""
        return str(self.source.get("message") or self.source.get("rule") or "").strip()


def compile_rules(schema: Schema, declared: Declared) -> list[Rule]:
    """The rules right at a schema."""
    rules = schema.get(VALIDATIONS) or ()
    if not rules:
        return []
    own = named(declared, _SELF_TYPE)
    provider = TypeProvider(object_types(own))
    plain, optional = (Environment({_SELF: own.type, _OLD: old}, provider) for old in (own.type, optional_of(own.type)))
    return [_compile(rule, schema, optional if rule.get("optionalOldSelf") else plain) for rule in rules]


def _compile(rule: Mapping[str, Any], schema: Schema, environment: Environment) -> Rule:
    expression = rule.get("rule") or ""
    if not expression.strip():
        return Rule(rule)
    program = compile_expression(expression, environment)
    if isinstance(program, CompilationError):
        return Rule(rule, error=f"compilation failed: {program.text}")
    if program.output != BOOL:
        return Rule(rule, error="cel expression must evaluate to a bool")
    if program.refusal:
        return Rule(rule, error=f"program instantiation failed: {program.refusal}")
    uses_old = _OLD in program.checked.names.values()
    message, message_error = _compile_message(rule.get("messageExpression") or "", environment)
    return Rule(rule, program, "", message, message_error, uses_old, _field(rule.get("fieldPath") or "", schema))


def _compile_message(expression: str, environment: Environment) -> tuple[Program | None, str]:
    if not expression:
        return None, ""
    program = compile_expression(expression, environment)
    if isinstance(program, CompilationError):
        return None, f"messageExpression compilation failed: {program.text}"
    if program.output != STRING:
        return None, "messageExpression must evaluate to a string"
    if program.refusal:
        return None, f"messageExpression instantiation failed: {program.refusal}"
    return program, ""


def _field(path: str, schema: Schema) -> Found | None:
    if not path:
        return None
    try:
        return find_field(path, schema)
    except PathRefused:
        return None


def most_cost(program: Program, declared: Declared) -> int:
    """What an expression may cost at most."""
    return estimate_cost(program.checked, declared).high


def most_repeated(declared: Declared) -> int:
    """How often a value can be in one request at most."""
    return MAX_REQUEST_BYTES // (declared.min_serialized_size + 1)
