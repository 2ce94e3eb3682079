"""What a call costs at run time.

Mirrors: github.com/google/cel-go/interpreter/runtimecost.go, ext/{lists,sets}.go (0.26),
         staging/src/k8s.io/apiserver/pkg/cel/library/cost.go (CallCost) (1.36)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from kplan.apiserver.cel.values import NamedFormat, size_of

TRAVERSAL, REGEX = 0.1, 0.25
MAX_FORMAT_REGEX = 128

Args = tuple[Any, ...]
Cost = Callable[[Args, Any], int]


def _traversals(times: float, at: int = 0) -> Cost:
    return lambda args, result: math.ceil(size_of(args[at]) * times * TRAVERSAL)


def _nominal(args: Args, result: Any) -> int:
    return 1


def _regex(args: Args, result: Any) -> int:
    return math.ceil((1.0 + size_of(args[0])) * TRAVERSAL) * math.ceil(size_of(args[1]) * REGEX)


def _smaller(args: Args, result: Any) -> int:
    return math.ceil(min(size_of(args[0]), size_of(args[1])) * TRAVERSAL) if _sized(args) else 1


def _sized(args: Args) -> bool:
    return isinstance(args[0], (str, bytes, list, tuple, Mapping)) or isinstance(args[1], (str, bytes, list, tuple, Mapping))


def _compared(args: Args, result: Any) -> int:
    return _smaller(args, result) if isinstance(args[0], (str, bytes)) else 1


def _added(args: Args, result: Any) -> int:
    if isinstance(args[0], (str, bytes)):
        return math.ceil((size_of(args[0]) + size_of(args[1])) * TRAVERSAL)
    return 1


def _contained(args: Args, result: Any) -> int:
    return math.ceil(size_of(args[0]) * TRAVERSAL) * math.ceil(size_of(args[1]) * TRAVERSAL)


def _in(args: Args, result: Any) -> int:
    return 1 if isinstance(args[1], Mapping) else size_of(args[1])


def _walk(value: Any) -> int:
    if isinstance(value, (str, bytes)):
        return int(len(value) * TRAVERSAL)
    if isinstance(value, Mapping):
        return sum(_walk(k) + _walk(v) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return sum(map(_walk, value))
    return 1


def _walked(args: Args, result: Any) -> int:
    return _walk(args[0])


def _converted(args: Args, result: Any) -> int:
    return _traversals(1)(args, result) if isinstance(args[0], (str, bytes)) and type(args[0]) is not type(result) else 1


_PATTERN_SIZES = {
    **dict.fromkeys(("dns1123Label", "dns1035Label", "dns1123LabelPrefix", "dns1035LabelPrefix"), 30),
    **dict.fromkeys(("dns1123Subdomain", "qualifiedName", "dns1123SubdomainPrefix"), 60),
    "labelValue": 40,
    "uri": 1103,
    "uuid": 70,
    "byte": 84,
    "date": 71,
    "datetime": 71,
}
"""How long the server says the patterns of named formats are."""


def _named_format(args: Args, result: Any) -> int:
    if not isinstance(args[0], NamedFormat):
        return 1
    pattern = _PATTERN_SIZES[args[0].name]
    return math.ceil((1.0 + size_of(args[1])) * TRAVERSAL) * math.ceil(pattern * REGEX)


def _selector(args: Args, result: Any) -> int:
    size = size_of(args[1])
    return 10 + math.ceil(size * TRAVERSAL) + math.ceil(math.ceil(size * 0.5) * 50.0)


def _contains_ip(args: Args, result: Any) -> int:
    own = size_of(args[0])
    return math.ceil((own + own) * TRAVERSAL) + (math.ceil(size_of(args[1]) * TRAVERSAL) if isinstance(args[1], str) else 0)


def _contains_cidr(args: Args, result: Any) -> int:
    return _contains_ip(args, result) + math.ceil(size_of(args[0]) * TRAVERSAL) + 1


def _product(times: int) -> Cost:
    return lambda args, result: 1 + times * size_of(args[0]) * size_of(args[1])


def _ip(args: Args, result: Any) -> int:
    return _traversals(1)(args, result) if isinstance(args[0], str) else 1


_COSTS: dict[str, Cost] = {
    "_==_": _smaller,
    "_!=_": _smaller,
    "_<_": _compared,
    "_<=_": _compared,
    "_>_": _compared,
    "_>=_": _compared,
    "_+_": _added,
    "@in": _in,
    "contains": _contained,
    "matches": _regex,
    "find": _regex,
    "findAll": _regex,
    "bytes": _converted,
    "string": _converted,
    "ip": _ip,
    "ip.isCanonical": _traversals(2),
    "validate": _named_format,
    "fieldSelector": _selector,
    "labelSelector": _selector,
    "containsIP": _contains_ip,
    "containsCIDR": _contains_cidr,
    "sets.contains": _product(1),
    "sets.intersects": _product(1),
    "sets.equivalent": _product(2),
    "join": lambda args, result: math.ceil(size_of(result) * 2 * TRAVERSAL),
}
_COSTS |= dict.fromkeys(("startsWith", "endsWith", "format", "strings.quote"), _traversals(1))
_COSTS |= dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), _walked)
_COSTS |= dict.fromkeys(
    ("url", "lowerAscii", "upperAscii", "substring", "trim", "jsonpatch.escapeKey", "cidr", "isIP", "isCIDR"), _traversals(1)
)
_COSTS |= dict.fromkeys(("quantity", "isQuantity", "semver", "isSemver"), _traversals(1))
_COSTS |= dict.fromkeys(("replace", "split"), _traversals(2))
_COSTS["check"] = lambda args, result: 350000



def call_cost(function: str, overload: str, args: Args, result: Any) -> int:
    """What one call cost."""
    return _COSTS.get(function, _nominal)(args, result)
