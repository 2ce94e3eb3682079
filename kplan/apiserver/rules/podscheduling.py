"""What a pod says to the scheduler: affinity, tolerations, spreading, gates.

Mirrors: pkg/apis/core/validation/validation.go (validateAffinity, ValidateTolerations, validateTopologySpreadConstraints …) (1.36)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kplan.apiserver.field import Errors, FieldPath, duplicate, forbidden, invalid, not_supported, required
from kplan.apiserver.rules.names import (
    each_invalid,
    is_decimal_integer,
    is_qualified_name,
    is_valid_label_value,
    name_is_dns_label,
)
from kplan.apiserver.rules.nodeselectors import validate_node_selector, validate_node_selector_term
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.selectors import validate_label_name, validate_label_selector
from kplan.model.integers import complaint
from kplan.model.objects import EMPTY, Object

TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_INCLUSION = ("Honor", "Ignore")
_BOTH = "exists in both matchLabelKeys and labelSelector"


def validate_positive(value: int, path: FieldPath) -> Errors:
    """A number above 0."""
    if value <= 0:
        yield invalid(path, value, "must be greater than zero")


# -- affinity --------------------------------------------------------------------------------------------------------


def validate_affinity(affinity: Object | None, options: PodOptions, path: FieldPath) -> Errors:
    """spec.affinity."""
    if affinity is None:
        return
    if (node := affinity.get("nodeAffinity")) is not None:
        yield from _validate_node_affinity(node, options, path.child("nodeAffinity"))
    for kind in ("podAffinity", "podAntiAffinity"):
        if (pods := affinity.get(kind)) is not None:
            yield from _validate_pod_affinity(pods, options, path.child(kind))


def _validate_node_affinity(affinity: Object, options: PodOptions, path: FieldPath) -> Errors:
    if (selector := affinity.get(_REQUIRED)) is not None:
        allow = options.allow_invalid_node_affinity
        yield from validate_node_selector(selector, path.child(_REQUIRED), allow_invalid_values=allow)
    for i, term in enumerate(affinity.get(_PREFERRED) or ()):
        here = path.child(_PREFERRED).index(i)
        yield from _validate_weight(term, here)
        yield from validate_node_selector_term(term.get("preference") or EMPTY, here.child("preference"), allow_invalid_values=True)


def _validate_weight(term: Object, path: FieldPath) -> Errors:
    weight = term.get("weight") or 0
    if not 1 <= weight <= 100:
        yield invalid(path.child("weight"), weight, "must be in the range 1-100")


def _validate_pod_affinity(affinity: Object, options: PodOptions, path: FieldPath) -> Errors:
    allow = options.allow_invalid_label_values
    for i, term in enumerate(affinity.get(_REQUIRED) or ()):
        yield from _validate_pod_affinity_term(term, path.child(_REQUIRED).index(i), allow)
    for i, weighted in enumerate(affinity.get(_PREFERRED) or ()):
        here = path.child(_PREFERRED).index(i)
        yield from _validate_weight(weighted, here)
        yield from _validate_pod_affinity_term(weighted.get("podAffinityTerm") or EMPTY, here.child("podAffinityTerm"), allow)


def _validate_pod_affinity_term(term: Object, path: FieldPath, allow_invalid_values: bool) -> Errors:
    for selector in ("labelSelector", "namespaceSelector"):
        yield from validate_label_selector(term.get(selector), path.child(selector), allow_invalid_values=allow_invalid_values)
    for name in term.get("namespaces") or ():
        yield from each_invalid(path.child("namespace"), name, name_is_dns_label(name, False))
    yield from validate_label_keys(term, path)
    key = term.get("topologyKey") or ""
    if not key:
        yield required(path.child("topologyKey"), "can not be empty")
    yield from validate_label_name(key, path.child("topologyKey"))


def validate_label_keys(term: Object, path: FieldPath) -> Errors:
    """matchLabelKeys and mismatchLabelKeys against each other and the labelSelector, which already holds what they ask."""
    selector: Object | None = term.get("labelSelector")
    match: Sequence[str] = term.get("matchLabelKeys") or ()
    mismatch: Sequence[str] = term.get("mismatchLabelKeys") or ()
    for field, keys in (("matchLabelKeys", match), ("mismatchLabelKeys", mismatch)):
        if keys and selector is None:
            yield forbidden(path.child(field), "must not be specified when labelSelector is not set")
        elif keys:
            for i, key in enumerate(keys):
                yield from validate_label_name(key, path.child(field).index(i))
    if selector is not None:
        at = {key: i for i, key in enumerate(match)}
        seen = set(selector.get("matchLabels") or ())
        for expression in selector.get("matchExpressions") or ():
            key = expression.get("key") or ""
            if key in at and key in seen:
                yield invalid(path.index(at[key]), key, _BOTH)
            seen.add(key)
    for i, key in enumerate(match):
        if key in mismatch:
            yield invalid(path.child("matchLabelKeys").index(i), key, "exists in both matchLabelKeys and mismatchLabelKeys")


# -- tolerations -----------------------------------------------------------------------------------------------------


def validate_taint_effect(effect: str, path: FieldPath) -> Errors:
    """The effect of a taint."""
    if effect not in TAINT_EFFECTS:
        yield not_supported(path, effect, TAINT_EFFECTS)


def validate_tolerations(tolerations: Sequence[Object], path: FieldPath, options: PodOptions) -> Errors:
    """spec.tolerations."""
    for i, toleration in enumerate(tolerations):
        yield from _validate_toleration(toleration, path.index(i), options)


def _validate_toleration(toleration: Object, path: FieldPath, options: PodOptions) -> Errors:
    key, operator = toleration.get("key") or "", toleration.get("operator") or ""
    effect = toleration.get("effect") or ""
    if key:
        yield from validate_label_name(key, path.child("key"))
    elif operator != "Exists":
        said = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        yield invalid(path.child("operator"), operator, said)
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        yield invalid(path.child("effect"), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")
    yield from _validate_toleration_value(operator, toleration.get("value") or "", path, options)
    if effect:
        yield from validate_taint_effect(effect, path.child("effect"))


def _validate_toleration_value(operator: str, value: str, path: FieldPath, options: PodOptions) -> Errors:
    match operator:
        case "Equal" | "":
            if said := is_valid_label_value(value):
                yield invalid(path.child("operator"), value, ";".join(said))
        case "Exists":
            if value:
                yield invalid(path.child("operator"), value, "value must be empty when `operator` is 'Exists'")
        case "Lt" | "Gt":
            if not options.allow_toleration_comparison:
                yield not_supported(path.child("operator"), operator, ("Equal", "Exists", "Lt", "Gt"))
                return
            yield from each_invalid(path.child("value"), value, is_decimal_integer(value))
            if said := _parse_int_error(value):
                yield invalid(path.child("value"), value, said)
        case _:
            yield not_supported(path.child("operator"), operator, ("Equal", "Exists"))


def _parse_int_error(value: str) -> Any:
    wrong = complaint(value)
    return wrong and f'strconv.ParseInt: parsing "{value}": {wrong}'


# -- spreading -------------------------------------------------------------------------------------------------------


def validate_topology_spread(constraints: Sequence[Object], path: FieldPath, options: PodOptions) -> Errors:
    """spec.topologySpreadConstraints."""
    for i, constraint in enumerate(constraints):
        here = path.index(i)
        key, action = constraint.get("topologyKey") or "", constraint.get("whenUnsatisfiable") or ""
        yield from validate_positive(constraint.get("maxSkew") or 0, here.child("maxSkew"))
        if not key:
            yield required(here.child("topologyKey"), "can not be empty")
        if action not in ("DoNotSchedule", "ScheduleAnyway"):
            yield not_supported(here.child("whenUnsatisfiable"), action, ("DoNotSchedule", "ScheduleAnyway"))
        if any((c.get("topologyKey") or "", c.get("whenUnsatisfiable") or "") == (key, action) for c in constraints[i + 1 :]):
            yield duplicate(here.child("{topologyKey, whenUnsatisfiable}"), f"{{{key}, {action}}}")
        yield from _validate_min_domains(constraint.get("minDomains"), action, here.child("minDomains"))
        for field in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            if (policy := constraint.get(field)) is not None and policy not in _INCLUSION:
                yield not_supported(here.child(field), policy, _INCLUSION)
        yield from _validate_spread_keys(constraint, here, options)
        if not options.allow_invalid_spread_selector:
            yield from validate_label_selector(constraint.get("labelSelector"), here.child("labelSelector"))


def _validate_min_domains(least: int | None, action: str, path: FieldPath) -> Errors:
    if least is None:
        return
    yield from validate_positive(least, path)
    if action != "DoNotSchedule":
        yield invalid(path, least, f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}")


def _validate_spread_keys(constraint: Object, path: FieldPath, options: PodOptions) -> Errors:
    merged = options.merge_match_label_keys
    by_new_rule = options.allow_match_label_keys and (
        (merged and not options.old_violates_match_label_keys)
        or (not merged and options.old_violates_legacy_match_label_keys)
    )
    if by_new_rule:
        return validate_label_keys(constraint, path)
    return validate_spread_label_keys(constraint, path)


def validate_spread_label_keys(constraint: Object, path: FieldPath) -> Errors:
    """matchLabelKeys by the rule before they were merged into the selector."""
    keys: Sequence[str] = constraint.get("matchLabelKeys") or ()
    if not keys:
        return
    here, selector = path.child("matchLabelKeys"), constraint.get("labelSelector")
    taken: set[str] = set()
    if selector is None:
        yield forbidden(here, "must not be specified when labelSelector is not set")
    else:
        taken = {*(selector.get("matchLabels") or ())}
        taken |= {e.get("key") or "" for e in selector.get("matchExpressions") or ()}
    for i, key in enumerate(keys):
        yield from validate_label_name(key, here.index(i))
        if key in taken:
            yield invalid(here.index(i), key, _BOTH)


# -- gates -----------------------------------------------------------------------------------------------------------


def validate_readiness_gates(gates: Sequence[Object], path: FieldPath) -> Errors:
    """spec.readinessGates."""
    for i, gate in enumerate(gates):
        kind = gate.get("conditionType") or ""
        yield from each_invalid(path.index(i).child("conditionType"), kind, is_qualified_name(kind))


def validate_scheduling_gates(gates: Sequence[Object], path: FieldPath) -> Errors:
    """spec.schedulingGates: qualified names, each once."""
    seen: set[str] = set()
    for i, gate in enumerate(gates):
        name = gate.get("name") or ""
        yield from each_invalid(path.index(i), name, is_qualified_name(name))
        if name in seen:
            yield duplicate(path.index(i), name)
        seen.add(name)
