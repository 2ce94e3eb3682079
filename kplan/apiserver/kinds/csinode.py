"""CSINode.

Mirrors: pkg/apis/storage/validation/validation.go (ValidateCSINode) (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.field import SPEC, Errors, FieldPath, duplicate, invalid, required
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.metadata import IMMUTABLE, semantically_equal, validate_nonnegative, validate_object_meta
from kplan.apiserver.rules.names import byte_length, each_invalid, is_qualified_name, name_is_dns_subdomain
from kplan.apiserver.rules.volumesources import validate_csi_driver_name
from kplan.apiserver.strategy import Strategy, StrategyContext
from kplan.model.objects import Object, get_in

_MAX_NODE_ID = 256
_DRIVERS = SPEC.child("drivers")


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=False, name_rule=name_is_dns_subdomain)
    names: set[str] = set()
    for i, driver in enumerate(get_in(obj, ("spec", "drivers"), ())):
        yield from _validate_driver(driver, _DRIVERS.index(i), names)


def _validate_driver(driver: Mapping[str, Any], path: FieldPath, names: set[str]) -> Errors:
    name, node_id = driver.get("name") or "", driver.get("nodeID") or ""
    yield from validate_csi_driver_name(name, path.child("name"))
    if not node_id:
        yield required(path.child("nodeID"))
    if byte_length(node_id) > _MAX_NODE_ID:
        yield invalid(path.child("nodeID"), node_id, f"must be {_MAX_NODE_ID} characters or less")
    count = get_in(driver, ("allocatable", "count"))
    if count is not None:
        yield from validate_nonnegative(count, path.child("allocatable", "count"))
    if name in names:
        yield duplicate(path.child("name"), name)
    names.add(name)
    keys: set[str] = set()
    for key in driver.get("topologyKeys") or ():
        if not key:
            yield required(path)
        if key in keys:
            yield duplicate(path, key)
        keys.add(key)
        yield from each_invalid(path, key, is_qualified_name(key))


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from _validate(new, context)
    may_count = context.gates.on("MutableCSINodeAllocatableCount")
    for before in get_in(old, ("spec", "drivers"), ()):
        for driver in get_in(new, ("spec", "drivers"), ()):
            if before.get("name") == driver.get("name"):
                fixed = _fixed(driver, may_count)
                if not semantically_equal(fixed, _fixed(before, may_count)):
                    yield invalid(_DRIVERS, internal_json("storage.CSINodeDriver", fixed), IMMUTABLE)


def _fixed(driver: Mapping[str, Any], may_count: bool) -> dict[str, Any]:
    return {k: v for k, v in driver.items() if not (may_count and k == "allocatable")}


STRATEGY = Strategy(
    kind="CSINode.storage.k8s.io", validate=_validate, validate_update=_validate_update, generation_fields=()
)
