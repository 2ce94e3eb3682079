"""Endpoints.

Mirrors: pkg/registry/core/endpoint/strategy.go, pkg/apis/core/validation/validation.go: ValidateEndpoints (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.apiserver.field import ROOT, Errors, FieldPath, required
from kplan.apiserver.rules.addresses import is_valid_ip_for_legacy_field, warnings_for_ip
from kplan.apiserver.rules.metadata import validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import (
    each_invalid,
    is_dns1123_label,
    is_qualified_name,
    is_valid_port_num,
    name_is_dns_subdomain,
)
from kplan.apiserver.rules.ports import validate_endpoint_ip, validate_protocol
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object, labels_of

_LISTS = ("addresses", "notReadyAddresses")
_MANAGED_BY, _CONTROLLER = "endpoints.kubernetes.io/managed-by", "endpoint-controller"


def _default(endpoints: Draft, _: StrategyContext) -> None:
    for subset in endpoints.get("subsets") or ():
        for port in subset.get("ports") or ():
            port["protocol"] = port.get("protocol") or "TCP"


def _validate(endpoints: Object, ctx: StrategyContext, old: Object | None = None) -> Errors:
    yield from validate_object_meta(endpoints["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    if old is None or (old.get("subsets") or []) != (endpoints.get("subsets") or []):
        for i, subset in enumerate(endpoints.get("subsets") or ()):
            yield from _validate_subset(subset, ROOT.child("subsets").index(i), ctx)


def _validate_update(endpoints: Object, old: Object, ctx: StrategyContext) -> Errors:
    yield from validate_update_of(endpoints, old)
    yield from _validate(endpoints, ctx, old)


def _validate_subset(subset: Object, path: FieldPath, ctx: StrategyContext) -> Errors:
    if not any(subset.get(name) for name in _LISTS):
        yield required(path, "must specify `addresses` or `notReadyAddresses`")
    for name in _LISTS:
        for i, address in enumerate(subset.get(name) or ()):
            yield from _validate_address(address, path.child(name).index(i), ctx)
    ports = subset.get("ports") or ()
    for i, port in enumerate(ports):
        yield from _validate_port(port, path.child("ports").index(i), require_name=len(ports) > 1)


def _validate_address(address: Object, path: FieldPath, ctx: StrategyContext) -> Errors:
    ip, host, node = address.get("ip") or "", address.get("hostname") or "", address.get("nodeName")
    yield from is_valid_ip_for_legacy_field(path.child("ip"), ip, strict=ctx.gates.on("StrictIPCIDRValidation"))
    if host:
        yield from each_invalid(path.child("hostname"), host, is_dns1123_label(host))
    if node is not None:
        yield from each_invalid(path.child("nodeName"), node, name_is_dns_subdomain(node, False))
    yield from validate_endpoint_ip(ip, path.child("ip"))


def _validate_port(port: Object, path: FieldPath, *, require_name: bool) -> Errors:
    name, number, app = port.get("name") or "", port.get("port") or 0, port.get("appProtocol")
    if name:
        yield from each_invalid(path.child("name"), name, is_dns1123_label(name))
    elif require_name:
        yield required(path.child("name"))
    yield from each_invalid(path.child("port"), number, is_valid_port_num(number))
    yield from validate_protocol(port.get("protocol"), path.child("protocol"))
    if app is not None:
        yield from each_invalid(path.child("appProtocol"), app, is_qualified_name(app))


def _warnings(endpoints: Object, _: Object | None, __: StrategyContext) -> Iterator[str]:
    if labels_of(endpoints).get(_MANAGED_BY) == _CONTROLLER:
        return
    for i, subset in enumerate(endpoints.get("subsets") or ()):
        for name in _LISTS:
            for j, address in enumerate(subset.get(name) or ()):
                path = ROOT.child("subsets").index(i).child(name).index(j).child("ip")
                yield from warnings_for_ip(path, address["ip"])


STRATEGY = Strategy(
    kind="Endpoints",
    default=_default,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    generation_fields=(),
    allow_create_on_update=True,
)
