"""Compiled expressions.

Mirrors: github.com/google/cel-go/cel/{env,program}.go (0.26), staging/src/k8s.io/apiserver/pkg/apis/cel/config.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.cel.checker import Checked, Environment, check
from kplan.apiserver.cel.evaluator import Frame, Refused, Step, plan
from kplan.apiserver.cel.literals import validate_literals
from kplan.apiserver.cel.parsing import parse
from kplan.apiserver.cel.syntax import SyntaxIssues, display
from kplan.apiserver.cel.types import Type
from kplan.apiserver.cel.values import EvaluationError

PER_CALL_LIMIT = 1_000_000
"""What one evaluation may cost."""
RUNTIME_BUDGET = 10_000_000
"""What all expressions of one request may cost."""


@dataclass(frozen=True, slots=True)
class CompilationError:
    """An expression that cannot be compiled; ``text`` are the issues as the server shows them."""

    text: str


@dataclass(frozen=True, slots=True)
class Program:
    """An expression ready to be evaluated."""

    expression: str
    checked: Checked
    step: Step
    refusal: str = ""
    """Why it is never to be evaluated: what is always the same in it fails."""

    @property
    def output(self) -> Type:
        """The type of its value."""
        return self.checked.output

    def run(self, bindings: Mapping[str, Any], limit: int = PER_CALL_LIMIT) -> tuple[Any, int]:
        """Its value, and what that cost.

        Raises: EvaluationError (CostExceeded where it costs more than the limit).
        """
        frame = Frame(bindings, limit)
        value = self.step(frame)
        if isinstance(value, Exception):
            raise value
        return value, frame.cost

    def attempt(self, bindings: Mapping[str, Any], limit: int = PER_CALL_LIMIT) -> tuple[Any, int]:
        """Its value or the EvaluationError, and what that cost."""
        frame = Frame(bindings, limit)
        try:
            value = self.step(frame)
        except EvaluationError as error:
            value = error
        return value, frame.cost

    def evaluate(self, bindings: Mapping[str, Any]) -> Any:
        """Its value.

        Raises: EvaluationError.
        """
        return self.run(bindings)[0]


def compile_expression(expression: str, environment: Environment) -> Program | CompilationError:
    """Parse, check and plan an expression."""
    try:
        parsed = parse(expression, bindings=environment.bindings)
    except SyntaxIssues as refused:
        return CompilationError(refused.display)
    checked = check(parsed, environment)
    issues = checked.issues or list(validate_literals(checked))
    if issues:
        return CompilationError(display(expression, issues))
    try:
        return Program(expression, checked, plan(checked))
    except Refused as refused:
        return Program(expression, checked, _never, str(refused))


def _never(frame: Frame) -> Any:
    raise EvaluationError("unexpected internal error compiling expression")
