"""What calls of known functions may cost at most.

Mirrors: github.com/google/cel-go/checker/cost.go (functionCost), ext/{lists,sets}.go (0.26),
         staging/src/k8s.io/apiserver/pkg/cel/library/cost.go (EstimateCallCost) (1.36)
"""

from __future__ import annotations

from collections.abc import Callable

from kplan.apiserver.cel.estimates import MOST, ONE, REGEX, TRAVERSAL, Estimate, Estimator, Node, Range, fixed
from kplan.apiserver.cel.syntax import Const
from kplan.apiserver.cel.values import Uint

MAX_FORMAT, MAX_FORMAT_REGEX = 64, 128
_BYTES = Range(4, 16)

Rule = Callable[[Estimator, Node | None, list[Node]], Estimate | None]


def estimate_function(x: Estimator, name: str, overload: str, target: Node | None, args: list[Node]) -> Estimate | None:
    """The estimate of a function that has one; None for those that cost 1."""
    if (rule := _BY_OVERLOAD.get(overload)) is not None and (found := rule(x, target, args)) is not None:
        return found
    if overload.endswith(("_sort", "_sortByAssociatedKeys")):
        return _sorted(x, target if overload.endswith("_sort") else args[0], overload)
    rule = _BY_NAME.get(name)
    return rule(x, target, args) if rule is not None else None


def _literal(node: Node, default: int) -> int:
    value = node.expr.value if isinstance(node.expr, Const) else None
    if isinstance(value, bool) or not isinstance(value, int) or isinstance(value, Uint):
        return default
    return max(0, value)


def _allocating(factor: float, size: Range) -> Estimate:
    return Estimate(size.scaled(factor).plus(fixed(11)), size)


