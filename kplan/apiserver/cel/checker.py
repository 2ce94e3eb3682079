"""The type checker: what type every node has, which functions are meant, and what is wrong, in cel-go's words.

Mirrors: github.com/google/cel-go/checker/checker.go, env.go (0.26)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kplan.apiserver.cel.declarations import Functions, functions, type_idents
from kplan.apiserver.cel.syntax import (
    Call,
    Const,
    Expr,
    Fold,
    Ident,
    Issue,
    ListExpr,
    Parsed,
    Select,
    StructExpr,
    place,
)
from kplan.apiserver.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    ERROR,
    INT,
    NULL,
    STRING,
    UINT,
    Type,
    TypeProvider,
    is_dyn,
    is_dyn_or_error,
    list_of,
    map_of,
    optional_of,
    struct,
    type_of,
    unwrap_optional,
)
from kplan.apiserver.cel.unification import Mapping as Substitutions
from kplan.apiserver.cel.unification import assignable, assignable_all, most_general, substitute
from kplan.apiserver.cel.values import Uint


@dataclass(frozen=True, slots=True)
class Environment:
    """What an expression may mention: variables, object types, functions."""

    variables: Mapping[str, Type] = field(default_factory=dict)
    provider: TypeProvider = field(default_factory=TypeProvider)
    functions: Functions = field(default_factory=functions)
    bindings: bool = False
    """Whether ``cel.bind`` is there."""


@dataclass(slots=True)
class Checked:
    """A tree with its types. ``names`` are the variables and types that selections turned out to be, ``calls`` the
    qualified functions; ``overloads`` the overloads that fit a call."""

    parsed: Parsed
    types: dict[int, Type] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    calls: dict[int, str] = field(default_factory=dict)
    overloads: dict[int, tuple[str, ...]] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)

    @property
    def output(self) -> Type:
        """The type of the whole expression."""
        return self.types.get(self.parsed.root.id, DYN)


def check(parsed: Parsed, environment: Environment) -> Checked:
    """Check a tree; issues are in the result."""
    checker = _Checker(parsed, environment)
    checker.check(parsed.root)
    checked = checker.out
    checked.types = {k: substitute(checker.mapping, t, free_to_dyn=True) for k, t in checked.types.items()}
    return checked


def literal_type(value: Any) -> Type:
    """The type of a literal."""
    match value:
        case None:
            return NULL
        case bool():
            return BOOL
        case Uint():
            return UINT
        case int():
            return INT
        case float():
            return DOUBLE
        case bytes():
            return BYTES
        case _:
            return STRING


def qualified_name(e: Expr | None) -> str | None:
    """``a.b.c`` of a chain of selections, None where it is something else."""
    match e:
        case Ident():
            return e.name
        case Select(test_only=False):
            inside = qualified_name(e.operand)
            return None if inside is None else f"{inside}.{e.field}"
        case _:
            return None


class _Checker:
    def __init__(self, parsed: Parsed, environment: Environment) -> None:
        self.out = Checked(parsed)
        self.env = environment
        self.mapping: Substitutions = {}
        self.scopes: list[dict[str, Type]] = []
        self.free = 0

    # -- errors and types --

    def error(self, node_id: int, message: str) -> None:
        parsed = self.out.parsed
        self.out.issues.append(Issue(*place(parsed.text, parsed.positions.get(node_id, 0)), message))

    def mismatch(self, e: Expr, expected: Type, actual: Type) -> None:
        self.error(e.id, f"expected type '{expected}' but found '{actual}'")

    def type_of(self, e: Expr) -> Type:
        return self.out.types[e.id]

    def set(self, e: Expr, t: Type) -> None:
        self.out.types[e.id] = t

    def fresh(self) -> Type:
        self.free += 1
        return Type("param", f"_var{self.free - 1}")

    def assignable(self, a: Type, b: Type) -> bool:
        found = assignable(self.mapping, a, b)
        if found is not None:
            self.mapping = found
        return found is not None

    def substituted(self, t: Type) -> Type:
        return substitute(self.mapping, t)

    # -- nodes --

    def check(self, e: Expr) -> None:
        match e:
            case Const():
                self.set(e, literal_type(e.value))
            case Ident():
                self.check_ident(e)
            case Select():
                self.check_select(e)
            case Call():
                self.check_call(e)
            case ListExpr():
                self.check_list(e)
            case StructExpr():
                if e.name:
                    self.check_struct(e)
                else:
                    self.check_map(e)
            case Fold():
                self.check_fold(e)

    def local(self, name: str) -> Type | None:
        return next((scope[name] for scope in reversed(self.scopes) if name in scope), None)

    def lookup(self, name: str) -> Type | None:
        """The type of a global identifier."""
        if (found := self.env.variables.get(name)) is not None:
            return found
        if (named := type_idents().get(name)) is not None:
            return type_of(named)
        return type_of(struct(name)) if self.env.provider.has(name) else None

    def check_ident(self, e: Ident) -> None:
        bare = e.name.removeprefix(".")
        local = None if e.name.startswith(".") else self.local(e.name)
        found = local if local is not None else self.lookup(bare)
        if found is None:
            self.set(e, ERROR)
            self.error(e.id, f"undeclared reference to '{e.name}' (in container '')")
            return
        self.set(e, found)
        if local is None:
            self.out.names[e.id] = bare

    def check_select(self, e: Select) -> None:
        name = qualified_name(e)
        if name is not None and self.local(name.partition(".")[0]) is None and (found := self.lookup(name)) is not None:
            self.set(e, found)
            self.out.names[e.id] = name
            return
        result = self.select_field(e, e.operand, e.field, optional=False)
        self.set(e, BOOL if e.test_only else self.substituted(result))

    def select_field(self, e: Expr, operand: Expr, name: str, *, optional: bool) -> Type:
        self.check(operand)
        target, was_optional = unwrap_optional(self.substituted(self.type_of(operand)))
        result = ERROR
        match target.kind:
            case "map":
                result = target.params[1]
            case "struct":
                result = self.field_type(e.id, target.name, name) or ERROR
            case "param":
                self.assignable(DYN, target)
                result = DYN
            case _:
                if not is_dyn_or_error(target):
                    self.error(e.id, f"type '{target}' does not support field selection")
                result = DYN
        return optional_of(result) if was_optional or optional else result

    def field_type(self, node_id: int, type_name: str, name: str) -> Type | None:
        if not self.env.provider.has(type_name) and not type_name.startswith("kubernetes."):
            self.error(node_id, f"unexpected failed resolution of '{type_name}'")
            return None
        found = self.env.provider.field_type(type_name, name)
        if found is None:
            self.error(node_id, f"undefined field '{name}'")
        return found

    def check_call(self, e: Call) -> None:
        if e.function == "_?._":
            self.check_optional_select(e)
            return
        for arg in e.args:
            self.check(arg)
        if e.target is None:
            self.resolve(e, e.function, None)
            return
        prefix = qualified_name(e.target)
        if prefix is not None and f"{prefix}.{e.function}" in self.env.functions:
            self.out.calls[e.id] = f"{prefix}.{e.function}"
            self.resolve(e, f"{prefix}.{e.function}", None)
            return
        self.check(e.target)
        self.resolve(e, e.function, e.target)

    def check_optional_select(self, e: Call) -> None:
        name = e.args[1].value if len(e.args) == 2 and isinstance(e.args[1], Const) else None
        if not isinstance(name, str):
            self.error(e.id, "unsupported optional field selection")
            self.set(e, ERROR)
            return
        result = self.select_field(e, e.args[0], name, optional=True)
        self.set(e, self.substituted(result))
        self.out.overloads[e.id] = ("select_optional_field",)

    def resolve(self, e: Call, name: str, target: Expr | None) -> None:
        """Finds the overloads of a call and so its type."""
        overloads = self.env.functions.get(name)
        if overloads is None:
            self.error(e.id, f"undeclared reference to '{name}' (in container '')")
            self.set(e, ERROR)
            return
        args = tuple(self.type_of(a) for a in ([target] if target is not None else []) + e.args)
        if name in ("_&&_", "_||_"):
            self.check_logical(e, name, args)
            return
        result: Type | None = None
        fitting = []
        for overload in overloads:
            if overload.member != (target is not None):
                continue
            fresh = {Type("param", p): self.fresh() for p in overload.params}
            wanted = tuple(substitute(fresh, t) for t in overload.args)
            found = assignable_all(self.mapping, args, wanted)
            if found is None:
                continue
            self.mapping = found
            fitting.append(overload.id)
            given = self.substituted(substitute(fresh, overload.result))
            if result is None:
                result = given
            elif not is_dyn(result) and given != result:
                result = DYN
        if result is None:
            shown = [str(substitute(self.mapping, t, free_to_dyn=True)) for t in args]
            signature = f"{shown[0]}.({', '.join(shown[1:])})" if target is not None else f"({', '.join(shown)})"
            self.error(e.id, f"found no matching overload for '{name}' applied to '{signature}'")
            self.set(e, ERROR)
            return
        self.set(e, result)
        self.out.overloads[e.id] = tuple(fitting)

    def check_logical(self, e: Call, name: str, args: tuple[Type, ...]) -> None:
        bad = False
        for arg, t in zip(e.args, args, strict=True):
            if not self.assignable(t, BOOL):
                self.mismatch(arg, BOOL, t)
                bad = True
        self.set(e, ERROR if bad else BOOL)
        self.out.overloads[e.id] = ("logical_and" if name == "_&&_" else "logical_or",)

    def joined(self, previous: Type | None, current: Type) -> Type:
        """The type of what was there and what comes; literals of several types are refused later."""
        if previous is None:
            return current
        return most_general(previous, current) if self.assignable(previous, current) else DYN

    def unwrapped(self, e: Expr) -> Type:
        """The type inside an optional element of a literal."""
        t, was_optional = unwrap_optional(self.type_of(e))
        if not was_optional and not is_dyn(t):
            self.mismatch(e, optional_of(t), t)
        return t

    def check_list(self, e: ListExpr) -> None:
        items: Type | None = None
        for i, element in enumerate(e.elements):
            self.check(element)
            t = self.unwrapped(element) if i in e.optionals else self.type_of(element)
            items = self.joined(items, t)
        self.set(e, list_of(self.fresh() if items is None else items))

    def check_map(self, e: StructExpr) -> None:
        keys: Type | None = None
        values: Type | None = None
        for entry in e.entries:
            assert entry.key is not None
            self.check(entry.key)
            keys = self.joined(keys, self.type_of(entry.key))
            self.check(entry.value)
            t = self.unwrapped(entry.value) if entry.optional else self.type_of(entry.value)
            values = self.joined(values, t)
        self.set(e, map_of(keys or self.fresh(), values or self.fresh()))

    def check_struct(self, e: StructExpr) -> None:
        if not self.env.provider.has(e.name):
            self.error(e.id, f"undeclared reference to '{e.name}' (in container '')")
            self.set(e, ERROR)
            return
        self.set(e, struct(e.name))
        for entry in e.entries:
            self.check(entry.value)
            wanted = self.field_type(entry.id, e.name, entry.field) or ERROR
            given = self.unwrapped(entry.value) if entry.optional else self.type_of(entry.value)
            if not self.assignable(wanted, given):
                said = f"expected type of field '{entry.field}' is '{wanted}' but provided type is '{given}'"
                self.error(entry.id, said)

    def check_fold(self, e: Fold) -> None:
        self.check(e.range)
        self.check(e.init)
        over = self.substituted(self.type_of(e.range))
        accumulated = self.type_of(e.init)
        self.scopes.append({e.accu: accumulated})
        first, second = self.iteration_types(e, over)
        self.scopes.append({e.var: first} | ({e.var2: second} if e.var2 else {}))
        self.check(e.condition)
        self.asserted(e.condition, BOOL)
        self.check(e.step)
        self.asserted(e.step, accumulated)
        self.scopes.pop()
        self.check(e.result)
        self.scopes.pop()
        self.set(e, self.substituted(self.type_of(e.result)))

    def iteration_types(self, e: Fold, over: Type) -> tuple[Type, Type]:
        match over.kind:
            case "list":
                return (INT, over.params[0]) if e.var2 else (over.params[0], DYN)
            case "map":
                return over.params[0], over.params[1]
            case "dyn" | "any" | "!error!" | "param" if over.kind != "any":
                self.assignable(DYN, over)
                return DYN, DYN
            case _:
                said = f"expression of type '{over}' cannot be range of a comprehension (must be list, map, or dynamic)"
                self.error(e.range.id, said)
                return ERROR, ERROR

    def asserted(self, e: Expr, t: Type) -> None:
        if not self.assignable(t, self.type_of(e)):
            self.mismatch(e, t, self.type_of(e))
