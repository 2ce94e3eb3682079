"""Whether one type can stand for another, and what that says of type parameters.

Mirrors: github.com/google/cel-go/checker/types.go (0.26)
"""

from __future__ import annotations

from kplan.apiserver.cel.types import DYN, Type, is_dyn, is_dyn_or_error

Mapping = dict[Type, Type]
"""What type parameters stand for."""

_NULLABLE = ("opaque", "struct", "any", "duration", "timestamp")
_PLAIN = ("bool", "bytes", "double", "int", "string", "uint", "any", "duration", "timestamp", "struct")
_CONTAINERS = ("opaque", "list", "map")


def assignable(mapping: Mapping, first: Type, second: Type) -> Mapping | None:
    """The mapping under which ``first`` can be assigned to ``second``; None where it cannot."""
    return assignable_all(mapping, (first,), (second,))


def assignable_all(mapping: Mapping, first: tuple[Type, ...], second: tuple[Type, ...]) -> Mapping | None:
    """The mapping under which all types can be assigned, one to one; None where they cannot."""
    trial = dict(mapping)
    return trial if _assign_all(trial, first, second) else None


def _assign_all(m: Mapping, first: tuple[Type, ...], second: tuple[Type, ...]) -> bool:
    return len(first) == len(second) and all(_assign(m, a, b) for a, b in zip(first, second, strict=True))


def _assign(m: Mapping, a: Type, b: Type) -> bool:
    if b.kind == "param":
        valid, known = _substitute_for(m, a, b)
        if valid or known:
            return valid
    if a.kind == "param":
        return _substitute_for(m, b, a)[0]
    if is_dyn_or_error(a) or is_dyn_or_error(b):
        return True
    if a.kind == "null_type":
        return b.kind in _NULLABLE or b.kind == "null_type"
    if b.kind == "null_type":
        return a.kind in _NULLABLE
    if a.kind in _PLAIN:
        return a == b
    if a.kind == "type":
        return b.kind == "type"
    if a.kind in _CONTAINERS:
        return a.kind == b.kind and a.name == b.name and _assign_all(m, a.params, b.params)
    return False


def _substitute_for(m: Mapping, t: Type, param: Type) -> tuple[bool, bool]:
    """Whether ``param`` can stand for ``t``, and whether it already stands for something."""
    if t == param:
        return True, True
    known = m.get(param)
    if known is not None:
        if t == known:
            return True, True
        if _assign(m, t, known):
            general = most_general(t, known)
            if _not_within(m, param, general):
                m[param] = general
            return True, True
        return False, True
    if _not_within(m, param, t):
        m[param] = t
        return True, False
    return False, False


def _not_within(m: Mapping, t: Type, within: Type) -> bool:
    if t == within:
        return False
    if within.kind == "param":
        known = m.get(within)
        return known is None or _not_within(m, t, known)
    return all(_not_within(m, t, p) for p in within.params)


def most_general(a: Type, b: Type) -> Type:
    """The more general of two types that unify."""
    return a if _less_specific(a, b) else b


def _less_specific(a: Type, b: Type) -> bool:
    if is_dyn(a) or a.kind == "param":
        return True
    if is_dyn(b) or b.kind == "param" or a.kind != b.kind:
        return False
    if a.kind in _CONTAINERS:
        if a.name != b.name or len(a.params) != len(b.params):
            return False
        return all(map(_less_specific, a.params, b.params))
    return a.kind == "type" or a == b


def substitute(m: Mapping, t: Type, *, free_to_dyn: bool = False) -> Type:
    """A type with its parameters replaced by what they stand for (free ones by dyn where asked)."""
    known = m.get(t) if t.kind == "param" else None
    if known is not None:
        return substitute(m, known, free_to_dyn=free_to_dyn)
    if t.kind == "param":
        return DYN if free_to_dyn else t
    if not t.params:
        return t
    return Type(t.kind, t.name, tuple(substitute(m, p, free_to_dyn=free_to_dyn) for p in t.params))
