"""What an expression may cost at most, judged from its types: the server refuses rules that could cost too much.

Mirrors: github.com/google/cel-go/checker/cost.go (0.26)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from kplan.apiserver.cel.checker import Checked
from kplan.apiserver.cel.syntax import Call, Const, Expr, Fold, Ident, ListExpr, Select, StructExpr
from kplan.apiserver.cel.types import DYN, Declared, Type

MOST = 2**64 - 1
TRAVERSAL, REGEX = 0.1, 0.25

Path = tuple[str, ...]


class Range(NamedTuple):
    """The least and the most a size or a cost can be."""

    low: int
    high: int

    def plus(self, other: Range) -> Range:
        """The sum."""
        return Range(_capped(self.low + other.low), _capped(self.high + other.high))

    def times(self, other: Range) -> Range:
        """The product."""
        return Range(_capped(self.low * other.low), _capped(self.high * other.high))

    def scaled(self, factor: float) -> Range:
        """Times a factor, rounded up."""
        return Range(_scaled(self.low, factor), _scaled(self.high, factor))

    def union(self, other: Range) -> Range:
        """What covers both."""
        return Range(min(self.low, other.low), max(self.high, other.high))


def _capped(value: int) -> int:
    return min(value, MOST)


def _scaled(value: int, factor: float) -> int:
    scaled = float(value) * factor
    return MOST if scaled >= 2.0**64 else _capped(math.ceil(scaled))


def fixed(value: int) -> Range:
    """A size or cost that is known."""
    return Range(value, value)


ONE, NOTHING, UNKNOWN = fixed(1), fixed(0), Range(0, MOST)


class Entries(NamedTuple):
    """The sizes of the keys and values of a list or map."""

    container: str
    key: Range
    value: Range


@dataclass(slots=True)
class Local:
    """A variable of a comprehension."""

    path: Path | None
    size: Range | None
    entries: Entries | None


@dataclass(slots=True)
class Node:
    """What a function's estimate may know of an argument."""

    expr: Expr | None
    type: Type
    path: Path | None
    size: Range | None


class Estimate(NamedTuple):
    """The cost of a call and the size of its result, where that is known."""

    cost: Range
    size: Range | None = None


def size_at(root: Declared, variable: str, path: Path | None) -> Range | None:
    """The size a schema allows at a path; None where it says nothing.

    Without a variable, whatever the path begins with is taken for the root, also where a value has no place in the
    schema: an item of ``cond ? self.a : []`` counts as the root itself.
    """
    if not path or (variable and path[0] != variable):
        return None
    here: Declared | None = root
    for step in path[1:]:
        if here is None:
            return None
        match step:
            case "@items":
                here = here.items or here.values
            case "@values":
                here = here.values or here.items
            case "@keys":
                here = here.keys
            case _:
                here = here.fields.get(step)
    return None if here is None else Range(0, here.max_elements)


def estimate_cost(checked: Checked, root: Declared, variable: str = "") -> Range:
    """The cost of a checked expression; the one variable named, or else all of them, has the schema given."""
    return Estimator(checked, root, variable).cost(checked.parsed.root)


