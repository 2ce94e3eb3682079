"""Label selectors, labels and conditions as the API server checks them, whatever kind they are part of.

Mirrors: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kplan.apiserver.field import (
    Errors,
    FieldPath,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
)
from kplan.apiserver.rules.names import (
    byte_length,
    each_invalid,
    is_qualified_name,
    is_valid_label_value,
    matches,
    regex_error,
)
from kplan.model.gotext import GoText, go_struct

_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_REASON_SAID = "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'"
_MAX_REASON, _MAX_MESSAGE = 1024, 32 * 1024


def selector_json(selector: Mapping[str, Any]) -> GoText:
    """A LabelSelector as Go writes it: labels before expressions."""
    shown: dict[str, Any] = {f: v for f, v in selector.items() if v}
    if expressions := shown.get("matchExpressions"):
        shown["matchExpressions"] = [
            {"key": e.get("key") or "", "operator": e.get("operator") or ""} | ({"values": e["values"]} if e.get("values") else {})
            for e in expressions
        ]
    return go_struct(shown, ("matchLabels", "matchExpressions"))


def is_valid_selector(selector: Mapping[str, Any] | None) -> bool:
    """Whether Go can make a selector of a LabelSelector: the rules of labels hold, and nothing else is asked."""
    return not any(validate_label_selector(selector, FieldPath()))


def validate_label_name(name: str, path: FieldPath) -> Errors:
    """A label key."""
    return each_invalid(path, name, is_qualified_name(name))


def validate_labels(labels: Mapping[str, str] | None, path: FieldPath) -> Errors:
    """A map of labels; the errors of keys and values carry the path of the map.

    The real server walks the map in random order.
    """
    for key, value in (labels or {}).items():
        yield from each_invalid(path, key, is_qualified_name(key))
        yield from each_invalid(path, value, is_valid_label_value(value))


def validate_label_selector(
    selector: Mapping[str, Any] | None, path: FieldPath, *, allow_invalid_values: bool = False
) -> Errors:
    """A LabelSelector; None is fine (the caller says whether it is required)."""
    if selector is None:
        return
    yield from validate_labels(selector.get("matchLabels"), path.child("matchLabels"))
    for i, expression in enumerate(selector.get("matchExpressions") or ()):
        yield from validate_label_selector_requirement(
            expression, path.child("matchExpressions").index(i), allow_invalid_values=allow_invalid_values
        )


def validate_label_selector_requirement(
    requirement: Mapping[str, Any], path: FieldPath, *, allow_invalid_values: bool = False
) -> Errors:
    """One of matchExpressions."""
    operator = requirement.get("operator") or ""
    values: Sequence[str] = requirement.get("values") or ()
    match operator:
        case "In" | "NotIn":
            if not values:
                yield required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'")
        case "Exists" | "DoesNotExist":
            if values:
                yield forbidden(path.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        case _:
            yield invalid(path.child("operator"), operator, "not a valid selector operator")
    yield from validate_label_name(requirement.get("key") or "", path.child("key"))
    if not allow_invalid_values:
        for i, value in enumerate(values):
            yield from each_invalid(path.child("values").index(i), value, is_valid_label_value(value))


def has_invalid_label_value(selector: Mapping[str, Any] | None) -> bool:
    """Whether a selector already holds a value that is no label value (it may then keep such values on update)."""
    expressions = (selector or {}).get("matchExpressions") or ()
    return any(is_valid_label_value(v) for e in expressions for v in e.get("values") or ())


def validate_conditions(conditions: Sequence[Mapping[str, Any]] | None, path: FieldPath) -> Errors:
    """A list of metav1.Condition."""
    seen: set[str] = set()
    for i, condition in enumerate(conditions or ()):
        kind = condition.get("type") or ""
        if kind in seen:
            yield duplicate(path.index(i).child("type"), kind)
        seen.add(kind)
        yield from validate_condition(condition, path.index(i))


def validate_condition(condition: Mapping[str, Any], path: FieldPath) -> Errors:
    """One metav1.Condition."""
    yield from validate_label_name(condition.get("type") or "", path.child("type"))
    status = condition.get("status") or ""
    if status not in ("False", "True", "Unknown"):
        yield not_supported(path.child("status"), status, ("False", "True", "Unknown"))
    observed = condition.get("observedGeneration") or 0
    if observed < 0:
        yield invalid(path.child("observedGeneration"), observed, "must be greater than or equal to zero")
    if not condition.get("lastTransitionTime"):
        yield required(path.child("lastTransitionTime"))
    reason = condition.get("reason") or ""
    if not reason:
        yield required(path.child("reason"))
    else:
        if not matches(_REASON, reason):
            said = regex_error(_REASON_SAID, _REASON, "my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB")
            yield invalid(path.child("reason"), reason, said)
        if byte_length(reason) > _MAX_REASON:
            yield too_long(path.child("reason"), reason, _MAX_REASON)
    message = condition.get("message") or ""
    if byte_length(message) > _MAX_MESSAGE:
        yield too_long(path.child("message"), message, _MAX_MESSAGE)
