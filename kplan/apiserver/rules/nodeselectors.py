"""Node selectors, and what storage classes may say of topology.

Mirrors: pkg/apis/core/validation/validation.go (ValidateNodeSelector, ValidateTopologySelectorTerm), pkg/api/node/util.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kplan.apiserver.field import (
    Errors,
    FieldError,
    FieldPath,
    duplicate,
    forbidden,
    invalid,
    required,
)
from kplan.apiserver.rules.names import each_invalid, is_valid_label_value, name_is_dns_subdomain
from kplan.apiserver.rules.selectors import validate_label_name
from kplan.model.gotext import GoText, go_json

_NOT_AN_OPERATOR = "not a valid selector operator"

DEPRECATED_NODE_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}


def validate_node_selector(selector: Mapping[str, Any], path: FieldPath, *, allow_invalid_values: bool = False) -> Errors:
    """A NodeSelector: at least one term."""
    terms_path = path.child("nodeSelectorTerms")
    terms: Sequence[Mapping[str, Any]] = selector.get("nodeSelectorTerms") or ()
    if not terms:
        yield required(terms_path, "must have at least one node selector term")
    for i, term in enumerate(terms):
        yield from validate_node_selector_term(term, terms_path.index(i), allow_invalid_values=allow_invalid_values)


def validate_node_selector_term(term: Mapping[str, Any], path: FieldPath, *, allow_invalid_values: bool = False) -> Errors:
    """One of nodeSelectorTerms."""
    for i, requirement in enumerate(term.get("matchExpressions") or ()):
        yield from _validate_requirement(requirement, path.child("matchExpressions").index(i), allow_invalid_values)
    for i, requirement in enumerate(term.get("matchFields") or ()):
        yield from _validate_field_requirement(requirement, path.child("matchFields").index(i))


def _validate_requirement(requirement: Mapping[str, Any], path: FieldPath, allow_invalid_values: bool) -> Errors:
    operator = requirement.get("operator") or ""
    values: Sequence[str] = requirement.get("values") or ()
    match operator:
        case "In" | "NotIn":
            if not values:
                yield required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'")
        case "Exists" | "DoesNotExist":
            if values:
                yield forbidden(path.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        case "Gt" | "Lt":
            if len(values) != 1:
                yield required(path.child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'")
        case _:
            yield invalid(path.child("operator"), GoText(go_json(operator)), _NOT_AN_OPERATOR)
    yield from validate_label_name(requirement.get("key") or "", path.child("key"))
    if not allow_invalid_values:
        for i, value in enumerate(values):
            yield from each_invalid(path.child("values").index(i), value, is_valid_label_value(value))


def _validate_field_requirement(requirement: Mapping[str, Any], path: FieldPath) -> Errors:
    operator, key = requirement.get("operator") or "", requirement.get("key") or ""
    values: Sequence[str] = requirement.get("values") or ()
    if operator not in ("In", "NotIn"):
        yield invalid(path.child("operator"), GoText(go_json(operator)), _NOT_AN_OPERATOR)
    elif len(values) != 1:
        yield required(path.child("values"), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector")
    if key != "metadata.name":
        yield invalid(path.child("key"), key, "not a valid field selector key")
        return
    for i, value in enumerate(values):
        yield from each_invalid(path.child("values").index(i), value, name_is_dns_subdomain(value, False))


def has_invalid_label_value(terms: Sequence[Mapping[str, Any]]) -> bool:
    """Whether node selector terms already hold a value that is no label value (they may then keep such on update)."""
    return any(
        is_valid_label_value(value)
        for term in terms
        for expression in term.get("matchExpressions") or ()
        for value in expression.get("values") or ()
    )


def validate_topology_selector_terms(terms: Sequence[Mapping[str, Any]], path: FieldPath) -> Errors:
    """allowedTopologies of a StorageClass: terms, none of which says the same as one before it."""
    seen: list[dict[str, frozenset[str]]] = [{} for _ in terms]
    for i, term in enumerate(terms):
        raw: dict[str, frozenset[str]] = {}
        yield from _validate_topology_selector_term(term, path.index(i), raw)
        for other in seen:
            if raw == other:
                yield duplicate(path.index(i).child("matchLabelExpressions"), "")
        seen.append(raw)


def _validate_topology_selector_term(
    term: Mapping[str, Any], path: FieldPath, raw: dict[str, frozenset[str]]
) -> Iterator[FieldError]:
    """Checks a term and fills ``raw`` with its keys and their sets of values."""
    for i, requirement in enumerate(term.get("matchLabelExpressions") or ()):
        here = path.child("matchLabelExpressions").index(i)
        key = requirement.get("key") or ""
        values: Sequence[str] = requirement.get("values") or ()
        if not values:
            yield required(here.child("values"))
        for j, value in enumerate(values):
            if value in values[:j]:
                yield duplicate(here.child("values").index(j), value)
        yield from validate_label_name(key, here.child("key"))
        if key in raw:
            yield duplicate(here.child("key"), key)
        raw[key] = frozenset(values)


def node_selector_term_warnings(term: Mapping[str, Any], path: FieldPath) -> Iterator[str]:
    """Warnings for deprecated node labels in a node selector term."""
    for i, expression in enumerate(term.get("matchExpressions") or ()):
        key = expression.get("key") or ""
        if said := DEPRECATED_NODE_LABELS.get(key):
            yield f"{path.child('matchExpressions').index(i).child('key')}: {key} is {said}"


def node_label_selector_warnings(selector: Mapping[str, Any] | None, path: FieldPath) -> Iterator[str]:
    """Warnings for deprecated node labels in a label selector over nodes."""
    if selector is None:
        return
    yield from node_selector_term_warnings(selector, path)
    for label in selector.get("matchLabels") or ():
        if said := DEPRECATED_NODE_LABELS.get(label):
            yield f"{path.child('matchLabels', label)}: {said}"
