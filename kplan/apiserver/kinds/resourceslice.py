"""ResourceSlice.

Mirrors: pkg/apis/resource/validation/validation.go (ValidateResourceSlice), pkg/apis/resource/v1/defaults.go,
         pkg/registry/resource/resourceslice/strategy.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kplan.apiserver.field import SPEC, Errors, FieldPath, invalid, required
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.collections import validate_set
from kplan.apiserver.rules.devicenames import validate_driver_name, validate_pool_name
from kplan.apiserver.rules.metadata import validate_immutable, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import each_invalid, name_is_dns_subdomain
from kplan.apiserver.rules.nodeselectors import validate_node_selector
from kplan.apiserver.rules.slicedevices import has_list_attributes, validate_counter_set, validate_device
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.gotext import go_quote
from kplan.model.instants import write_instant
from kplan.model.objects import Object, get_in

Spec = Mapping[str, Any]

_MAX_DEVICES, _MAX_DEVICES_ADVANCED, _MAX_COUNTER_SETS = 128, 64, 8
_ONE_OF = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
_UNSET_OR_TRUE = "must be either unset or set to true"


def _devices(obj: Object | None) -> list[Any]:
    found: list[Any] = get_in(obj, ("spec", "devices"), [])
    return found


def _default(draft: Draft, context: StrategyContext) -> None:
    for device in _devices(draft):
        for mapping in (device.get("nodeAllocatableResourceMappings") or {}).values():
            if mapping.get("allocationMultiplier") is None:
                mapping["allocationMultiplier"] = "1"
        for taint in device.get("taints") or ():
            if taint.get("timeAdded") is None:
                taint["timeAdded"] = write_instant(context.now)


def _in_use(fields: tuple[str, ...]) -> Callable[[Spec], bool]:
    return lambda device: any(device.get(f) not in (None, [], {}) for f in fields)


_DRA_GATES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    # gates that must all be on, fields of a device
    (("DRADeviceTaints",), ("taints",)),
    (("DRAPartitionableDevices",), ("consumesCounters", "nodeName", "nodeSelector", "allNodes")),
    (
        ("DRADeviceBindingConditions", "DRAResourceClaimDeviceStatus"),
        ("bindingConditions", "bindingFailureConditions", "bindsToNode"),
    ),
    (("DRANodeAllocatableResources",), ("nodeAllocatableResourceMappings",)),
)
_LIST_ATTRIBUTES = ("bools", "ints", "strings", "versions")


def _drop_disabled(draft: Draft, old: Object | None, context: StrategyContext) -> None:
    spec, before = draft.setdefault("spec", {}), _devices(old)
    for gates, fields in _DRA_GATES:
        partitionable = gates == ("DRAPartitionableDevices",)
        shared = partitionable and any(get_in(old, ("spec", f)) for f in ("sharedCounters", "perDeviceNodeSelection"))
        if all(map(context.gates.on, gates)) or shared or any(map(_in_use(fields), before)):
            continue
        for holder, names in ((spec, ("sharedCounters", "perDeviceNodeSelection") if partitionable else ()), *((d, fields) for d in _devices(draft))):
            for name in names:
                holder.pop(name, None)
    if not context.gates.on("DRAConsumableCapacity") and not any(map(_shares_capacity, before)):
        for device in _devices(draft):
            device.pop("allowMultipleAllocations", None)
            for capacity in (device.get("capacity") or {}).values():
                capacity.pop("requestPolicy", None)
    if not context.gates.on("DRAListTypeAttributes") and not any(map(has_list_attributes, before)):
        for device in _devices(draft):
            for attribute in (device.get("attributes") or {}).values():
                for name in _LIST_ATTRIBUTES:
                    attribute.pop(name, None)


def _shares_capacity(device: Spec) -> bool:
    return device.get("allowMultipleAllocations") is not None or any(
        c.get("requestPolicy") is not None for c in (device.get("capacity") or {}).values()
    )


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    _drop_disabled(draft, None, context)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    _drop_disabled(draft, old, context)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=False, name_rule=name_is_dns_subdomain)
    yield from _validate_spec(obj.get("spec") or {}, None)


def _validate_spec(spec: Spec, old: Spec | None) -> Errors:
    yield from validate_driver_name(spec.get("driver") or "", SPEC.child("driver"))
    pool, here = spec.get("pool") or {}, SPEC.child("pool")
    yield from validate_pool_name(pool.get("name") or "", here.child("name"))
    if (count := pool.get("resourceSliceCount") or 0) <= 0:
        yield invalid(here.child("resourceSliceCount"), count, "must be greater than zero")
    if (generation := pool.get("generation") or 0) < 0:
        yield invalid(here.child("generation"), generation, "must be greater than or equal to zero")
    if old is not None:
        yield from validate_immutable(pool.get("name") or "", get_in(old, ("pool", "name"), ""), here.child("name"))
        yield from validate_immutable(spec.get("driver") or "", old.get("driver") or "", SPEC.child("driver"))
        yield from validate_immutable(spec.get("nodeName"), old.get("nodeName"), SPEC.child("nodeName"))
    yield from _validate_nodes(spec)
    if spec.get("sharedCounters") is not None and spec.get("devices") is not None:
        yield invalid(SPEC, "", "only one of `sharedCounters` or `devices` is allowed")
    yield from _validate_devices(spec, old)
    counters = spec.get("sharedCounters") or []
    yield from validate_set(counters, _MAX_COUNTER_SETS, validate_counter_set, SPEC.child("sharedCounters"), key=_name)


def _name(named: Spec) -> str:
    return named.get("name") or ""


def _validate_devices(spec: Spec, old: Spec | None) -> Errors:
    devices = spec.get("devices") or []
    advanced = any(d.get("taints") or d.get("consumesCounters") or has_list_attributes(d) for d in devices)
    before = {_name(d): d for d in reversed((old or {}).get("devices") or ())}

    def rule(device: Spec, path: FieldPath) -> Errors:
        return validate_device(device, before.get(_name(device)), path, bool(spec.get("perDeviceNodeSelection")))

    most = _MAX_DEVICES_ADVANCED if advanced else _MAX_DEVICES
    yield from validate_set(devices, most, rule, SPEC.child("devices"), key=_name)


def _validate_nodes(spec: Spec) -> Errors:
    given = []
    node, selector = spec.get("nodeName"), spec.get("nodeSelector")
    if node:
        given.append("`nodeName`")
        yield from each_invalid(SPEC.child("nodeName"), node, name_is_dns_subdomain(node, False))
    elif node is not None:
        yield invalid(SPEC.child("nodeName"), node, "must be either unset or set to a non-empty string")
    if selector is not None:
        given.append("`nodeSelector`")
        yield from validate_node_selector(selector, SPEC.child("nodeSelector"))
        terms = selector.get("nodeSelectorTerms")
        if len(terms or ()) != 1:
            shown = None if terms is None else internal_json("core.NodeSelectorTerm", terms)
            yield invalid(SPEC.child("nodeSelector", "nodeSelectorTerms"), shown, "must have exactly one node selector term")
    for field in ("allNodes", "perDeviceNodeSelection"):
        if spec.get(field):
            given.append(f"`{field}`")
        elif spec.get(field) is not None:
            yield invalid(SPEC.child(field), False, _UNSET_OR_TRUE)
    if not given:
        yield required(SPEC, _ONE_OF)
    elif len(given) > 1:
        yield invalid(SPEC, "{" + ", ".join(given) + "}", f"{_ONE_OF}, but multiple fields are set")


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from validate_update_of(new, old)
    yield from _validate_spec(new.get("spec") or {}, old.get("spec") or {})


def _warnings(obj: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    driver = get_in(obj, ("spec", "driver"), "")
    if driver != driver.lower():
        yield f"spec.driver: driver names should be lowercase; {go_quote(driver)} contains uppercase characters"


STRATEGY = Strategy(
    kind="ResourceSlice.resource.k8s.io",
    default=_default,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
)
