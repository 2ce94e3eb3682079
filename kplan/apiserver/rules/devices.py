"""What a claim asks of devices: requests, constraints, configuration; and the selectors of device classes.

Mirrors: pkg/apis/resource/validation/validation.go (validateDeviceClaim, validateSelector), pkg/apis/resource/v1/defaults.go,
         pkg/api/resourceclaimspec/util.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from kplan.apiserver.field import (
    Errors,
    FieldPath,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
)
from kplan.apiserver.rules.collections import validate_set, validate_slice
from kplan.apiserver.rules.devicenames import (
    validate_device_class_name,
    validate_dns_label,
    validate_driver_name,
    validate_fully_qualified_name,
    validate_toleration,
)
from kplan.apiserver.rules.names import byte_length
from kplan.apiserver.strategy import Draft, StrategyContext
from kplan.catalog.gates import Gates
from kplan.model.gotext import GoText, go_json
from kplan.model.objects import Object, Ref, get_in, labels_of, namespace_of

Spec = Mapping[str, Any]
RequestNames = dict[str, set[str] | None]
"""The names of the requests, and those of their subrequests (None where there are none)."""

MAX_REQUESTS, MAX_CONSTRAINTS, MAX_CONFIG, MAX_SELECTORS, MAX_SUBREQUESTS = 32, 32, 32, 32, 8
_MAX_EXPRESSION, _MAX_COST, _MAX_PARAMETERS = 10 * 1024, 1000000, 10 * 1024
_MODES = ("All", "ExactCount")
ADMIN_LABEL = "resource.kubernetes.io/admin-access"
_ONE_KIND = "exactly one of `exactly` or `firstAvailable` is required"
_NAME_REF = (
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
)


def default_requests(spec: Draft) -> None:
    """Fills in allocationMode, count and the operators of tolerations."""
    for request in get_in(spec, ("devices", "requests"), ()):
        for exact in _subrequests(request):
            if not exact.get("allocationMode"):
                exact["allocationMode"] = "ExactCount"
            if exact["allocationMode"] == "ExactCount" and not exact.get("count"):
                exact["count"] = 1
            default_tolerations(exact)


def default_tolerations(holder: Draft) -> None:
    """Fills in the operators of tolerations."""
    for toleration in holder.get("tolerations") or ():
        if not toleration.get("operator"):
            toleration["operator"] = "Equal"


def _subrequests(request: Spec) -> Iterator[Any]:
    if request.get("exactly") is not None:
        yield request["exactly"]
    yield from request.get("firstAvailable") or ()


_GATED = (
    # gate, path in the spec, field
    ("DRADeviceTaints", "request", "tolerations"),
    ("DRAAdminAccess", "exactly", "adminAccess"),
    ("DRAConsumableCapacity", "request", "capacity"),
    ("DRAConsumableCapacity", "constraint", "distinctAttribute"),
)


def drop_disabled_fields(spec: Draft, old: Spec | None, gates: Gates) -> None:
    """Drops what gates that are off do not allow, unless the old spec already had it."""
    requests = get_in(spec, ("devices", "requests"), [])
    if not gates.on("DRAPrioritizedList") and not any(r.get("firstAvailable") for r in get_in(old, ("devices", "requests"), ())):
        for request in requests:
            request.pop("firstAvailable", None)
    for gate, where, field in _GATED:
        if gates.on(gate) or any(holder.get(field) for holder in _holders(old or {}, where)):
            continue
        for holder in _holders(spec, where):
            holder.pop(field, None)


def _holders(spec: Spec, where: str) -> Iterator[Any]:
    if where == "constraint":
        yield from get_in(spec, ("devices", "constraints"), ())
        return
    for request in get_in(spec, ("devices", "requests"), ()):
        if where == "request":
            yield from _subrequests(request)
        elif request.get("exactly") is not None:
            yield request["exactly"]


def authorized_for_admin(obj: Object, claim_spec: Spec, context: StrategyContext) -> Errors:
    """Admin access to devices wants a label on the namespace."""
    for i, request in enumerate(get_in(claim_spec, ("devices", "requests"), ())):
        if get_in(request, ("exactly", "adminAccess")):
            path = FieldPath().child("spec", "devices", "requests").index(i).child("adminAccess")
            namespace = context.view.get(Ref("Namespace", "", namespace_of(obj)))
            if namespace is not None and labels_of(namespace).get(ADMIN_LABEL) != "true":
                yield forbidden(path, f"admin access to devices requires the `{ADMIN_LABEL}: true` label on the containing namespace")
            return


def validate_claim_spec(spec: Spec, path: FieldPath, gates: Gates) -> Errors:
    """A ResourceClaimSpec."""
    devices, here = spec.get("devices") or {}, path.child("devices")
    requests = devices.get("requests") or []
    names = gather_request_names(requests)
    yield from validate_set(requests, MAX_REQUESTS, _validate_request, here.child("requests"), key=_name)
    constraints = devices.get("constraints") or []
    constraint = partial(_validate_constraint, names=names, gates=gates)
    yield from validate_slice(constraints, MAX_CONSTRAINTS, constraint, here.child("constraints"))
    config = partial(_validate_claim_config, names=names)
    yield from validate_slice(devices.get("config") or [], MAX_CONFIG, config, here.child("config"))


def _name(request: Spec) -> str:
    return request.get("name") or ""


def gather_request_names(requests: list[Spec]) -> RequestNames:
    """The names a constraint or a configuration may refer to."""
    return {_name(r): {_name(s) for s in r["firstAvailable"]} if r.get("firstAvailable") else None for r in requests}


def _validate_request(request: Spec, path: FieldPath) -> Errors:
    yield from validate_dns_label(_name(request), path.child("name"))
    exactly, first = request.get("exactly"), request.get("firstAvailable") or []
    if exactly is None and not first:
        yield required(path, _ONE_KIND)
    elif exactly is not None and first:
        yield invalid(path, None, f"{_ONE_KIND}, but multiple fields are set")
    elif exactly is not None:
        yield from _validate_exact(exactly, path.child("exactly"))
    else:
        yield from validate_set(first, MAX_SUBREQUESTS, _validate_subrequest, path.child("firstAvailable"), key=_name)


def _validate_subrequest(request: Spec, path: FieldPath) -> Errors:
    yield from validate_dns_label(_name(request), path.child("name"))
    yield from _validate_exact(request, path)


def _validate_exact(request: Spec, path: FieldPath) -> Errors:
    yield from validate_device_class_name(request.get("deviceClassName") or "", path.child("deviceClassName"))
    yield from validate_selectors(request.get("selectors") or [], path.child("selectors"))
    mode, count = request.get("allocationMode") or "", request.get("count") or 0
    if mode == "All" and count:
        yield invalid(path.child("count"), count, "must not be specified when allocationMode is 'All'")
    elif mode == "ExactCount" and count <= 0:
        yield invalid(path.child("count"), count, "must be greater than zero")
    elif mode not in _MODES:
        yield not_supported(path.child("allocationMode"), GoText(go_json(mode)), _MODES)
    for i, toleration in enumerate(request.get("tolerations") or ()):
        yield from validate_toleration(toleration, path.child("tolerations").index(i))


def validate_selectors(selectors: list[Spec], path: FieldPath) -> Errors:
    """The selectors of a request or a device class."""
    return validate_slice(selectors, MAX_SELECTORS, _validate_selector, path)


def _validate_selector(selector: Spec, path: FieldPath) -> Errors:
    cel = selector.get("cel")
    if cel is None:
        yield required(path.child("cel"))
        return
    expression, here = cel.get("expression") or "", path.child("cel", "expression")
    if byte_length(expression) > _MAX_EXPRESSION:
        yield too_long(here, "", _MAX_EXPRESSION)
        return
    from kplan.apiserver.cel.devices import check_selector

    said, cost = check_selector(expression)
    if said:
        yield invalid(here, expression, said)
    elif cost > _MAX_COST:
        yield forbidden(here, "too complex, exceeds cost limit")


def _validate_constraint(constraint: Spec, path: FieldPath, *, names: RequestNames, gates: Gates) -> Errors:
    reference = partial(validate_name_ref, names=names)
    yield from validate_set(constraint.get("requests") or [], MAX_REQUESTS, reference, path.child("requests"))
    match, distinct = constraint.get("matchAttribute"), constraint.get("distinctAttribute")
    if match is not None:
        yield from validate_fully_qualified_name(match, path.child("matchAttribute"))
    elif distinct is not None:
        yield from validate_fully_qualified_name(distinct, path.child("distinctAttribute"))
    elif gates.on("DRAConsumableCapacity"):
        said = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
        yield required(path, said)
    else:
        yield required(path.child("matchAttribute"))


def _validate_claim_config(config: Spec, path: FieldPath, *, names: RequestNames) -> Errors:
    reference = partial(validate_name_ref, names=names)
    yield from validate_set(config.get("requests") or [], MAX_REQUESTS, reference, path.child("requests"))
    yield from validate_device_configuration(config, path)


def validate_name_ref(name: str, path: FieldPath, *, names: RequestNames) -> Errors:
    """A request of the claim, or a subrequest of it after a slash."""
    segments = name.split("/")
    if len(segments) > 2:
        yield invalid(path, name, _NAME_REF)
        return
    for segment in segments:
        yield from validate_dns_label(segment, path)
    known = segments[0] in names and (len(segments) == 1 or segments[1] in (names[segments[0]] or ()))
    if not known:
        yield invalid(path, name, _NAME_REF)


def validate_device_configuration(config: Spec, path: FieldPath) -> Errors:
    """One configuration of a claim or a device class: opaque parameters for a driver."""
    opaque = config.get("opaque")
    if opaque is None:
        yield required(path.child("opaque"))
        return
    yield from validate_driver_name(opaque.get("driver") or "", path.child("opaque", "driver"))
    yield from validate_raw_object(opaque.get("parameters"), path.child("opaque", "parameters"), _MAX_PARAMETERS)


def validate_raw_object(value: Any, path: FieldPath, most: int) -> Errors:
    """A JSON object of at most so many bytes."""
    if value is None:
        yield required(path)
    elif byte_length(go_json(value)) > most:
        yield too_long(path, "", most)
    elif not isinstance(value, Mapping):
        yield invalid(path, "<value omitted>", "must be a valid JSON object")