class Estimator:
    """One estimate."""

    def __init__(self, checked: Checked, root: Declared, variable: str) -> None:
        self.checked, self.root, self.variable = checked, root, variable
        self.paths: dict[int, Path | None] = {}
        self.sizes: dict[int, Range] = {}
        self.entries: dict[int, Entries] = {}
        self.locals: dict[str, list[Local]] = {}

    # -- what is known of nodes --

    def type(self, e: Expr) -> Type:
        """The type of a node; names of fields asked for with ``?`` have none."""
        return self.checked.types.get(e.id, DYN)

    def local(self, name: str) -> Local | None:
        """The innermost variable of that name."""
        stack = self.locals.get(name)
        return stack[-1] if stack else None

    def path(self, e: Expr) -> Path | None:
        """Where in the schemas a node's value comes from."""
        if isinstance(e, Ident) and (found := self.local(e.name)) is not None:
            return found.path
        return self.paths.get(e.id)

    def size(self, e: Expr) -> Range | None:
        """The size of a node's value."""
        if (known := self.sizes.get(e.id)) is not None:
            return known
        if (literal := _literal_size(e)) is not None:
            return literal
        if (declared := size_at(self.root, self.variable, self.path(e))) is not None:
            self.sizes[e.id] = declared
            return declared
        if _is_scalar(self.type(e)):
            return ONE
        if isinstance(e, Ident) and (found := self.local(e.name)) is not None:
            return found.size
        return None

    def size_or_unknown(self, e: Expr) -> Range:
        """The size of a node's value, anything where it is not known."""
        return self.size(e) or UNKNOWN

    def entries_of(self, e: Expr) -> Entries | None:
        """The sizes of the items of a node's value."""
        if (known := self.entries.get(e.id)) is not None:
            return known
        found = self.local(e.name) if isinstance(e, Ident) else None
        return found.entries if found is not None else None

    def node_size(self, node: Node) -> Range:
        """The size of an argument, anything where it is not known."""
        return node.size or size_at(self.root, self.variable, node.path) or UNKNOWN

    def items_node(self, node: Node) -> Node | None:
        """The items of a list, as an argument."""
        if not node.type.params:
            return None
        path = None if node.path is None else (*node.path, "@items")
        return Node(None, node.type.params[0], path, None)

    # -- costs --

    def cost(self, e: Expr) -> Range:
        """The cost of a node with all beneath it."""
        match e:
            case Ident():
                found = self.local(e.name)
                self.paths[e.id] = found.path if found is not None else (self.checked.names.get(e.id, e.name),)
                return ONE
            case Select():
                return self._cost_select(e)
            case Call():
                return self._cost_call(e)
            case ListExpr():
                return self._cost_list(e)
            case StructExpr():
                return self._cost_struct(e)
            case Fold():
                return self._cost_bind(e) if _is_bind(e) else self._cost_fold(e)
        return NOTHING

    def _cost_select(self, e: Select) -> Range:
        if (name := self.checked.names.get(e.id)) is not None:
            self.paths[e.id] = (name,)
            return ONE
        inside = self.cost(e.operand)
        if e.test_only:
            return inside
        if self.type(e.operand).kind in ("map", "struct", "param"):
            inside = inside.plus(ONE)
        base = self.path(e.operand)
        self.paths[e.id] = (*(base or ()), e.field)
        return inside

    def _node(self, e: Expr) -> Node:
        path = self.path(e)
        if path and path[0] in ("@result", "__result__"):
            path = None
        return Node(e, self.type(e), path, self.size(e))

    def _cost_call(self, e: Call) -> Range:
        if e.function == "dyn" and e.target is None:
            inside = self.cost(e.args[0])
            self._copy(e, e.args[0])
            return ONE.plus(inside)
        costs = [self.cost(a) for a in e.args]
        args = [self._node(a) for a in e.args]
        overloads = self.checked.overloads.get(e.id, ())
        if not overloads:
            return NOTHING
        total, target = NOTHING, None
        if e.target is not None and e.id not in self.checked.calls:
            total = self.cost(e.target)
            target = self._node(e.target)
        called, result = Range(MOST, 0), None
        name = self.checked.calls.get(e.id, e.function)
        for overload in overloads:
            estimate = self._estimate_call(e, name, overload, target, args, costs)
            called = called.union(estimate.cost)
            if estimate.size is not None:
                result = estimate.size if result is None else result.union(estimate.size)
            if overload in ("index_list", "index_map") and e.args:
                items = self.entries_of(e.args[0])
                result = items.value if items is not None else None
                base = self.path(e.args[0])
                self.paths[e.id] = (*(base or ()), "@items" if overload == "index_list" else "@values")
            if result is None:
                result = self.size(e)
        if result is not None:
            self.sizes[e.id] = result
        return total.plus(called)

    def _copy(self, to: Expr, source: Expr) -> None:
        if (size := self.size(source)) is not None:
            self.sizes[to.id] = size
        if (entries := self.entries_of(source)) is not None:
            self.entries[to.id] = entries

    def _cost_list(self, e: ListExpr) -> Range:
        total, items = NOTHING, Range(MOST if e.elements else 0, 0)
        for element in e.elements:
            total = total.plus(self.cost(element))
            items = items.union(self.size_or_unknown(element))
        self.entries[e.id] = Entries("list", ONE, items)
        return total.plus(fixed(10))

    def _cost_struct(self, e: StructExpr) -> Range:
        total = NOTHING
        keys = values = Range(MOST if e.entries else 0, 0)
        for entry in e.entries:
            if entry.key is not None:
                total = total.plus(self.cost(entry.key))
                keys = keys.union(self.size_or_unknown(entry.key))
            total = total.plus(self.cost(entry.value))
            values = values.union(self.size_or_unknown(entry.value))
        if e.name:
            return total.plus(fixed(40))
        self.entries[e.id] = Entries("map", keys, values)
        return total.plus(fixed(30))

    def _push(self, name: str, local: Local) -> None:
        self.locals.setdefault(name, []).append(local)

    def _push_iteration(self, e: Fold) -> None:
        inside, base = self.entries_of(e.range), self.path(e.range) or ()
        container = inside.container if inside is not None else self.type(e.range).kind
        is_list = container == "list"
        key = Local((*base, "@indices" if is_list else "@keys"), inside.key if inside is not None else None, None)
        value = Local((*base, "@items" if is_list else "@values"), inside.value if inside is not None else None, None)
        if e.var2:
            self._push(e.var, key)
            self._push(e.var2, value)
        else:
            self._push(e.var, value if is_list else Local((*base, "@keys"), key.size, None))

    def _cost_fold(self, e: Fold) -> Range:
        total = self.cost(e.range).plus(self.cost(e.init))
        self._push(e.accu, Local(self.path(e.init), self.size(e.init), self.entries_of(e.init)))
        self._push_iteration(e)
        each = self.cost(e.condition)
        each = self.cost(e.step).plus(each)
        self.locals[e.var].pop()
        if e.var2:
            self.locals[e.var2].pop()
        total = total.plus(self.cost(e.result))
        self.locals[e.accu].pop()
        count = self.size_or_unknown(e.range)
        total = total.plus(count.times(each))
        if isinstance(e.init, Const):
            if (size := self.size(e.init)) is not None:
                self.sizes[e.id] = size
        elif isinstance(e.init, (ListExpr, StructExpr)):
            self.sizes[e.id] = count
            if (inside := self.entries_of(e.step)) is not None:
                self.entries[e.id] = inside
        return total

    def _cost_bind(self, e: Fold) -> Range:
        total = self.cost(e.range).plus(self.cost(e.init))
        self._push(e.accu, Local(self.path(e.init), self.size(e.init), self.entries_of(e.init)))
        total = total.plus(self.cost(e.result))
        self.locals[e.accu].pop()
        self._copy(e, e.result)
        return total

    def _estimate_call(
        self, e: Call, name: str, overload: str, target: Node | None, args: list[Node], costs: list[Range]
    ) -> Estimate:
        """The cost of one overload with its arguments."""
        from kplan.apiserver.cel.callestimates import estimate_function

        of_args = NOTHING
        for cost in costs:
            of_args = of_args.plus(cost)
        special = estimate_function(self, name, overload, target, args)
        if special is not None:
            return Estimate(special.cost.plus(of_args), special.size)
        match overload:
            case "logical_and" | "logical_or":
                return Estimate(Range(costs[0].low, costs[0].plus(costs[1]).high))
            case "conditional":
                size = self.size_or_unknown(e.args[1]).union(self.size_or_unknown(e.args[2]))
                self._join_entries(e, e.args[1], e.args[2])
                return Estimate(costs[0].plus(costs[1].union(costs[2])), size)
            case "add_string" | "add_bytes" | "add_list":
                size = self.size_or_unknown(e.args[0]).plus(self.size_or_unknown(e.args[1]))
                self._join_entries(e, e.args[0], e.args[1])
                cost = ONE if overload == "add_list" else size.scaled(TRAVERSAL)
                return Estimate(cost.plus(of_args), size)
        return Estimate(ONE.plus(of_args))

    def _join_entries(self, e: Expr, a: Expr, b: Expr) -> None:
        first, second = self.entries_of(a), self.entries_of(b)
        if first is not None and second is not None:
            joined = Entries(first.container, first.key.union(second.key), first.value.union(second.value))
            self.entries[e.id] = joined


def _is_bind(e: Fold) -> bool:
    empty = isinstance(e.range, ListExpr) and not e.range.elements
    return empty and isinstance(e.condition, Const) and e.condition.value is False and e.accu != "__result__"


def _literal_size(e: Expr) -> Range | None:
    match e:
        case Const():
            return fixed(len(e.value) if isinstance(e.value, (str, bytes)) else 1)
        case ListExpr():
            return fixed(len(e.elements))
        case StructExpr() if not e.name:
            return fixed(len(e.entries))
    return None


def _is_scalar(t: Type) -> bool:
    if t.kind == "opaque" and t.name == "optional_type":
        return _is_scalar(t.params[0])
    return t.kind in ("bool", "double", "duration", "int", "timestamp", "uint")
