"""The names of drivers, pools, attributes, taints and tolerations of devices.

Mirrors: pkg/apis/resource/validation/validation.go (validatePoolName, validateQualifiedName, validateDeviceTaint …) (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kplan.apiserver.field import (
    Errors,
    FieldPath,
    duplicate,
    invalid,
    not_supported,
    required,
    too_long,
)
from kplan.apiserver.rules.collections import validate_slice
from kplan.apiserver.rules.names import (
    byte_length,
    each_invalid,
    is_c_identifier,
    is_dns1123_label,
    is_dns1123_subdomain,
    is_valid_label_value,
)
from kplan.apiserver.rules.selectors import validate_label_name
from kplan.apiserver.rules.volumesources import validate_csi_driver_name
from kplan.model.gotext import GoText, go_json

MAX_ID, MAX_POOL, MAX_CONDITIONS = 32, 253, 4
_EFFECTS = ("NoExecute", "NoSchedule", "None")

validate_driver_name = validate_csi_driver_name


def validate_dns_label(name: str, path: FieldPath) -> Errors:
    """The name of a device, a request or a counter."""
    return each_invalid(path, name, is_dns1123_label(name))


def validate_device_class_name(name: str, path: FieldPath) -> Errors:
    """The name of a DeviceClass, which must be given."""
    if not name:
        yield required(path)
    else:
        yield from each_invalid(path, name, is_dns1123_subdomain(name))


def validate_pool_name(name: str, path: FieldPath) -> Errors:
    """The name of a pool: subdomains between slashes."""
    if not name:
        yield required(path)
        return
    if byte_length(name) > MAX_POOL:
        yield too_long(path, "", MAX_POOL)
    for part in name.split("/"):
        yield from each_invalid(path, part, is_dns1123_subdomain(part))


def validate_qualified_name(name: str, path: FieldPath) -> Errors:
    """The name of an attribute or a capacity: ``id`` or ``domain/id``. More slashes go unchecked."""
    parts = name.split("/")
    if len(parts) == 1:
        yield from _validate_identifier(name, path)
    elif len(parts) == 2:
        if not parts[0]:
            yield invalid(path, "", "the domain must not be empty")
        else:
            yield from validate_driver_name(parts[0], path)
        if not parts[1]:
            yield invalid(path, "", "the name must not be empty")
        else:
            yield from _validate_identifier(parts[1], path)


def validate_fully_qualified_name(name: str, path: FieldPath) -> Errors:
    """A qualified name with a domain."""
    yield from validate_qualified_name(name, path)
    if "/" not in name:
        shown = GoText(go_json(name))
        yield invalid(path, shown, "a fully qualified name must be a domain and a name separated by a slash")


def _validate_identifier(name: str, path: FieldPath) -> Errors:
    if byte_length(name) > MAX_ID:
        yield too_long(path, "", MAX_ID)
    yield from each_invalid(path, name, is_c_identifier(name))


def validate_taint(taint: Mapping[str, Any], path: FieldPath, kept_effect: str | None = None) -> Errors:
    """A taint of a device; the effect that it had before is fine whatever it is."""
    yield from validate_label_name(taint.get("key") or "", path.child("key"))
    if value := taint.get("value") or "":
        yield from each_invalid(path.child("value"), value, is_valid_label_value(value))
    effect = taint.get("effect") or ""
    if effect == kept_effect:
        return
    if not effect:
        yield required(path.child("effect"))
    else:
        yield from _validate_effect(effect, path)


def validate_toleration(toleration: Mapping[str, Any], path: FieldPath) -> Errors:
    """A toleration of a device's taint."""
    key, operator, value = (toleration.get(f) or "" for f in ("key", "operator", "value"))
    if key:
        yield from validate_label_name(key, path.child("key"))
    if operator == "Exists":
        if value:
            yield invalid(path.child("value"), value, "must be empty for operator `Exists`")
    elif operator == "Equal":
        yield from each_invalid(path.child("value"), value, is_valid_label_value(value))
    elif not operator:
        yield required(path.child("operator"))
    else:
        yield not_supported(path.child("operator"), GoText(go_json(operator)), ("Equal", "Exists"))
    if effect := toleration.get("effect") or "":
        yield from _validate_effect(effect, path)


def _validate_effect(effect: str, path: FieldPath) -> Errors:
    if effect not in _EFFECTS:
        yield not_supported(path.child("effect"), GoText(go_json(effect)), _EFFECTS)


def validate_binding_conditions(holder: Mapping[str, Any], path: FieldPath) -> Errors:
    """bindingConditions and bindingFailureConditions: both or none, and none in both."""
    here, there = path.child("bindingConditions"), path.child("bindingFailureConditions")
    conditions: Sequence[str] = holder.get("bindingConditions") or ()
    failures: Sequence[str] = holder.get("bindingFailureConditions") or ()
    yield from validate_slice(conditions, MAX_CONDITIONS, validate_label_name, here)
    yield from validate_slice(failures, MAX_CONDITIONS, validate_label_name, there)
    for i, condition in enumerate(conditions):
        if condition in conditions[:i]:
            yield duplicate(here.index(i), condition)
    for i, condition in enumerate(failures):
        if condition in failures[:i]:
            yield duplicate(there.index(i), condition)
        if condition in conditions:
            yield invalid(there.index(i), condition, "bindingFailureConditions must not overlap with bindingConditions")
    if failures and not conditions:
        yield invalid(here, holder.get("bindingConditions"), "bindingConditions are required to use bindingFailureConditions")
    if conditions and not failures:
        yield invalid(there, holder.get("bindingFailureConditions"), "bindingFailureConditions are required to use bindingConditions")
