"""What the rules of a CustomResourceDefinition may say, and what they may cost.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/{validation,cel_validation}.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kplan.apiserver.customresources.declared import declared_type
from kplan.apiserver.customresources.expressions import Rule, compile_rules, most_cost, most_repeated
from kplan.apiserver.customresources.fieldpaths import PathRefused, find_field
from kplan.apiserver.customresources.internal import show_rule
from kplan.apiserver.customresources.schemas import (
    EMBEDDED,
    VALIDATIONS,
    Schema,
    has_values,
    structural_refusal,
    type_of,
)
from kplan.apiserver.field import Errors, FieldPath, forbidden, internal, invalid, not_supported, required

EXPRESSION_LIMIT, DEFINITION_LIMIT = 10_000_000, 100_000_000
_MOST = 2**64 - 1
_REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_NEWLINE = re.compile(r"[\n\r]")
_ADVICE = "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)"


class RuleCosts:
    """What all rules of a definition may cost together."""

    def __init__(self) -> None:
        self.total = 0
        self.highest: list[tuple[int, FieldPath]] = []

    def add(self, path: FieldPath, cost: int) -> None:
        """Count an expression."""
        self.total = min(self.total + cost, _MOST)
        if cost >= DEFINITION_LIMIT // 100:
            self.highest = sorted([*self.highest, (cost, path)], key=lambda c: -c[0])[:4]

    def over_budget(self, path: FieldPath) -> Errors:
        """The costliest expressions, where all are too costly together."""
        if self.total <= DEFINITION_LIMIT:
            return
        for _, at in self.highest:
            yield forbidden(at, "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema")
        name = f"{VALIDATIONS} estimated rule cost total for entire OpenAPIv3 schema"
        yield forbidden(path, _too_costly(name, self.total, DEFINITION_LIMIT))


class Scope:
    """A schema among the schemas around it: how often its values can be in one object (None: without bound)."""

    __slots__ = ("costs", "repeats", "root", "schema")

    def __init__(self, schema: Schema | None, costs: RuleCosts, repeats: int | None = 1, *, root: bool = True) -> None:
        self.schema, self.costs, self.repeats, self.root = schema, costs, repeats, root

    def inside(self, schema: Schema | None) -> Scope:
        """The scope of a schema right inside."""
        most = None if self.schema is None else _most_inside(self.schema)
        repeats = None if self.repeats is None or most is None else _times(self.repeats, most)
        return Scope(schema, self.costs, repeats, root=False)


def _most_inside(schema: Schema) -> int | None:
    of_type = type_of(schema)
    if of_type == "array":
        most = schema.get("maxItems")
    elif of_type == "object" and has_values(schema):
        most = schema.get("maxProperties")
    else:
        return 1
    return None if most is None else max(most, 0)


def _times(cost: int, repeats: int) -> int:
    return min(cost * repeats, _MOST)


def validate_rule_texts(schema: Schema, path: FieldPath) -> Errors:
    """The rules without looking into their expressions."""
    for i, rule in enumerate(schema.get(VALIDATIONS) or ()):
        at = path.child(VALIDATIONS).index(i)
        yield from _validate_texts(rule, at)
        reason = rule.get("reason")
        if reason is not None and reason not in _REASONS:
            yield not_supported(at.child("reason"), reason, _REASONS)
        yield from _validate_field_path(rule.get("fieldPath") or "", schema, at.child("fieldPath"))


def _validate_texts(rule: Mapping[str, Any], path: FieldPath) -> Errors:
    expression, message, computed = (rule.get(k) or "" for k in ("rule", "message", "messageExpression"))
    trimmed = message.strip()
    if not expression.strip():
        yield required(path.child("rule"), "rule is not specified")
    elif message and not trimmed:
        yield invalid(path.child("message"), message, "must be non-empty if specified")
    elif _NEWLINE.search(trimmed):
        yield invalid(path.child("message"), message, "must not contain line breaks")
    elif _NEWLINE.search(expression.strip()) and not trimmed:
        yield required(path.child("message"), "message must be specified if rule contains line breaks")
    if computed and not computed.strip():
        yield required(path.child("messageExpression"), "messageExpression must be non-empty if specified")


def _validate_field_path(field_path: str, schema: Schema, path: FieldPath) -> Errors:
    if not field_path:
        return
    if not field_path.strip():
        yield invalid(path, field_path, "must be non-empty if specified")
    if _NEWLINE.search(field_path):
        yield invalid(path, field_path, "must not contain line breaks")
    if not structural_refusal(schema):
        try:
            find_field(field_path, schema)
        except PathRefused:
            yield invalid(path, field_path, "must be a valid path")


def validate_rules(schema: Schema, path: FieldPath, scope: Scope, no_old_self: FieldPath | None, *, suppress: bool) -> Errors:
    """The expressions of a schema's rules."""
    at = path.child(VALIDATIONS)
    declared = declared_type(schema, root=scope.root or bool(schema.get(EMBEDDED)))
    if declared is None:
        why = "unable to convert structural schema to CEL declarations"
        yield internal(at, f"internal error: failed to construct type information for {VALIDATIONS} rules: {why}")
        return
    repeats = scope.repeats if scope.repeats is not None else most_repeated(declared)
    for i, rule in enumerate(compile_rules(schema, declared)):
        cost = 0 if rule.program is None else _times(most_cost(rule.program, declared), repeats)
        where = at.index(i).child("rule")
        if cost > EXPRESSION_LIMIT and not suppress:
            yield forbidden(where, _too_costly("estimated rule cost", cost, EXPRESSION_LIMIT))
        scope.costs.add(where, cost)
        if rule.error:
            yield invalid(where, show_rule(rule.source), rule.error)
        message_at = at.index(i).child("messageExpression")
        if rule.message_error:
            yield invalid(message_at, show_rule(rule.source), rule.message_error)
        elif rule.message is not None:
            message_cost = most_cost(rule.message, declared)
            if message_cost > EXPRESSION_LIMIT and not suppress:
                yield forbidden(message_at, _too_costly("estimated messageExpression cost", message_cost, EXPRESSION_LIMIT))
            scope.costs.add(message_at, message_cost)
        yield from _validate_old_self(rule, at.index(i), no_old_self)


def _validate_old_self(rule: Rule, path: FieldPath, no_old_self: FieldPath | None) -> Errors:
    if rule.uses_old:
        if no_old_self is not None:
            said = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {no_old_self}"
            yield invalid(path.child("rule"), rule.source.get("rule") or "", said)
    elif rule.source.get("optionalOldSelf") is not None:
        said = "may not be set if oldSelf is not used in rule"
        yield invalid(path.child("optionalOldSelf"), rule.source["optionalOldSelf"], said)


def _too_costly(name: str, cost: int, limit: int) -> str:
    factor = cost / limit
    if factor > 100:
        shown = "more than 100x"
    else:
        shown = f"{factor:f}x" if factor < 1.5 else f"{factor:.1f}x"
    return f"{name} exceeds budget by factor of {shown} {_ADVICE}"
