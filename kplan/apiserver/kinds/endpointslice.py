"""EndpointSlices.

Mirrors: pkg/registry/discovery/endpointslice/strategy.go, pkg/apis/discovery/validation/validation.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kplan.apiserver.field import ROOT, Errors, FieldPath, duplicate, invalid, not_supported, required, too_many
from kplan.apiserver.rules.addresses import (
    is_valid_ip,
    is_valid_ip_for_legacy_field,
    parse_ip_sloppy,
    warnings_for_ip,
)
from kplan.apiserver.rules.metadata import validate_immutable, validate_object_meta
from kplan.apiserver.rules.names import (
    Messages,
    each_invalid,
    is_dns1123_label,
    is_fully_qualified_domain_name,
    is_qualified_name,
    is_valid_label_value,
    name_is_dns_subdomain,
)
from kplan.apiserver.rules.ports import PROTOCOLS, validate_endpoint_ip
from kplan.apiserver.rules.selectors import validate_labels
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object, labels_of

_ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")
_MAX_ENDPOINTS, _MAX_ADDRESSES, _MAX_PORTS, _MAX_HINTS, _MAX_TOPOLOGY = 1000, 100, 20000, 8, 16
_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_CONTROLLERS = ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io")


def _default(piece: Draft, _: StrategyContext) -> None:
    for port in piece.get("ports") or ():
        if port.get("name") is None:
            port["name"] = ""
        if port.get("protocol") is None:
            port["protocol"] = "TCP"


def _prepare_for_create(piece: Draft, _: StrategyContext) -> None:
    for endpoint in piece.get("endpoints") or ():
        endpoint.pop("deprecatedTopology", None)


def _prepare_for_update(piece: Draft, old: Object, _: StrategyContext) -> None:
    """The old topology map cannot be written any more; a node name it held moves to nodeName."""
    if (old.get("endpoints") or []) == (piece.get("endpoints") or []):
        return
    host = "kubernetes.io/hostname"
    known = {(e.get("deprecatedTopology") or {}).get(host) for e in old.get("endpoints") or ()}
    for endpoint in piece.get("endpoints") or ():
        name = (endpoint.pop("deprecatedTopology", None) or {}).get(host)
        if endpoint.get("nodeName") is None and name and name in known and not name_is_dns_subdomain(name, False):
            endpoint["nodeName"] = name


def _validate(piece: Object, ctx: StrategyContext, old: Object | None = None) -> Errors:
    yield from validate_object_meta(piece["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    kind = piece.get("addressType") or ""
    if not kind:
        yield required(ROOT.child("addressType"))
    elif kind not in _ADDRESS_TYPES:
        yield not_supported(ROOT.child("addressType"), kind, _ADDRESS_TYPES)
    yield from _validate_ports(piece.get("ports") or [], ROOT.child("ports"))
    endpoints, path = piece.get("endpoints") or [], ROOT.child("endpoints")
    if old is not None and (old.get("endpoints") or []) == endpoints:
        return
    if len(endpoints) > _MAX_ENDPOINTS:
        yield too_many(path, len(endpoints), _MAX_ENDPOINTS)
        return
    for i, endpoint in enumerate(endpoints):
        yield from _validate_endpoint(endpoint, kind, path.index(i), ctx)


def _validate_update(piece: Object, old: Object, ctx: StrategyContext) -> Errors:
    yield from _validate(piece, ctx, old)
    yield from validate_immutable(piece.get("addressType") or "", old.get("addressType") or "", ROOT.child("addressType"))


def _validate_ports(ports: list[Object], path: FieldPath) -> Errors:
    if len(ports) > _MAX_PORTS:
        yield too_many(path, len(ports), _MAX_PORTS)
        return
    names: set[str] = set()
    for i, port in enumerate(ports):
        here, name = path.index(i), port.get("name") or ""
        if name:
            yield from each_invalid(here.child("name"), name, is_dns1123_label(name))
        if name in names:
            yield duplicate(here.child("name"), name)
        names.add(name)
        protocol, app = port.get("protocol"), port.get("appProtocol")
        if protocol is None:
            yield required(here.child("protocol"))
        elif protocol not in PROTOCOLS:
            yield not_supported(here.child("protocol"), protocol, PROTOCOLS)
        if app is not None:
            yield from each_invalid(here.child("appProtocol"), app, is_qualified_name(app))


def _validate_endpoint(endpoint: Object, kind: str, path: FieldPath, ctx: StrategyContext) -> Errors:
    addresses, here = endpoint.get("addresses") or [], path.child("addresses")
    if not addresses:
        yield required(here, "must contain at least 1 address")
    elif len(addresses) > _MAX_ADDRESSES:
        yield too_many(here, len(addresses), _MAX_ADDRESSES)
    for i, address in enumerate(addresses):
        yield from _validate_address(address, kind, here, i, strict=ctx.gates.on("StrictIPCIDRValidation"))
    node, host, hints = endpoint.get("nodeName"), endpoint.get("hostname"), endpoint.get("hints")
    if node is not None:
        yield from each_invalid(path.child("nodeName"), node, name_is_dns_subdomain(node, False))
    topology = endpoint.get("deprecatedTopology") or {}
    if len(topology) > _MAX_TOPOLOGY:
        yield too_many(path.child("deprecatedTopology"), len(topology), _MAX_TOPOLOGY)
    yield from validate_labels(topology, path.child("deprecatedTopology"))
    if host is not None:
        yield from each_invalid(path.child("hostname"), host, is_dns1123_label(host))
    if hints is not None:
        yield from _validate_hints(hints, path.child("hints"))


def _validate_address(address: str, kind: str, path: FieldPath, i: int, *, strict: bool) -> Errors:
    here = path.index(i)
    if kind == "FQDN":
        yield from is_fully_qualified_domain_name(here, address)
    if kind not in ("IPv4", "IPv6"):
        return
    found = list(is_valid_ip(here, address) if kind == "IPv6" else is_valid_ip_for_legacy_field(here, address, strict=strict))
    if found:
        yield from found
        return
    parsed = parse_ip_sloppy(address)
    if parsed is not None and f"IPv{parsed.version}" != kind:
        yield invalid(path, address, f"must be an {kind} address")
    yield from validate_endpoint_ip(address, here)


def _validate_hints(hints: Object, path: FieldPath) -> Errors:
    rules: tuple[tuple[str, Callable[[str], Messages]], ...] = (
        ("forZones", is_valid_label_value),
        ("forNodes", lambda name: name_is_dns_subdomain(name, False)),
    )
    for field, rule in rules:
        given, here = hints.get(field) or [], path.child(field)
        if len(given) > _MAX_HINTS:
            yield too_many(here, len(given), _MAX_HINTS)
            return
        names: set[str] = set()
        for i, hint in enumerate(given):
            name, at = hint.get("name") or "", here.index(i).child("name")
            if name in names:
                yield duplicate(at, name)
            names.add(name)
            yield from each_invalid(at, name, rule(name))


def _warnings(piece: Object, old: Object | None, _: StrategyContext) -> Iterator[str]:
    if old is None and piece.get("addressType") == "FQDN":
        yield "spec.addressType: FQDN endpoints are deprecated"
    if labels_of(piece).get(_MANAGED_BY) in _CONTROLLERS:
        return
    for i, endpoint in enumerate(piece.get("endpoints") or ()):
        for j, address in enumerate(endpoint.get("addresses") or ()):
            yield from warnings_for_ip(ROOT.child("endpoints").index(i).child("addresses").index(j), address)


STRATEGY = Strategy(
    kind="EndpointSlice.discovery.k8s.io",
    default=_default,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    generation_fields=("addressType", "endpoints", "ports", "metadata.labels"),
)
