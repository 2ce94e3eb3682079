"""The spec of a Service.

Mirrors: pkg/apis/core/validation/validation.go: validateService, ValidateServiceUpdate, ValidateLoadBalancerStatus (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kplan.apiserver.field import (
    METADATA,
    ROOT,
    SPEC,
    Errors,
    FieldPath,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
)
from kplan.apiserver.rules.addresses import (
    is_valid_cidr_for_legacy_field,
    is_valid_ip_for_legacy_field,
    parse_ip_sloppy,
)
from kplan.apiserver.rules.names import (
    each_invalid,
    is_dns1123_label,
    is_dns1123_subdomain,
    is_qualified_name,
    is_valid_port_num,
)
from kplan.apiserver.rules.ports import validate_endpoint_ip, validate_port_num_or_name, validate_protocol
from kplan.apiserver.rules.selectors import validate_labels
from kplan.apiserver.rules.serviceips import (
    is_headless,
    validate_cluster_ip_fields,
    validate_upgrade_downgrade_cluster_ips,
    validate_upgrade_downgrade_ip_families,
)
from kplan.catalog.gates import Gates
from kplan.model.gotext import go_struct
from kplan.model.objects import Object, annotations_of

HINTS_ANNOTATION = "service.kubernetes.io/topology-aware-hints"
MODE_ANNOTATION = "service.kubernetes.io/topology-mode"
_RANGES_ANNOTATION = "service.beta.kubernetes.io/load-balancer-source-ranges"
_ANNOTATIONS = METADATA.child("annotations")
_PORTS = SPEC.child("ports")
_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_AFFINITIES = ("ClientIP", "None")
TRAFFIC_POLICIES = ("Cluster", "Local")
_DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
_MOST_AFFINITY_SECONDS = 86400
_ONLY_BALANCER = "may only be used when `type` is 'LoadBalancer'"
_NO_EXTERNAL_NAME = "may not be set for ExternalName services"


def validate_service(service: Object, old: Object | None, gates: Gates) -> Errors:
    """Everything of a Service but its ObjectMeta, on create and on update."""
    annotations, spec = annotations_of(service), service["spec"]
    before = old["spec"] if old is not None else None
    mode = annotations.get(MODE_ANNOTATION)
    if mode is not None and annotations.get(HINTS_ANNOTATION, mode) != mode:
        yield invalid(_ANNOTATIONS.key(MODE_ANNOTATION), mode, f"must match annotations[{HINTS_ANNOTATION}] when both are specified")
    kind, ports = spec.get("type") or "", spec.get("ports") or []
    if not ports and not is_headless(spec) and kind != "ExternalName":
        yield required(_PORTS)
    yield from _validate_by_type(spec, kind)
    names: set[str] = set()
    for i, port in enumerate(ports):
        yield from _validate_port(port, _PORTS.index(i), names, require_name=len(ports) > 1)
    yield from validate_labels(spec.get("selector"), SPEC.child("selector"))
    yield from _validate_affinity(spec)
    yield from validate_cluster_ip_fields(spec, before, gates)
    yield from _validate_external_ips(spec, before, gates)
    if not kind:
        yield required(SPEC.child("type"))
    elif kind not in _TYPES:
        yield not_supported(SPEC.child("type"), kind, _TYPES)
    yield from _validate_port_numbers(ports, kind)
    yield from _validate_source_ranges(service, old, gates)
    if spec.get("allocateLoadBalancerNodePorts") is not None and kind != "LoadBalancer":
        yield forbidden(SPEC.child("allocateLoadBalancerNodePorts"), _ONLY_BALANCER)
    if spec.get("allocateLoadBalancerNodePorts") is None and kind == "LoadBalancer":
        yield required(ROOT.child("allocateLoadBalancerNodePorts"))
    yield from _validate_load_balancer_class(spec, None)
    yield from _validate_traffic(spec, kind)


def validate_service_update(service: Object, old: Object, gates: Gates) -> Errors:
    """Everything of a Service but its ObjectMeta, on update."""
    spec, before = service["spec"], old["spec"]
    yield from validate_upgrade_downgrade_cluster_ips(spec, before)
    yield from validate_upgrade_downgrade_ip_families(spec, before)
    yield from _validate_load_balancer_class(spec, before)
    if needs_health_check(before) and needs_health_check(spec):
        if (spec.get("healthCheckNodePort") or 0) != (before.get("healthCheckNodePort") or 0):
            yield forbidden(SPEC.child("healthCheckNodePort"), "field is immutable")
    yield from validate_service(service, old, gates)


def externally_accessible(spec: Object) -> bool:
    """Whether traffic from outside the cluster can reach the Service."""
    kind = spec.get("type")
    return kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and bool(spec.get("externalIPs")))


def needs_health_check(spec: Object) -> bool:
    """Whether the Service has a health check node port."""
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def _validate_by_type(spec: Object, kind: str) -> Errors:
    ips = spec.get("clusterIPs") or []
    if kind in ("LoadBalancer", "NodePort") and is_headless(spec):
        yield invalid(SPEC.child("clusterIPs").index(0), ips[0], f"may not be set to 'None' for {kind} services")
    if kind != "ExternalName":
        return
    for fld, given in (("clusterIPs", ips), ("ipFamilies", spec.get("ipFamilies"))):
        if given:
            yield forbidden(SPEC.child(fld), _NO_EXTERNAL_NAME)
    if spec.get("ipFamilyPolicy") is not None:
        yield forbidden(SPEC.child("ipFamilyPolicy"), _NO_EXTERNAL_NAME)
    cname = (spec.get("externalName") or "").removesuffix(".")
    if cname:
        yield from each_invalid(SPEC.child("externalName"), cname, is_dns1123_subdomain(cname))
    else:
        yield required(SPEC.child("externalName"))


def _validate_port(port: Object, path: FieldPath, names: set[str], *, require_name: bool) -> Errors:
    name = port.get("name") or ""
    if name:
        yield from each_invalid(path.child("name"), name, is_dns1123_label(name))
        if name in names:
            yield duplicate(path.child("name"), name)
        names.add(name)
    elif require_name:
        yield required(path.child("name"))
    number = port.get("port") or 0
    yield from each_invalid(path.child("port"), number, is_valid_port_num(number))
    yield from validate_protocol(port.get("protocol"), path.child("protocol"))
    yield from validate_port_num_or_name(port.get("targetPort") or 0, path.child("targetPort"))
    app = port.get("appProtocol")
    if app is not None:
        yield from each_invalid(path.child("appProtocol"), app, is_qualified_name(app))


def _validate_affinity(spec: Object) -> Errors:
    affinity, config = spec.get("sessionAffinity") or "", spec.get("sessionAffinityConfig")
    path = SPEC.child("sessionAffinityConfig")
    if not affinity:
        yield required(SPEC.child("sessionAffinity"))
    elif affinity not in _AFFINITIES:
        yield not_supported(SPEC.child("sessionAffinity"), affinity, _AFFINITIES)
    if affinity == "None" and config is not None:
        yield forbidden(path, "must not be set when session affinity is None")
    if affinity != "ClientIP":
        return
    given: Any = config
    for name in ("", "clientIP", "timeoutSeconds"):
        path, given = (path.child(name), given.get(name)) if name else (path, given)
        if given is None:
            yield required(path, "when session affinity type is ClientIP")
            return
    if not 0 < given <= _MOST_AFFINITY_SECONDS:
        yield invalid(path, given, f"must be greater than 0 and less than {_MOST_AFFINITY_SECONDS}")


def _validate_external_ips(spec: Object, before: Object | None, gates: Gates) -> Errors:
    old = tuple((before or {}).get("externalIPs") or ())
    for i, ip in enumerate(spec.get("externalIPs") or ()):
        path = SPEC.child("externalIPs").index(i)
        found = list(is_valid_ip_for_legacy_field(path, ip, strict=gates.on("StrictIPCIDRValidation"), old=old))
        yield from found or validate_endpoint_ip(ip, path)


def _validate_port_numbers(ports: list[Any], kind: str) -> Errors:
    """Node ports by type, then node ports and ports that come twice for one protocol."""
    if kind == "ClusterIP":
        for i, port in enumerate(ports):
            if port.get("nodePort"):
                yield forbidden(_PORTS.index(i).child("nodePort"), "may not be used when `type` is 'ClusterIP'")
    node_ports: set[tuple[str, int]] = set()
    for i, port in enumerate(ports):
        key = (port.get("protocol") or "", port.get("nodePort") or 0)
        if key[1] and key in node_ports:
            yield duplicate(_PORTS.index(i).child("nodePort"), key[1])
        node_ports.add(key)
    numbers: set[tuple[str, int]] = set()
    for i, port in enumerate(ports):
        key = (port.get("protocol") or "", port.get("port") or 0)
        if key in numbers:
            yield duplicate(_PORTS.index(i), _port_key(*key))
        numbers.add(key)


def _port_key(protocol: str, port: int) -> object:
    shown = {"Name": "", "Protocol": protocol, "AppProtocol": None, "Port": port, "TargetPort": 0, "NodePort": 0}
    return go_struct(shown, shown)


def _validate_source_ranges(service: Object, old: Object | None, gates: Gates) -> Errors:
    spec, strict = service["spec"], gates.on("StrictIPCIDRValidation")
    ranges, kind = spec.get("loadBalancerSourceRanges") or [], spec.get("type")
    annotation = annotations_of(service).get(_RANGES_ANNOTATION)
    if ranges:
        path = SPEC.child("LoadBalancerSourceRanges")
        if kind != "LoadBalancer":
            yield forbidden(path, _ONLY_BALANCER)
        known = old["spec"].get("loadBalancerSourceRanges") or () if old is not None else ()
        for i, value in enumerate(ranges):
            yield from is_valid_cidr_for_legacy_field(path.index(i), value.strip(), strict=strict, old=tuple(v.strip() for v in known))
    elif annotation is not None:
        path = _ANNOTATIONS.key(_RANGES_ANNOTATION)
        if kind != "LoadBalancer":
            yield forbidden(path, _ONLY_BALANCER)
        if (old is None or annotations_of(old).get(_RANGES_ANNOTATION) != annotation) and annotation.strip():
            for value in annotation.strip().split(","):
                yield from is_valid_cidr_for_legacy_field(path, value.strip(), strict=strict)


def _validate_load_balancer_class(spec: Object, before: Object | None) -> Errors:
    path, given = SPEC.child("loadBalancerClass"), spec.get("loadBalancerClass")
    if spec.get("type") == "LoadBalancer":
        if before is not None and before.get("type") == "LoadBalancer" and before.get("loadBalancerClass") != given:
            yield invalid(path, given, "may not change once set")
        if given is not None:
            yield from each_invalid(path, given, is_qualified_name(given))
    elif given is not None:
        yield forbidden(path, _ONLY_BALANCER)


def _validate_traffic(spec: Object, kind: str) -> Errors:
    path, policy = SPEC.child("externalTrafficPolicy"), spec.get("externalTrafficPolicy") or ""
    if not externally_accessible(spec):
        if policy:
            yield invalid(path, policy, "may only be set for externally-accessible services")
    elif not policy:
        yield required(path)
    elif policy not in TRAFFIC_POLICIES:
        yield not_supported(path, policy, TRAFFIC_POLICIES)
    path, port = SPEC.child("healthCheckNodePort"), spec.get("healthCheckNodePort") or 0
    if needs_health_check(spec):
        if port:
            yield from each_invalid(path, port, is_valid_port_num(port))
        else:
            yield required(path)
    elif port:
        yield invalid(path, port, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'")
    path, internal = SPEC.child("internalTrafficPolicy"), spec.get("internalTrafficPolicy")
    if internal is None:
        if kind in ("NodePort", "LoadBalancer", "ClusterIP"):
            yield required(path)
    elif internal not in TRAFFIC_POLICIES:
        yield not_supported(path, internal, TRAFFIC_POLICIES)
    distribution = spec.get("trafficDistribution")
    if distribution is not None and distribution not in _DISTRIBUTIONS:
        yield not_supported(SPEC.child("trafficDistribution"), distribution, _DISTRIBUTIONS)


def validate_load_balancer_status(service: Object, old: Object, gates: Gates) -> Errors:
    """status.loadBalancer of a Service."""
    path = ROOT.child("status", "loadBalancer", "ingress")
    ingress = _ingress(service)
    if ingress and service["spec"].get("type") != "LoadBalancer":
        yield forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")
        return
    known = [i["ip"] for i in _ingress(old) if i.get("ip")]
    for i, one in enumerate(ingress):
        yield from _validate_ingress_point(one, path.index(i), known, gates)


def _ingress(service: Object) -> list[Any]:
    return ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []


def _validate_ingress_point(one: Object, path: FieldPath, known: Iterable[str], gates: Gates) -> Errors:
    ip, mode = one.get("ip") or "", one.get("ipMode")
    yield from validate_ingress_address(one, path, known, gates, then=_validate_ip_mode(ip, mode, path.child("ipMode")))


def _validate_ip_mode(ip: str, mode: str | None, path: FieldPath) -> Errors:
    if mode is None:
        if ip:
            yield required(path, "must be specified when `ip` is set")
    elif not ip:
        yield forbidden(path, "may not be specified when `ip` is not set")
    elif mode not in ("Proxy", "VIP"):
        yield not_supported(path, mode, ("Proxy", "VIP"))


def validate_ingress_address(one: Object, path: FieldPath, known: Iterable[str], gates: Gates, then: Errors) -> Errors:
    """One address of a load balancer's status; ``then`` are errors that come between those of ip and hostname."""
    ip, host = one.get("ip") or "", one.get("hostname") or ""
    if ip:
        yield from is_valid_ip_for_legacy_field(path.child("ip"), ip, strict=gates.on("StrictIPCIDRValidation"), old=tuple(known))
    yield from then
    if host:
        yield from each_invalid(path.child("hostname"), host, is_dns1123_subdomain(host))
        if parse_ip_sloppy(host) is not None:
            yield invalid(path.child("hostname"), host, "must be a DNS name, not an IP address")
