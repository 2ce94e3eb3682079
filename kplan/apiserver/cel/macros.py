"""The macros the C++ parser does not know: comprehensions over two variables, and sortBy.

Mirrors: github.com/google/cel-go/ext/comprehensions.go, ext/lists.go (0.26)
"""

from __future__ import annotations

from collections.abc import Callable

from kplan.apiserver.cel.syntax import (
    Call,
    Const,
    Entry,
    Expr,
    Fold,
    Ident,
    Issue,
    ListExpr,
    Parsed,
    Select,
    StructExpr,
    SyntaxIssues,
    display,
    place,
)

ACCUMULATOR = "@result"
_SORT_INPUT = "@__sortBy_input__"


def expand(parsed: Parsed) -> None:
    """Expand the macros in a tree, innermost first.

    Raises: SyntaxIssues where a macro is used wrongly.
    """
    expander = _Expander(parsed)
    parsed.root = expander.walk(parsed.root)
    parsed.next_id = expander.next_id
    if expander.issues:
        raise SyntaxIssues(display(parsed.text, expander.issues))


class _Expander:
    def __init__(self, parsed: Parsed) -> None:
        self.parsed, self.next_id = parsed, parsed.next_id
        self.issues: list[Issue] = []
        self.here = 0

    def walk(self, e: Expr) -> Expr:
        match e:
            case Select():
                e.operand = self.walk(e.operand)
            case Call():
                if e.target is not None:
                    e.target = self.walk(e.target)
                e.args = [self.walk(a) for a in e.args]
                return self.expand_call(e)
            case ListExpr():
                e.elements = [self.walk(x) for x in e.elements]
            case StructExpr():
                for entry in e.entries:
                    self.walk_entry(entry)
            case Fold():
                e.range, e.init, e.condition = self.walk(e.range), self.walk(e.init), self.walk(e.condition)
                e.step, e.result = self.walk(e.step), self.walk(e.result)
        return e

    def walk_entry(self, entry: Entry) -> None:
        entry.key = None if entry.key is None else self.walk(entry.key)
        entry.value = self.walk(entry.value)

    def expand_call(self, call: Call) -> Expr:
        macro = _MACROS.get((call.function, len(call.args)))
        if macro is None or call.target is None:
            return call
        self.here = call.id
        return macro(self, call, call.target) or call

    # -- nodes at the place of the macro --

    def new(self) -> int:
        made = self.next_id
        self.next_id += 1
        self.parsed.positions[made] = self.parsed.positions.get(self.here, 0)
        return made

    def literal(self, value: object) -> Const:
        return Const(self.new(), value)

    def ident(self, name: str) -> Ident:
        return Ident(self.new(), name)

    def accumulated(self) -> Ident:
        return self.ident(ACCUMULATOR)

    def call(self, function: str, *args: Expr, target: Expr | None = None) -> Call:
        return Call(self.new(), function, target, list(args))

    def list(self, *elements: Expr) -> ListExpr:
        return ListExpr(self.new(), list(elements), frozenset())

    def error(self, at: Expr, message: str) -> None:
        self.issues.append(Issue(*place(self.parsed.text, self.parsed.positions.get(at.id, 0)), message))

    def variables(self, first: Expr, second: Expr) -> tuple[str, str] | None:
        for e in (first, second):
            if not isinstance(e, Ident):
                self.error(e, "argument must be a simple name")
                return None
        assert isinstance(first, Ident)
        assert isinstance(second, Ident)
        if first.name == second.name:
            self.error(second, f"duplicate variable name: {first.name}")
            return None
        for e in (first, second):
            if e.name in (ACCUMULATOR, "__result__"):
                self.error(e, "iteration variable overwrites accumulator variable")
                return None
        return first.name, second.name


Macro = Callable[[_Expander, Call, Expr], Expr | None]


