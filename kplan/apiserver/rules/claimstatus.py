"""What the status of a ResourceClaim may say: the devices that are allocated, for whom, and how they are.

Mirrors: pkg/apis/resource/validation/validation.go (validateResourceClaimStatusUpdate),
         pkg/registry/resource/resourceclaim/strategy.go (dropDisabledStatusFields, dropDeallocatedStatusDevices),
         pkg/registry/resource/utils.go (AuthorizedForAdminStatus) (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from kplan.apiserver.field import (
    ROOT,
    Errors,
    FieldPath,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
)
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.addresses import is_valid_interface_address
from kplan.apiserver.rules.collections import validate_set, validate_slice
from kplan.apiserver.rules.devicenames import (
    validate_binding_conditions,
    validate_dns_label,
    validate_driver_name,
    validate_pool_name,
)
from kplan.apiserver.rules.devices import (
    ADMIN_LABEL,
    MAX_CONFIG,
    MAX_REQUESTS,
    RequestNames,
    gather_request_names,
    validate_device_configuration,
    validate_name_ref,
    validate_raw_object,
)
from kplan.apiserver.rules.metadata import IMMUTABLE, semantically_equal
from kplan.apiserver.rules.names import byte_length
from kplan.apiserver.rules.nodeselectors import validate_node_selector
from kplan.apiserver.rules.selectors import validate_conditions
from kplan.apiserver.strategy import Draft, StrategyContext
from kplan.model.gotext import GoText, go_struct
from kplan.model.objects import EMPTY, Object, Ref, get_in, labels_of, namespace_of

_STATUS = ROOT.child("status")
_MAX_RESERVED, _MAX_RESULTS, _MAX_CONDITIONS, _MAX_IPS = 256, 32, 8, 16
_MAX_DATA, _MAX_INTERFACE, _MAX_HARDWARE = 10 * 1024, 256, 128
_SOURCES = ("FromClaim", "FromClass")
_HEX = "[0-9a-fA-F]"
_UUID = re.compile(f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}")
_RESULT_GATES = (
    ("DRAAdminAccess", ("adminAccess",)),
    ("DRAConsumableCapacity", ("shareID", "consumedCapacity")),
    ("DRADeviceBindingConditions", ("bindingConditions", "bindingFailureConditions")),
)


def _results(claim: Object) -> Sequence[Any]:
    found: Sequence[Any] = get_in(claim, ("status", "allocation", "devices", "results"), ())
    return found


def _devices(claim: Object) -> Sequence[Any]:
    return (claim.get("status") or EMPTY).get("devices") or ()


def _device_id(device: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return device.get("driver") or "", device.get("pool") or "", device.get("device") or "", device.get("shareID") or ""


def _shown(device: Mapping[str, Any]) -> GoText:
    """The identity of a device as the server prints it."""
    names = ("Driver", "Pool", "Device", "ShareID")
    return go_struct(dict(zip(names, _device_id(device), strict=True)), names)


# -- what is dropped -------------------------------------------------------------------------------------------------


def drop_disabled_status_fields(claim: Draft, old: Object, context: StrategyContext) -> None:
    """Drops what gates that are off do not allow, and the states of devices that are no longer allocated."""
    used = bool(_devices(old))
    if not context.gates.on("DRAResourceClaimDeviceStatus") and not used:
        (claim.get("status") or {}).pop("devices", None)
    for gate, fields in _RESULT_GATES:
        if not context.gates.on(gate) and not _in_use(old, fields):
            for holder in (*_results(claim), *_devices(claim)):
                for field in fields:
                    holder.pop(field, None)
    if context.gates.on("DRAResourceClaimDeviceStatus") or used:
        _drop_deallocated(claim, old)


def _in_use(claim: Object, fields: Sequence[str]) -> bool:
    requests = get_in(claim, ("spec", "devices", "requests"), ())
    exact = [r["exactly"] for r in requests if r.get("exactly")]
    capacity = [s for r in requests for s in (r.get("exactly"), *(r.get("firstAvailable") or ())) if s and s.get("capacity")]
    if fields[0] == "adminAccess" and any(e.get("adminAccess") is not None for e in exact):
        return True
    if fields[0] == "shareID" and (capacity or any(d.get("shareID") for d in _devices(claim))):
        return True
    return any(result.get(f) is not None for result in _results(claim) for f in fields)


def _drop_deallocated(claim: Draft, old: Object) -> None:
    gone = {_device_id(r) for r in _results(old)} - {_device_id(r) for r in _results(claim)}
    if not _devices(claim):
        return
    left = [d for d in _devices(claim) if _device_id(d) not in gone]
    if left:
        claim["status"]["devices"] = left
    else:
        del claim["status"]["devices"]


# -- what is refused -------------------------------------------------------------------------------------------------


def authorized_for_admin_status(claim: Object, old: Object, context: StrategyContext) -> Errors:
    """Devices allocated with admin access want a label on the namespace."""
    if any(r.get("adminAccess") for r in _results(old)):
        return
    for i, result in enumerate(_results(claim)):
        if result.get("adminAccess"):
            path = _STATUS.child("allocation", "devices", "results").index(i).child("adminAccess")
            namespace = context.view.get(Ref("Namespace", "", namespace_of(claim)))
            if namespace is not None and labels_of(namespace).get(ADMIN_LABEL) != "true":
                yield forbidden(path, f"admin access to devices requires the `{ADMIN_LABEL}: true` label on the containing namespace")
            return


def validate_claim_status(claim: Object, old: Object) -> Errors:
    """The status of a ResourceClaim on update."""
    status, before = claim.get("status") or EMPTY, old.get("status") or EMPTY
    reserved, allocation = status.get("reservedFor") or [], status.get("allocation")
    here = _STATUS.child("reservedFor")
    yield from validate_set(reserved, _MAX_RESERVED, _validate_consumer, here, key=lambda c: c.get("uid") or "")
    allocated = {_device_id(r) for r in _results(claim)}
    yield from _validate_devices(status.get("devices") or [], allocated)
    if reserved and allocation is None:
        yield forbidden(here, "may not be specified when `allocated` is not set")
    elif reserved and claim["metadata"].get("deletionTimestamp"):
        if any(c not in (before.get("reservedFor") or ()) for c in reserved):
            said = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"
            yield forbidden(here, said)
    if allocation is None:
        return
    if before.get("allocation") is None:
        names = gather_request_names(get_in(claim, ("spec", "devices", "requests"), ()))
        yield from _validate_allocation(allocation, _STATUS.child("allocation"), names)
    elif not semantically_equal(allocation, before["allocation"]):
        yield invalid(_STATUS.child("allocation"), internal_json("resource.AllocationResult", allocation), IMMUTABLE)


def _validate_consumer(consumer: Mapping[str, Any], path: FieldPath) -> Errors:
    for field in ("resource", "name", "uid"):
        if not consumer.get(field):
            yield required(path.child(field))


def _validate_devices(devices: Sequence[Mapping[str, Any]], allocated: set[tuple[str, str, str, str]]) -> Errors:
    path, seen = _STATUS.child("devices"), set[tuple[str, str, str, str]]()
    for i, device in enumerate(devices):
        yield from _validate_device(device, path.index(i), allocated)
    for i, device in enumerate(devices):
        if (key := _device_id(device)) in seen:
            yield duplicate(path.index(i), _shown(device))
        seen.add(key)


def _validate_device(device: Mapping[str, Any], path: FieldPath, allocated: set[tuple[str, str, str, str]]) -> Errors:
    yield from validate_driver_name(device.get("driver") or "", path.child("driver"))
    yield from validate_pool_name(device.get("pool") or "", path.child("pool"))
    yield from validate_dns_label(device.get("device") or "", path.child("device"))
    if (share := device.get("shareID")) is not None:
        yield from validate_uid(share, path.child("shareID"))
    if _device_id(device) not in allocated:
        yield invalid(path, _shown(device), "must be an allocated device in the claim")
    conditions = device.get("conditions") or ()
    if len(conditions) > _MAX_CONDITIONS:
        yield too_many(path.child("conditions"), len(conditions), _MAX_CONDITIONS)
    yield from validate_conditions(conditions, path.child("conditions"))
    if "data" in device:
        yield from validate_raw_object(device["data"], path.child("data"), _MAX_DATA)
    yield from _validate_network(device.get("networkData") or EMPTY, path.child("networkData"))


def _validate_network(network: Mapping[str, Any], path: FieldPath) -> Errors:
    for field, most in (("interfaceName", _MAX_INTERFACE), ("hardwareAddress", _MAX_HARDWARE)):
        if byte_length(network.get(field) or "") > most:
            yield too_long(path.child(field), "", most)

    def address(value: str, where: FieldPath) -> Iterator[Any]:
        return is_valid_interface_address(where, value)

    yield from validate_set(network.get("ips") or [], _MAX_IPS, address, path.child("ips"))


def validate_uid(uid: str, path: FieldPath) -> Errors:
    """A UUID in its usual form."""
    if wrong := _uuid_error(uid):
        yield invalid(path, uid, f"error validating uid: {wrong}")
    elif len(uid) != 36 or uid != uid.lower():
        said = "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters"
        yield invalid(path, uid, said)


def _uuid_error(uid: str) -> str:
    """What google/uuid says of a text: also without dashes, in braces or as a URN it is fine."""
    match byte_length(uid):
        case 36:
            return "" if _UUID.fullmatch(uid) else "invalid UUID format"
        case 45:
            if uid[:9].lower() != "urn:uuid:":
                return f'invalid urn prefix: "{uid[:9]}"'
            return "" if _UUID.fullmatch(uid[9:]) else "invalid UUID format"
        case 38:
            if not (uid.startswith("{") and uid.endswith("}")):
                return "invalid bracketed UUID format"
            return "" if _UUID.fullmatch(uid[1:-1]) else "invalid UUID format"
        case 32:
            return "" if re.fullmatch(f"{_HEX}{{32}}", uid) else "invalid UUID format"
        case other:
            return f"invalid UUID length: {other}"


def _validate_allocation(allocation: Mapping[str, Any], path: FieldPath, names: RequestNames) -> Errors:
    devices, here = allocation.get("devices") or EMPTY, path.child("devices")
    result, config = partial(_validate_result, names=names), partial(_validate_config, names=names)
    yield from validate_slice(devices.get("results") or [], _MAX_RESULTS, result, here.child("results"))
    yield from validate_slice(devices.get("config") or [], 2 * MAX_CONFIG, config, here.child("config"))
    if (selector := allocation.get("nodeSelector")) is not None:
        yield from validate_node_selector(selector, path.child("nodeSelector"))


def _validate_result(result: Mapping[str, Any], path: FieldPath, *, names: RequestNames) -> Errors:
    yield from validate_name_ref(result.get("request") or "", path.child("request"), names=names)
    yield from validate_driver_name(result.get("driver") or "", path.child("driver"))
    yield from validate_pool_name(result.get("pool") or "", path.child("pool"))
    yield from validate_dns_label(result.get("device") or "", path.child("device"))
    yield from validate_binding_conditions(result, path)
    if (share := result.get("shareID")) is not None:
        yield from validate_uid(share, path.child("shareID"))


def _validate_config(config: Mapping[str, Any], path: FieldPath, *, names: RequestNames) -> Errors:
    source = config.get("source") or ""
    if not source:
        yield required(path.child("source"))
    elif source not in _SOURCES:
        yield not_supported(path.child("source"), source, _SOURCES)
    reference = partial(validate_name_ref, names=names)
    yield from validate_set(config.get("requests") or [], MAX_REQUESTS, reference, path.child("requests"))
    yield from validate_device_configuration(config, path)
