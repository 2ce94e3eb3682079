"""Evaluation: a checked tree becomes closures that compute a value and add up what it cost.

Mirrors: github.com/google/cel-go/interpreter/{planner,interpretable,runtimecost}.go (0.26)
Differs: the cost of what a short-circuited operator skipped is never charged, as in cel-go; string sizes are code points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kplan.apiserver.cel.access import has, index, optional_index, select
from kplan.apiserver.cel.checker import Checked
from kplan.apiserver.cel.costs import call_cost
from kplan.apiserver.cel.declarations import type_idents
from kplan.apiserver.cel.library import IMPLEMENTATIONS, OPERATORS
from kplan.apiserver.cel.library.guards import fits
from kplan.apiserver.cel.syntax import Call, Const, Expr, Fold, Ident, ListExpr, Select, StructExpr
from kplan.apiserver.cel.values import (
    CostExceeded,
    EvaluationError,
    ObjectValue,
    OptionalValue,
    TypeValue,
    contains,
    equal,
    type_name,
)
from kplan.apiserver.goregexp import RegexpError, compile_regexp

LIST_COST, MAP_COST, STRUCT_COST = 10, 30, 40
_MISSING, NOT_CONSTANT = object(), object()
_CONVERSIONS = frozenset(["bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"])
_PATTERN_CALLS = ("find", "findAll")


class Refused(Exception):
    """An expression that can be seen to fail before it is evaluated; its text is the server's."""


class Frame:
    """One evaluation: the variables, what it has cost, and what it may cost."""

    __slots__ = ("cost", "limit", "variables")

    def __init__(self, variables: Mapping[str, Any], limit: int) -> None:
        self.variables = dict(variables)
        self.cost, self.limit = 0, limit

    def charge(self, cost: int) -> None:
        """Adds to the cost.

        Raises: CostExceeded.
        """
        self.cost += cost
        if self.cost > self.limit:
            raise CostExceeded("operation cancelled: actual cost limit exceeded")


Step = Callable[[Frame], Any]


def plan(checked: Checked) -> Step:
    """The closure that evaluates a checked tree."""
    return _Planner(checked).plan(checked.parsed.root)