def _slice(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    if target is None:
        return None
    end = _literal(args[1], x.node_size(target).high)
    return _allocating(1, fixed((end - _literal(args[0], 0)) % (MOST + 1)))


def _flatten(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    depth = _literal(args[0], MOST) if args else 1
    return None if target is None else _allocating(float(depth), x.node_size(target))


def _reverse(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    return None if target is None else _allocating(1, x.node_size(target))


def _distinct(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    if target is None:
        return None
    size = x.node_size(target)
    return _allocating(2, size.times(size))


def _range(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    return _allocating(1, fixed(_literal(args[0], MOST)))


def _sorted(x: Estimator, keys: Node | None, overload: str) -> Estimate | None:
    if keys is None:
        return None
    size = x.node_size(keys)
    text = overload.startswith(("list_string_", "list_bytes_"))
    return _allocating(2 + (TRAVERSAL if text else 0), size.times(size))


def _sets(factor: int) -> Rule:
    def rule(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
        return Estimate(x.node_size(args[0]).times(x.node_size(args[1])).scaled(factor).plus(ONE))

    return rule


def _compared(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    high = min((a.size or Range(0, MOST)).high for a in args[:2])
    return Estimate(Range(1 if high > 0 else 0, high).scaled(TRAVERSAL))


def _by_argument(factor: float, *, sized: bool = False) -> Rule:
    def rule(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
        if not args:
            return None
        size = x.node_size(args[0])
        return Estimate(size.scaled(factor), size if sized else None)

    return rule


def _by_target(factor: float) -> Rule:
    def rule(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
        if target is None:
            return None
        size = x.node_size(target)
        return Estimate(size.scaled(factor), size)

    return rule


def _format(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    return None if target is None else Estimate((target.size or Range(0, MOST)).scaled(TRAVERSAL))


def _to_bytes(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    size = args[0].size or Range(0, MOST)
    return Estimate(size.scaled(TRAVERSAL), Range(size.low, min(MOST, size.high * 4)))


def _to_string(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    size = args[0].size or Range(0, MOST)
    return Estimate(size.scaled(TRAVERSAL), Range(size.low // 4, size.high))


def _quoted(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    size = args[0].size or Range(0, MOST)
    return Estimate(size.scaled(TRAVERSAL), Range(size.low + 2, min(MOST, size.high * 2 + 2)))


def _affix(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    return Estimate((args[0].size or Range(0, MOST)).scaled(TRAVERSAL)) if args else None


def _in_list(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    return Estimate((args[1].size or Range(0, MOST)).scaled(1))


def _matches(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    if target is None:
        return None
    text = (target.size or Range(0, MOST)).plus(ONE).scaled(TRAVERSAL)
    return Estimate(text.times((args[0].size or Range(0, MOST)).scaled(REGEX)))


def _contains(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    if target is None:
        return None
    text = (target.size or Range(0, MOST)).scaled(TRAVERSAL)
    return Estimate(text.times((args[0].size or Range(0, MOST)).scaled(TRAVERSAL)))


def _walked(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    if target is None:
        return None
    items = x.items_node(target)
    if items is None:
        return Estimate(x.node_size(target).scaled(TRAVERSAL))
    each = ONE
    if items.type.kind in ("string", "bytes"):
        each = each.plus(x.node_size(items).scaled(TRAVERSAL))
    return Estimate(x.node_size(target).times(each))


def _replace(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    if target is None or len(args) < 2:
        return None
    size, old, new = x.node_size(target), x.node_size(args[0]), x.node_size(args[1])
    most, kept_most, least, kept_least = 0, 0, 0, 0
    if old.low == 0:
        most, kept_most = min(MOST, size.high + 1), size.high
    elif new.high <= old.low:
        kept_most = size.high
    else:
        most = -(-size.high // old.low)
    if old.high == 0:
        least, kept_least = min(MOST, size.low + 1), size.low
    elif old.high <= new.low:
        kept_least = size.low
    else:
        least = -(-size.low // old.high)
    result = Range(least, most).times(new).plus(Range(kept_least, kept_most))
    return Estimate(size.scaled(2 * TRAVERSAL), result)


def _split(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    if target is None:
        return None
    size = x.node_size(target)
    most = _literal(args[1], size.high) if len(args) > 1 else size.high
    return Estimate(size.scaled(2 * TRAVERSAL), Range(0, most))


def _join(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    if target is None:
        return None
    count, size = x.node_size(target), fixed(0)
    if (items := x.items_node(target)) is not None:
        size = count.times(x.node_size(items))
    if args:
        between = Range(max(0, count.low - 1), max(0, count.high - 1))
        size = size.plus(x.node_size(args[0]).times(between))
    return Estimate(size.scaled(TRAVERSAL), size)


def _find(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    if target is None or not args:
        return None
    size = x.node_size(target)
    cost = size.plus(ONE).scaled(TRAVERSAL).times(x.node_size(args[0]).scaled(REGEX))
    return Estimate(cost, Range(0, size.high))


def _contains_ip(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    return Estimate(_BYTES.plus(_BYTES).scaled(TRAVERSAL))


def _contains_ip_text(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    return Estimate(_BYTES.plus(_BYTES).scaled(TRAVERSAL).plus(x.node_size(args[0]).scaled(TRAVERSAL)))


def _contains_cidr(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    return Estimate(_BYTES.plus(_BYTES).scaled(TRAVERSAL).plus(_BYTES.scaled(TRAVERSAL)).plus(ONE))


def _contains_cidr_text(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    own = _BYTES.plus(_BYTES).scaled(TRAVERSAL).plus(_BYTES.scaled(TRAVERSAL)).plus(ONE)
    return Estimate(own.plus(x.node_size(args[0]).scaled(TRAVERSAL)))


def _validate(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    return Estimate(x.node_size(args[0]).scaled(TRAVERSAL).scaled(MAX_FORMAT_REGEX * REGEX)) if args else None


def _selector(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    size = x.node_size(args[0])
    return Estimate(fixed(10).plus(size.scaled(TRAVERSAL)).plus(size.scaled(0.5).scaled(50.0)))


def _equality(x: Estimator, target: Node | None, args: list[Node]) -> Estimate | None:
    a, b = args
    if a.type == b.type and a.type.kind in ("opaque", "struct"):
        if a.type.name in _CHEAP:
            return Estimate(ONE)
        if a.type.name == "kubernetes.NamedFormat":
            return Estimate(Range(1, MAX_FORMAT).scaled(TRAVERSAL))
        if a.type.name == "kubernetes.URL":
            high = b.size.high if b.size is not None else 1
            return Estimate(Range(1, high).scaled(TRAVERSAL))
    return _compared(x, target, args)


_CHEAP = {"net.IP", "net.CIDR", "kubernetes.Quantity", "kubernetes.Semver"}
_CHEAP |= {f"kubernetes.authorization.{n}" for n in ("Authorizer", "PathCheck", "GroupCheck", "ResourceCheck", "Decision")}

_BY_OVERLOAD: dict[str, Rule] = {
    "list_slice": _slice,
    "list_flatten": _flatten,
    "list_flatten_int": _flatten,
    "list_reverse": _reverse,
    "list_distinct": _distinct,
    "lists_range": _range,
    "list_sets_contains_list": _sets(1),
    "list_sets_intersects_list": _sets(1),
    "list_sets_equivalent_list": _sets(2),
    "equals": _equality,
    "not_equals": _compared,
    "string_format": _format,
    "string_to_bytes": _to_bytes,
    "bytes_to_string": _to_string,
    "strings_quote": _quoted,
    "starts_with_string": _affix,
    "ends_with_string": _affix,
    "in_list": _in_list,
    "matches_string": _matches,
    "contains_string": _contains,
    "cidr_ip": lambda x, target, args: Estimate(ONE),
    "cidr_contains_ip_string": _contains_ip_text,
    "cidr_contains_ip_ip": _contains_ip,
    "cidr_contains_cidr_string": _contains_cidr_text,
    "cidr_contains_cidr": _contains_cidr,
}
for _word in ("less", "less_equals", "greater", "greater_equals"):
    _BY_OVERLOAD[f"{_word}_string"] = _BY_OVERLOAD[f"{_word}_bytes"] = _compared

_BY_NAME: dict[str, Rule] = {
    "check": lambda x, target, args: Estimate(fixed(350000)),
    "fieldSelector": _selector,
    "labelSelector": _selector,
    "url": _by_argument(TRAVERSAL, sized=True),
    "jsonpatch.escapeKey": _by_argument(TRAVERSAL, sized=True),
    "replace": _replace,
    "split": _split,
    "join": _join,
    "find": _find,
    "findAll": _find,
    "validate": _validate,
    "ip.isCanonical": _by_argument(2 * TRAVERSAL),
}
_BY_NAME |= dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), _walked)
_BY_NAME |= dict.fromkeys(("lowerAscii", "upperAscii", "substring", "trim"), _by_target(TRAVERSAL))
_BY_NAME |= dict.fromkeys(
    ("cidr", "isIP", "isCIDR", "ip", "quantity", "isQuantity", "semver", "isSemver"), _by_argument(TRAVERSAL)
)
