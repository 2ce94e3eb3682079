"""The expressions of a policy at work, within a budget.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/cel/{activation,condition,composition}.go,
         staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions/matcher.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kplan.apiserver.cel.policies import CONDITION, PolicyCompiler
from kplan.apiserver.cel.program import RUNTIME_BUDGET, CompilationError, Program
from kplan.apiserver.cel.values import EvaluationError
from kplan.model.objects import Object

MATCH_CONDITIONS_BUDGET = 2_500_000
OUT_OF_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run"

Compiled = Program | CompilationError


class OutOfBudget(Exception):
    """All expressions together cost more than they may."""


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression with what it became."""

    text: str
    compiled: Compiled


@dataclass(slots=True)
class Expressions:
    """What policies of both kinds have: variables and match conditions, compiled."""

    policy: Object
    compiler: PolicyCompiler = field(init=False)
    has_params: bool = field(init=False)
    conditions: list[Expression] = field(init=False)

    def __post_init__(self) -> None:
        spec = self.policy["spec"]
        self.compiler = PolicyCompiler(composed=True)
        self.has_params = spec.get("paramKind") is not None
        for variable in spec.get("variables") or ():
            self.compiler.compile_variable(variable["name"], variable["expression"], params=self.has_params)
        self.conditions = [
            Expression(c["expression"], self.compiler.compile(c["expression"], CONDITION, params=self.has_params))
            for c in spec.get("matchConditions") or ()
        ]

    @property
    def fails(self) -> bool:
        """Whether an error refuses the request."""
        return bool(self.policy["spec"].get("failurePolicy") != "Ignore")


class Evaluation:
    """Some expressions evaluated with the same variables; ``variables`` are evaluated when they are asked for."""

    def __init__(self, bindings: Mapping[str, Any], compiler: PolicyCompiler, budget: int = RUNTIME_BUDGET) -> None:
        self._lazy = _Variables(compiler.programs)
        self._bindings = {**bindings, "variables": self._lazy}
        self._lazy.bindings = self._bindings
        self.budget = budget

    def value(self, expression: Expression) -> tuple[Any, str]:
        """The value, and the error.

        Raises: OutOfBudget.
        """
        compiled = expression.compiled
        if isinstance(compiled, CompilationError):
            return None, f"compilation error: {compiled.text}"
        value, cost = compiled.attempt(self._bindings)
        self.budget -= cost + self._lazy.take_cost()
        if self.budget < 0:
            raise OutOfBudget
        if isinstance(value, EvaluationError):
            return None, f"expression '{expression.text}' resulted in error: {value}"
        return value, ""


class _Variables(Mapping[str, Any]):
    """``variables``: each is evaluated once."""

    def __init__(self, programs: Mapping[str, Compiled]) -> None:
        self._programs = programs
        self._values: dict[str, Any] = {}
        self._cost = 0
        self.bindings: Mapping[str, Any] = {}

    def take_cost(self) -> int:
        """What evaluating has cost since it was last asked."""
        cost, self._cost = self._cost, 0
        return cost

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            self._values[name] = self._evaluate(name, self._programs[name])
        value = self._values[name]
        if isinstance(value, EvaluationError):
            raise value
        return value

    def _evaluate(self, name: str, compiled: Compiled) -> Any:
        if isinstance(compiled, CompilationError):
            return EvaluationError(f'composited variable "{name}" fails to compile: {compiled.text}')
        value, cost = compiled.attempt(self.bindings)
        self._cost += cost
        if isinstance(value, EvaluationError):
            return EvaluationError(f'composited variable "{name}" fails to evaluate: {value}')
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._programs)

    def __len__(self) -> int:
        return len(self._programs)


def conditions_match(expressions: Expressions, bindings: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether all match conditions are true, and why that cannot be said."""
    evaluation = Evaluation({**bindings, "namespaceObject": None}, expressions.compiler, MATCH_CONDITIONS_BUDGET)
    errors: list[str] = []
    try:
        for condition in expressions.conditions:
            value, error = evaluation.value(condition)
            if error:
                errors.append(error)
            elif value is False:
                return False, ""
    except OutOfBudget:
        errors = [OUT_OF_BUDGET]
    if not errors:
        return True, ""
    return False, aggregated(errors) if expressions.fails else ""


def aggregated(errors: Sequence[str]) -> str:
    """Several errors as one text."""
    distinct = list(dict.fromkeys(errors))
    return distinct[0] if len(distinct) == 1 else "[" + ", ".join(distinct) + "]"