class _Planner:
    def __init__(self, checked: Checked) -> None:
        self.checked = checked
        self.constants: dict[int, Any] = {}

    def plan(self, e: Expr) -> Step:
        if (known := self.constant(e)) is not NOT_CONSTANT:
            return lambda frame: known
        match e:
            case Const():
                value = e.value
                return lambda frame: value
            case Ident():
                return _variable(self.checked.names.get(e.id, e.name))
            case Select():
                if (name := self.checked.names.get(e.id)) is not None:
                    return _variable(name)
                return self.plan_select(e)
            case Call():
                return self.plan_call(e)
            case ListExpr():
                return self.plan_list(e)
            case StructExpr():
                return self.plan_struct(e)
            case Fold():
                return self.plan_fold(e)
        raise AssertionError(type(e))

    def constant(self, e: Expr) -> Any:
        """The value of a node that is always the same, which then costs nothing; else NOT_CONSTANT."""
        if e.id not in self.constants:
            self.constants[e.id] = self.find_constant(e)
        return self.constants[e.id]

    def find_constant(self, e: Expr) -> Any:
        if isinstance(e, Const):
            return e.value
        if isinstance(e, ListExpr) and not e.optionals:
            items = [self.constant(x) for x in e.elements]
            return NOT_CONSTANT if any(i is NOT_CONSTANT for i in items) else items
        if isinstance(e, StructExpr) and not e.name and not any(x.optional for x in e.entries):
            pairs = [(self.constant(x.key), self.constant(x.value)) for x in e.entries if x.key is not None]
            if any(part is NOT_CONSTANT for pair in pairs for part in pair) or len({repr(k) for k, _ in pairs}) < len(pairs):
                return NOT_CONSTANT
            return dict(pairs)
        if isinstance(e, Call) and e.function in _CONVERSIONS and e.target is None and len(e.args) == 1:
            if self.constant(e.args[0]) is not NOT_CONSTANT:
                return self.converted(e)
        if isinstance(e, Call) and e.function == "@in" and self.constant(e.args[1]) == []:
            return False
        return NOT_CONSTANT

    def converted(self, e: Call) -> Any:
        frame = Frame({}, 10**9)
        try:
            return self.plan_call(e)(frame)
        except EvaluationError as error:
            raise Refused(str(error)) from None

    def plan_member(self, e: Call, parts: list[Expr]) -> Step:
        """``x in [1, 2]``: looking up in a list of plain values that is always the same costs nothing."""
        items = self.constant(parts[1])
        if isinstance(items, list) and all(isinstance(i, (bool, int, float, str)) for i in items):
            item = self.plan(parts[0])
            return lambda frame: contains(items, item(frame))
        return _operator("@in", [self.plan(p) for p in parts])

    def plan_select(self, e: Select) -> Step:
        operand, name = self.plan(e.operand), e.field
        if e.test_only:
            return lambda frame: has(operand(frame), name)

        def step(frame: Frame) -> Any:
            value = operand(frame)
            frame.charge(1)
            return select(value, name)

        return step

    def plan_list(self, e: ListExpr) -> Step:
        elements = [(self.plan(x), i in e.optionals) for i, x in enumerate(e.elements)]

        def step(frame: Frame) -> Any:
            out = []
            for element, optional in elements:
                value = element(frame)
                if optional:
                    value = _optional(value)
                    if value.present:
                        out.append(value.value)
                else:
                    out.append(value)
            frame.charge(LIST_COST)
            return out

        return step

    def plan_struct(self, e: StructExpr) -> Step:
        entries = [
            (entry.field if entry.key is None else self.plan(entry.key), self.plan(entry.value), entry.optional)
            for entry in e.entries
        ]
        name, cost = e.name, STRUCT_COST if e.name else MAP_COST

        def step(frame: Frame) -> Any:
            out: dict[Any, Any] = {}
            for key, value, optional in entries:
                k = key if isinstance(key, str) else _map_key(key(frame), out)
                v = value(frame)
                if optional:
                    v = _optional(v)
                    if not v.present:
                        continue
                    v = v.value
                out[k] = v
            frame.charge(cost)
            return ObjectValue(name, out) if name else out

        return step

    def plan_fold(self, e: Fold) -> Step:
        over, init, condition = self.plan(e.range), self.plan(e.init), self.plan(e.condition)
        step_, result = self.plan(e.step), self.plan(e.result)
        var, var2, accu = e.var, e.var2, e.accu

        def step(frame: Frame) -> Any:
            items = over(frame)
            if not isinstance(items, (list, tuple, Mapping)):
                raise EvaluationError(f"got '{type_name(items)}', expected iterable type")
            names = (var, var2, accu)
            variables = frame.variables
            before = [variables.get(n, _MISSING) for n in names]
            accumulated = _Deferred(init)(frame)
            try:
                for first, second in _pairs(items, bool(var2)):
                    variables[accu] = accumulated
                    variables[var] = first
                    if var2:
                        variables[var2] = second
                    if condition(frame) is False:
                        break
                    accumulated = _Deferred(step_)(frame)
                variables[accu] = accumulated
                return result(frame)
            finally:
                for name, value in zip(names, before, strict=True):
                    if value is _MISSING:
                        variables.pop(name, None)
                    else:
                        variables[name] = value

        return step

    # -- calls --

    def plan_call(self, e: Call) -> Step:
        name = self.checked.calls.get(e.id)
        parts = e.args if e.target is None or name is not None else [e.target, *e.args]
        name = name or e.function
        if name in _SPECIAL:
            return _SPECIAL[name](self, e, parts)
        if name in ("or", "orValue"):
            return self.plan_or_value(name, parts)
        if name in _PATTERN_CALLS and isinstance(pattern := self.constant(parts[1]), str):
            try:
                compile_regexp(pattern)
            except RegexpError as refused:
                raise Refused(str(refused)) from None
        args = [self.plan(a) for a in parts]
        if name in OPERATORS:
            return _operator(name, args)
        return _function(name, args, self.checked.overloads.get(e.id, ()))

    def plan_logical(self, e: Call, parts: list[Expr]) -> Step:
        left, right = (self.plan(p) for p in parts)
        decides = e.function == "_||_"

        def step(frame: Frame) -> Any:
            failure: EvaluationError | None = None
            for side in (left, right):
                try:
                    value = side(frame)
                except CostExceeded:
                    raise
                except EvaluationError as error:
                    failure = failure or error
                    continue
                if value is decides:
                    return decides
                if not isinstance(value, bool):
                    failure = failure or EvaluationError("no such overload")
            if failure is not None:
                raise failure
            return not decides

        return step

    def plan_conditional(self, e: Call, parts: list[Expr]) -> Step:
        test, yes, no = (self.plan(p) for p in parts)

        def step(frame: Frame) -> Any:
            value = test(frame)
            if not isinstance(value, bool):
                raise EvaluationError("no such overload")
            return yes(frame) if value else no(frame)

        return step

    def plan_not_strictly_false(self, e: Call, parts: list[Expr]) -> Step:
        inner = self.plan(parts[0])

        def step(frame: Frame) -> Any:
            try:
                value = inner(frame)
            except CostExceeded:
                raise
            except EvaluationError:
                value = True
            frame.charge(1)
            return value is not False

        return step

    def plan_index(self, e: Call, parts: list[Expr]) -> Step:
        operand, key = self.plan(parts[0]), self.plan(parts[1])
        look_up = index if e.function == "_[_]" else optional_index

        def step(frame: Frame) -> Any:
            value, at = operand(frame), key(frame)
            frame.charge(1)
            return look_up(value, at)

        return step

    def plan_equal(self, e: Call, parts: list[Expr]) -> Step:
        left, right = (self.plan(p) for p in parts)
        negate, name = e.function == "_!=_", e.function

        def step(frame: Frame) -> Any:
            a, b = left(frame), right(frame)
            found = equal(a, b)
            frame.charge(call_cost(name, "", (a, b), found))
            return found is not negate

        return step

    def plan_or_value(self, name: str, parts: list[Expr]) -> Step:
        left, right = (self.plan(p) for p in parts)

        def step(frame: Frame) -> Any:
            value = left(frame)
            if not isinstance(value, OptionalValue):
                raise EvaluationError("no such overload")
            if not value.present:
                return right(frame)
            return value if name == "or" else value.value

        return step