def _fold(x: _Expander, call: Call, target: Expr, init: Expr, condition: Expr, step: Expr, result: Expr) -> Expr | None:
    names = x.variables(call.args[0], call.args[1])
    return None if names is None else Fold(call.id, target, *names, ACCUMULATOR, init, condition, step, result)


def _all(x: _Expander, call: Call, target: Expr) -> Expr | None:
    condition = x.call("@not_strictly_false", x.accumulated())
    step = x.call("_&&_", x.accumulated(), call.args[2])
    return _fold(x, call, target, x.literal(True), condition, step, x.accumulated())


def _exists(x: _Expander, call: Call, target: Expr) -> Expr | None:
    condition = x.call("@not_strictly_false", x.call("!_", x.accumulated()))
    step = x.call("_||_", x.accumulated(), call.args[2])
    return _fold(x, call, target, x.literal(False), condition, step, x.accumulated())


def _exists_one(x: _Expander, call: Call, target: Expr) -> Expr | None:
    more = x.call("_+_", x.accumulated(), x.literal(1))
    step = x.call("_?_:_", call.args[2], more, x.accumulated())
    result = x.call("_==_", x.accumulated(), x.literal(1))
    return _fold(x, call, target, x.literal(0), x.literal(True), step, result)


def _filtered(x: _Expander, call: Call, step: Expr) -> Expr:
    return x.call("_?_:_", call.args[2], step, x.accumulated()) if len(call.args) == 4 else step


def _transform_list(x: _Expander, call: Call, target: Expr) -> Expr | None:
    step = _filtered(x, call, x.call("_+_", x.accumulated(), x.list(call.args[-1])))
    return _fold(x, call, target, x.list(), x.literal(True), step, x.accumulated())


def _transform_map(x: _Expander, call: Call, target: Expr) -> Expr | None:
    key = x.ident(call.args[0].name) if isinstance(call.args[0], Ident) else x.literal(None)
    step = _filtered(x, call, x.call("cel.@mapInsert", x.accumulated(), key, call.args[-1]))
    return _fold(x, call, target, StructExpr(x.new(), "", []), x.literal(True), step, x.accumulated())


def _transform_map_entry(x: _Expander, call: Call, target: Expr) -> Expr | None:
    step = _filtered(x, call, x.call("cel.@mapInsert", x.accumulated(), call.args[-1]))
    return _fold(x, call, target, StructExpr(x.new(), "", []), x.literal(True), step, x.accumulated())


def _sort_by(x: _Expander, call: Call, target: Expr) -> Expr | None:
    if not isinstance(target, (ListExpr, Select, Ident, Fold, Call)):
        x.error(target, "sortBy can only be applied to a list, identifier, comprehension, call or select expression")
        return None
    variable = call.args[0]
    if not isinstance(variable, Ident):
        x.error(variable, "argument is not an identifier")
        return None
    step = x.call("_+_", x.accumulated(), x.list(call.args[1]))
    keys = Fold(
        x.new(), x.ident(_SORT_INPUT), variable.name, "", ACCUMULATOR, x.list(), x.literal(True), step, x.accumulated()
    )
    sort = x.call("@sortByAssociatedKeys", keys, target=x.ident(_SORT_INPUT))
    return Fold(call.id, x.list(), "#unused", "", _SORT_INPUT, target, x.literal(False), x.ident(_SORT_INPUT), sort)


_MACROS: dict[tuple[str, int], Macro] = {
    ("all", 3): _all,
    ("exists", 3): _exists,
    ("existsOne", 3): _exists_one,
    ("exists_one", 3): _exists_one,
    ("transformList", 3): _transform_list,
    ("transformList", 4): _transform_list,
    ("transformMap", 3): _transform_map,
    ("transformMap", 4): _transform_map,
    ("transformMapEntry", 3): _transform_map_entry,
    ("transformMapEntry", 4): _transform_map_entry,
    ("sortBy", 2): _sort_by,
}
