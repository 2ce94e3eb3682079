"""Validating policies: compiled, and what they decide of a request.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating/{plugin,validator,dispatcher}.go (1.36)
Differs: audit annotations are evaluated, but there is no audit log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.cel.policies import AUDIT_ANNOTATION, CONDITION, MESSAGE
from kplan.apiserver.policies.evaluation import (
    OUT_OF_BUDGET,
    Evaluation,
    Expression,
    Expressions,
    OutOfBudget,
    conditions_match,
)
from kplan.model.objects import Object

MESSAGE_LIMIT = 5 * 1024


@dataclass(frozen=True, slots=True)
class Denial:
    """One refusal."""

    message: str
    reason: str = ""
    audit: bool = False
    """Whether an audit annotation failed, which refuses whatever the binding's actions."""


@dataclass(frozen=True, slots=True)
class _Validation:
    source: Mapping[str, Any]
    expression: Expression
    message: Expression | None


class ValidatingPolicy:
    """A policy, compiled."""

    def __init__(self, policy: Object) -> None:
        self.expressions = Expressions(policy)
        compiler, params = self.expressions.compiler, self.expressions.has_params
        self.validations: list[_Validation] = []
        for source in policy["spec"].get("validations") or ():
            text, computed = source["expression"], source.get("messageExpression") or ""
            message = None
            if computed:
                message = Expression(computed, compiler.compile(computed, MESSAGE, params=params, authorizer=False))
            self.validations.append(_Validation(source, Expression(text, compiler.compile(text, CONDITION, params=params)), message))
        self.annotations = [
            Expression(a["valueExpression"], compiler.compile(a["valueExpression"], AUDIT_ANNOTATION, params=params))
            for a in policy["spec"].get("auditAnnotations") or ()
        ]

    def decide(self, bindings: Mapping[str, Any]) -> Iterator[Denial]:
        """What refuses a request; ``bindings`` are the variables."""
        matches, error = conditions_match(self.expressions, bindings)
        if error:
            yield from self._failed(error)
        if not matches:
            return
        try:
            yield from self._validate(bindings)
            yield from self._annotate(bindings)
        except OutOfBudget:
            yield from self._failed(OUT_OF_BUDGET)

    def _failed(self, error: str) -> Iterator[Denial]:
        if self.expressions.fails:
            yield Denial(error)

    def _validate(self, bindings: Mapping[str, Any]) -> list[Denial]:
        evaluation = Evaluation(bindings, self.expressions.compiler)
        results = [evaluation.value(v.expression) for v in self.validations]
        messages, spent = self._messages(bindings, evaluation.budget)
        found: list[Denial] = []
        for i, (validation, (value, error)) in enumerate(zip(self.validations, results, strict=True)):
            if error or spent:
                found.extend(self._failed(error or f"failed messageExpression: {OUT_OF_BUDGET}"))
            elif value is not True:
                found.append(Denial(_message(validation, messages[i]), validation.source.get("reason") or "Invalid"))
        return found

    def _messages(self, bindings: Mapping[str, Any], budget: int) -> tuple[list[Any], bool]:
        """The computed messages, and whether they cost too much."""
        evaluation = Evaluation(bindings, self.expressions.compiler, budget)
        messages: list[Any] = []
        try:
            for validation in self.validations:
                messages.append(None if validation.message is None else evaluation.value(validation.message)[0])
        except OutOfBudget:
            return messages, True
        return messages, False

    def _annotate(self, bindings: Mapping[str, Any]) -> Iterator[Denial]:
        evaluation = Evaluation(bindings, self.expressions.compiler)
        for annotation in self.annotations:
            _, error = evaluation.value(annotation)
            if error and self.expressions.fails:
                yield Denial(error, audit=True)


def _message(validation: _Validation, computed: Any) -> str:
    text = computed.strip() if isinstance(computed, str) else ""
    if len(text.encode()) > MESSAGE_LIMIT or "\n" in text:
        text = ""
    given = (validation.source.get("message") or "").strip()
    return text or given or f"failed expression: {validation.expression.text.strip()}"