class _Deferred:
    """Runs a step whose error becomes the accumulated value, so that a later iteration may still decide."""

    __slots__ = ("step",)

    def __init__(self, step: Step) -> None:
        self.step = step

    def __call__(self, frame: Frame) -> Any:
        try:
            return self.step(frame)
        except CostExceeded:
            raise
        except EvaluationError as error:
            return error


_SPECIAL: dict[str, Callable[[_Planner, Call, list[Expr]], Step]] = {
    "_&&_": _Planner.plan_logical,
    "_||_": _Planner.plan_logical,
    "_?_:_": _Planner.plan_conditional,
    "@not_strictly_false": _Planner.plan_not_strictly_false,
    "_[_]": _Planner.plan_index,
    "_[?_]": _Planner.plan_index,
    "_?._": _Planner.plan_index,
    "_==_": _Planner.plan_equal,
    "_!=_": _Planner.plan_equal,
    "@in": _Planner.plan_member,
}


def _variable(name: str) -> Step:
    named = type_idents().get(name)

    def step(frame: Frame) -> Any:
        frame.charge(1)
        value = frame.variables.get(name, _MISSING)
        if value is _MISSING:
            if named is not None:
                return TypeValue(named.type_name)
            raise EvaluationError(f"no such attribute(s): {name}")
        if isinstance(value, EvaluationError):
            raise value
        return value

    return step


def _operator(name: str, args: list[Step]) -> Step:
    operator = OPERATORS[name]

    def step(frame: Frame) -> Any:
        values = tuple(a(frame) for a in args)
        result = operator(*values)
        frame.charge(call_cost(name, "", values, result))
        return result

    return step


def _function(name: str, args: list[Step], overloads: tuple[str, ...]) -> Step:
    candidates = [(o, IMPLEMENTATIONS[o]) for o in overloads if o in IMPLEMENTATIONS]

    def step(frame: Frame) -> Any:
        values = tuple(a(frame) for a in args)
        for overload, implementation in candidates:
            if fits(overload, values):
                result = implementation(*values)
                frame.charge(call_cost(name, overload, values, result))
                return result
        raise EvaluationError(f"no such overload: {name}({', '.join(map(type_name, values))})")

    return step


def _pairs(items: Any, two: bool) -> Any:
    if isinstance(items, Mapping):
        return ((k, items[k] if two else None) for k in items)
    return enumerate(items) if two else ((item, None) for item in items)


def _map_key(key: Any, out: dict[Any, Any]) -> Any:
    if not isinstance(key, (bool, int, str)):
        raise EvaluationError(f"unsupported key type: {type_name(key)}")
    if key in out:
        raise EvaluationError(f"Failed with repeated key: {key}")
    return key


def _optional(value: Any) -> OptionalValue:
    if not isinstance(value, OptionalValue):
        raise EvaluationError(f"cannot initialize optional entry from non-optional value {value}")
    return value
