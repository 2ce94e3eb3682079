"""The devices and counters a ResourceSlice offers.

Mirrors: pkg/apis/resource/validation/validation.go (validateDevice, validateDeviceAttribute, validateCounterSet) (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kplan.apiserver.field import Errors, FieldPath, invalid, not_found, required, too_long
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.collections import validate_map, validate_set, validate_slice
from kplan.apiserver.rules.devicecapacity import validate_exclusive_capacity, validate_shared_capacity
from kplan.apiserver.rules.devicenames import (
    validate_binding_conditions,
    validate_dns_label,
    validate_qualified_name,
    validate_taint,
)
from kplan.apiserver.rules.metadata import semantically_equal
from kplan.apiserver.rules.names import MAX_LABEL, byte_length, each_invalid, name_is_dns_subdomain
from kplan.apiserver.rules.nodeselectors import validate_node_selector
from kplan.apiserver.rules.quantities import is_native_resource
from kplan.model.gotext import GoText, go_json
from kplan.model.quantity import Quantity

Spec = Mapping[str, Any]

_MAX_ATTRIBUTES, _MAX_VALUES, _MAX_VALUE, _MAX_TAINTS = 32, 48, 64, 16
_MAX_CONSUMPTIONS, _MAX_COUNTERS, _MAX_KEY = 2, 32, 63 + 1 + 32
_LISTS = ("bools", "ints", "strings", "versions")
_NUMERIC = r"(0|[1-9]\d*)"
_PRERELEASE = r"(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
_BUILD = "[0-9a-zA-Z-]+"
_SEMVER = re.compile(
    rf"{_NUMERIC}\.{_NUMERIC}\.{_NUMERIC}(-{_PRERELEASE}(\.{_PRERELEASE})*)?(\+{_BUILD}(\.{_BUILD})*)?", re.ASCII
)
_ONE_VALUE = "exactly one value must be specified"
_ONE_NODE = (
    "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required "
    "when `perDeviceNodeSelection` is set to true in the ResourceSlice spec"
)
_NO_NODE = "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec"


def has_list_attributes(device: Spec) -> bool:
    """Whether any attribute of a device is a list."""
    return any(a.get(f) is not None for a in (device.get("attributes") or {}).values() for f in _LISTS)


def validate_counter_set(counters: Spec, path: FieldPath) -> Errors:
    """One of sharedCounters."""
    yield from _validate_counters(counters, "name", path)


def _validate_consumption(consumption: Spec, path: FieldPath) -> Errors:
    yield from _validate_counters(consumption, "counterSet", path)


def _no_errors(value: Any, path: FieldPath) -> Errors:
    return iter(())


def _validate_counters(holder: Spec, field: str, path: FieldPath) -> Errors:
    name, counters = holder.get(field) or "", holder.get("counters") or {}
    if not name:
        yield required(path.child(field))
    else:
        yield from validate_dns_label(name, path.child(field))
    if not counters:
        yield required(path.child("counters"))
    else:
        yield from validate_map(counters, _MAX_COUNTERS, MAX_LABEL, validate_dns_label, _no_errors, path.child("counters"))


def validate_device(device: Spec, old: Spec | None, path: FieldPath, per_device: bool) -> Errors:
    """One of devices; ``old`` is the device of that name before an update."""
    attributes, capacity = device.get("attributes") or {}, device.get("capacity") or {}
    yield from validate_dns_label(device.get("name") or "", path.child("name"))
    if (count := len(attributes) + len(capacity)) > _MAX_ATTRIBUTES:
        yield invalid(path, count, f"the total number of attributes and capacities must not exceed {_MAX_ATTRIBUTES}")
    if (count := sum(map(_count_values, attributes.values()))) > _MAX_VALUES:
        yield invalid(path, count, f"the total number of attribute values must not exceed {_MAX_VALUES}")
    here = path.child("attributes")
    yield from validate_map(attributes, -1, _MAX_KEY, validate_qualified_name, _validate_attribute, here)
    rule = validate_shared_capacity if device.get("allowMultipleAllocations") else validate_exclusive_capacity
    yield from validate_map(capacity, -1, _MAX_KEY, validate_qualified_name, rule, path.child("capacity"))
    taints = device.get("taints") or []
    if old is None or not semantically_equal(old.get("taints"), taints):
        yield from validate_slice(taints, _MAX_TAINTS, validate_taint, path.child("taints"))
    consumed = device.get("consumesCounters") or []
    yield from validate_set(consumed, _MAX_CONSUMPTIONS, _validate_consumption, path.child("consumesCounters"), key=_counter_set)
    yield from _validate_nodes(device, path, per_device)
    yield from validate_binding_conditions(device, path)
    yield from _validate_mappings(device, capacity, path.child("nodeAllocatableResourceMappings"))


def _counter_set(consumption: Spec) -> str:
    return consumption.get("counterSet") or ""


def _count_values(attribute: Spec) -> int:
    return sum(len(attribute.get(f) or ()) for f in _LISTS) or 1


def _validate_nodes(device: Spec, path: FieldPath, per_device: bool) -> Errors:
    name, selector, every = (device.get(f) for f in ("nodeName", "nodeSelector", "allNodes"))
    if not per_device:
        if any(v is not None for v in (name, selector, every)):
            yield invalid(path, None, _NO_NODE)
        return
    given = []
    if name:
        given.append("`nodeName`")
        yield from each_invalid(path.child("nodeName"), name, name_is_dns_subdomain(name, False))
    elif name is not None:
        yield invalid(path.child("nodeName"), name, "must not be empty")
    if selector is not None:
        given.append("`nodeSelector`")
        yield from validate_node_selector(selector, path.child("nodeSelector"))
    if every:
        given.append("`allNodes`")
    elif every is not None:
        yield invalid(path.child("allNodes"), every, "must be either unset or set to true")
    if not given:
        yield required(path, _ONE_NODE)
    elif len(given) > 1:
        yield invalid(path, "{" + ", ".join(given) + "}", _ONE_NODE)


def _validate_mappings(device: Spec, capacity: Spec, path: FieldPath) -> Errors:
    for name, mapping in (device.get("nodeAllocatableResourceMappings") or {}).items():
        here = path.key(name)
        if not is_native_resource(name):
            yield invalid(here, GoText(go_json(name)), "must be a node allocatable resource name")
        multiplier, key = mapping.get("allocationMultiplier"), mapping.get("capacityKey")
        if multiplier is None and key is None:
            yield invalid(here, "", "at least one of allocationMultiplier or capacityKey must be set")
            continue
        if multiplier is not None and (quantity := Quantity.parse(multiplier)).nano <= 0:
            yield invalid(here.child("allocationMultiplier"), str(quantity), "must be positive")
        if key == "":
            yield invalid(here.child("capacityKey"), "", "capacityKey must not be an empty string")
        elif key is not None and key not in capacity:
            yield not_found(here.child("capacityKey"), GoText(go_json(key)))


def _validate_attribute(attribute: Spec, path: FieldPath) -> Errors:
    if (text := attribute.get("string")) is not None:
        yield from _validate_text(text, path.child("string"))
    if (version := attribute.get("version")) is not None:
        yield from _validate_version(version, path.child("version"))
    for field, rule in (("bools", None), ("ints", None), ("strings", _validate_text), ("versions", _validate_version)):
        values = attribute.get(field)
        if values is None:
            continue
        if not values:
            yield invalid(path.child(field), [], "must not be empty if specified")
        if rule is not None:
            for i, value in enumerate(values):
                yield from rule(value, path.child(field).index(i))
    count = sum(attribute.get(f) is not None for f in ("int", "bool", "string", "version", *_LISTS))
    if count == 0:
        yield invalid(path, "", _ONE_VALUE)
    elif count > 1:
        yield invalid(path, internal_json("resource.DeviceAttribute", attribute), _ONE_VALUE)


def _validate_text(text: str, path: FieldPath) -> Errors:
    if byte_length(text) > _MAX_VALUE:
        yield too_long(path, "", _MAX_VALUE)


def _validate_version(version: str, path: FieldPath) -> Errors:
    if _SEMVER.fullmatch(version) is None:
        yield invalid(path, version, "must be a string compatible with semver.org spec 2.0.0")
    yield from _validate_text(version, path)
