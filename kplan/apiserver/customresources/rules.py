"""Custom resources against the rules of their schema.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go (1.36)
Differs: fields are looked at in alphabetical order, where the server's order is random.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.cel.program import RUNTIME_BUDGET
from kplan.apiserver.cel.types import Declared
from kplan.apiserver.cel.values import NONE, CostExceeded, EvaluationError, OptionalValue
from kplan.apiserver.customresources.bindings import bind
from kplan.apiserver.customresources.correlation import Correlated, MapList
from kplan.apiserver.customresources.declared import declared_type, escape, with_type_and_metadata
from kplan.apiserver.customresources.expressions import Rule, compile_rules
from kplan.apiserver.customresources.schemas import (
    EMBEDDED,
    MAP_TYPE,
    VALIDATIONS,
    Schema,
    items_of,
    properties_of,
    type_of,
    values_of,
)
from kplan.apiserver.field import (
    OMITTED,
    FieldError,
    FieldPath,
    duplicate,
    forbidden,
    invalid,
    required,
)
from kplan.model.gotext import go_quote

MESSAGE_LIMIT = 5 * 1024
_NO_BUDGET = "running out of cost budget, no further validation rules will be run"


class _Spent(Exception):
    """The budget of a request is used up."""


class Rules:
    """The rules of a schema and of everything inside it; compiled when first used."""

    def __init__(self, schema: Schema, declared: Declared | None, *, root: bool) -> None:
        self.schema = with_type_and_metadata(schema) if root else schema
        self.own: list[Rule] = compile_rules(schema, declared) if declared is not None else []
        items, values = items_of(schema), values_of(schema)
        self.items = _inside(items, declared and declared.items)
        self.values = _inside(values, declared and declared.values)
        self.properties: dict[str, Rules] = {}
        for name, inner in sorted(properties_of(schema).items()):
            escaped = escape(name)
            if escaped is None:
                of_field = declared_type(inner, root=bool(inner.get(EMBEDDED)))
            else:
                of_field = declared.fields.get(escaped) if declared is not None else None
            if of_field is not None and (found := _inside(inner, of_field)) is not None:
                self.properties[name] = found


def has_rules(schema: Schema | None) -> bool:
    """Whether there are rules at a schema or inside it."""
    if schema is None:
        return False
    if schema.get(VALIDATIONS):
        return True
    return any(map(has_rules, (items_of(schema), values_of(schema), *properties_of(schema).values())))


def _inside(schema: Schema | None, declared: Declared | None) -> Rules | None:
    if schema is None or not has_rules(schema):
        return None
    return Rules(schema, declared, root=bool(schema.get(EMBEDDED)))


def rules_of(schema: Schema, *, root: bool) -> Rules | None:
    """The rules of a schema; None where there are none."""
    return Rules(schema, declared_type(schema, root=root), root=root) if has_rules(schema) else None


class Check:
    """One check of one object: its errors, the warnings for what was wrong before, and the budget that is left."""

    def __init__(self, budget: int = RUNTIME_BUDGET) -> None:
        self.errors: list[FieldError] = []
        self.warnings: list[str] = []
        self.budget = budget

    def run(self, rules: Rules, value: Any, old: Any, path: FieldPath, correlated: Correlated | None = None) -> None:
        """Check a value and everything inside it."""
        try:
            self._visit(rules, value, old, path, correlated, None)
        except _Spent:
            self.budget = -1

    def _visit(
        self, rules: Rules, value: Any, old: Any, path: FieldPath, here: Correlated | None, nearest: Correlated | None
    ) -> None:
        if value is None:
            return
        if rules.own:
            unchanged = here if here is not None else nearest
            self._apply(rules, value, old, path, unchanged)
        if isinstance(value, Mapping):
            self._visit_fields(rules, value, old, path, here, nearest)
        elif isinstance(value, list) and rules.items is not None:
            known = MapList(rules.schema, old if isinstance(old, list) else None)
            for i, item in enumerate(value):
                inner, near = (None, nearest) if here is None else (here.index(i), here)
                self._visit(rules.items, item, known.get(item), path.index(i), inner, near)

    def _visit_fields(
        self,
        rules: Rules,
        value: Mapping[str, Any],
        old: Any,
        path: FieldPath,
        here: Correlated | None,
        nearest: Correlated | None,
    ) -> None:
        before = old if isinstance(old, Mapping) and _keeps_its_keys(rules.schema) else {}
        for key in sorted(value):
            inside, at = (rules.values, path.key(key)) if rules.values is not None else (rules.properties.get(key), path.child(key))
            if inside is None:
                continue
            if here is None:
                inner, near = None, nearest
            elif nearest is None and key in ("apiVersion", "kind"):
                inner, near = None, None
            else:
                inner, near = here.key(key), here
            self._visit(inside, value[key], before.get(key), at, inner, near)

    def _apply(self, rules: Rules, value: Any, old: Any, path: FieldPath, unchanged: Correlated | None) -> None:
        of_type = type_of(rules.schema)
        if self.budget <= 0:
            self._spent(path, of_type, f"validation failed due to {_NO_BUDGET}")
        variables = {"self": _bound(value, rules.schema)}
        if old is not None:
            variables["oldSelf"] = _bound(old, rules.schema)
        for rule in rules.own:
            if rule.error:
                self.errors.append(invalid(path, of_type, f"rule compile error: {rule.error}"))
            elif rule.program is not None and (not rule.uses_old or old is not None or rule.optional_old):
                self._evaluate(rule, variables, value, of_type, path, unchanged)

    def _evaluate(
        self, rule: Rule, variables: dict[str, Any], value: Any, of_type: str, path: FieldPath, unchanged: Correlated | None
    ) -> None:
        assert rule.program is not None
        if rule.optional_old:
            old = variables.get("oldSelf")
            variables = {**variables, "oldSelf": NONE if old is None else OptionalValue(old)}
        result, cost = rule.program.attempt(variables)
        if cost > self.budget:
            self._spent(path, of_type, f"validation failed due to {_NO_BUDGET}")
        self.budget -= cost
        if isinstance(result, CostExceeded):
            why = f"no further validation rules will be run due to call cost exceeds limit for rule: {rule.shown}"
            self._spent(path, of_type, f"'{result}': {why}")
        if isinstance(result, EvaluationError):
            self.errors.append(invalid(path, of_type, _failure(result, rule)))
        elif result is not True:
            at = rule.field.below(path) if rule.field is not None else path
            shown = OMITTED if of_type in ("object", "array") else value
            detail = self._message(rule, variables, of_type, at)
            self._report(_error(rule, at, shown, detail), rule, unchanged)

    def _message(self, rule: Rule, variables: dict[str, Any], of_type: str, path: FieldPath) -> str:
        """What the rule says it wants."""
        message = str(rule.source.get("message") or "").strip() or f"failed rule: {rule.shown}"
        if rule.message is None:
            return message
        source = go_quote(rule.source["messageExpression"])
        said, cost = rule.message.attempt(variables)
        if cost > self.budget:
            self._spent(path, of_type, f"messageExpression evaluation failed due to {_NO_BUDGET}")
        if isinstance(said, CostExceeded):
            why = f"no further validation rules will be run due to call cost exceeds limit for messageExpression: {source}"
            self._spent(path, of_type, why)
        self.budget -= cost
        text = said.strip() if isinstance(said, str) else ""
        return text if text and "\n" not in text and len(text.encode()) <= MESSAGE_LIMIT else message

    def _report(self, error: FieldError, rule: Rule, unchanged: Correlated | None) -> None:
        if not rule.uses_old and unchanged is not None and unchanged.equal():
            self.warnings.append(str(error))
        else:
            self.errors.append(error)

    def _spent(self, path: FieldPath, of_type: str, why: str) -> None:
        self.errors.append(invalid(path, of_type, why))
        raise _Spent


def _keeps_its_keys(schema: Schema) -> bool:
    return (schema.get(MAP_TYPE) or "granular") in ("granular", "atomic")


def _bound(value: Any, schema: Schema) -> Any:
    try:
        return bind(value, schema)
    except EvaluationError as error:
        return error


def _failure(error: EvaluationError, rule: Rule) -> str:
    if str(error).startswith("no such overload"):
        return f"'{error}': call arguments did not match a supported operator, function or macro signature for rule: {rule.shown}"
    return f"{error} evaluating rule: {rule.shown}"


def _error(rule: Rule, path: FieldPath, value: Any, detail: str) -> FieldError:
    match rule.source.get("reason"):
        case "FieldValueForbidden":
            return forbidden(path, detail)
        case "FieldValueRequired":
            return required(path, detail)
        case "FieldValueDuplicate":
            return duplicate(path, value)
        case _:
            return invalid(path, value, detail)
