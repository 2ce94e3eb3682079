"""Whether arguments fit an overload at run time.

Mirrors: github.com/google/cel-go/common/decls/decls.go (matchesRuntimeSignature) (0.26)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from itertools import islice
from typing import Any

from kplan.apiserver.cel.declarations import functions
from kplan.apiserver.cel.types import Type
from kplan.apiserver.cel.values import Uint, type_name

Guard = Callable[[Any], bool]

_GUARDS: dict[str, Guard] = {
    "bool": lambda v: isinstance(v, bool),
    "int": lambda v: isinstance(v, int) and not isinstance(v, (bool, Uint)),
    "uint": lambda v: isinstance(v, Uint),
    "double": lambda v: isinstance(v, float),
    "string": lambda v: isinstance(v, str),
    "bytes": lambda v: isinstance(v, bytes),
    "list": lambda v: isinstance(v, (list, tuple)),
    "null_type": lambda v: v is None,
}


def _guard(t: Type) -> Guard:
    if t.kind in ("dyn", "any", "param", "type"):
        return lambda v: True
    if t.kind == "list" and t.params[0].kind != "list":
        item = _guard(t.params[0])
        return lambda v: isinstance(v, (list, tuple)) and (not v or item(v[0]))
    if t.kind == "map":
        key, value = map(_guard, t.params)
        return lambda v: isinstance(v, Mapping) and all(key(k) and value(v[k]) for k in islice(v, 1))
    if t.kind in _GUARDS:
        return _GUARDS[t.kind]
    wanted = t.type_name
    return lambda v: type_name(v) == wanted


@cache
def _overloads() -> dict[str, tuple[Guard, ...]]:
    return {o.id: tuple(map(_guard, o.args)) for overloads in functions().values() for o in overloads}


def fits(overload: str, values: tuple[Any, ...]) -> bool:
    """Whether values are of the kinds an overload takes."""
    guards = _overloads().get(overload)
    return guards is None or (len(guards) == len(values) and all(g(v) for g, v in zip(guards, values, strict=True)))
