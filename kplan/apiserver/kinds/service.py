"""Services.

Mirrors: pkg/registry/core/service/strategy.go, pkg/apis/core/v1/defaults.go, pkg/api/service/warnings.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.apiserver.field import ROOT, SPEC, Errors
from kplan.apiserver.rules.addresses import warnings_for_cidr, warnings_for_ip
from kplan.apiserver.rules.metadata import validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import name_is_dns1035_label, name_is_dns_label
from kplan.apiserver.rules.service import (
    HINTS_ANNOTATION,
    MODE_ANNOTATION,
    TRAFFIC_POLICIES,
    externally_accessible,
    needs_health_check,
    validate_load_balancer_status,
    validate_service,
    validate_service_update,
)
from kplan.apiserver.serviceallocation import begin, needs_cluster_ip, node_ports
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.gotext import go_quote
from kplan.model.objects import Object, annotations_of

_PORTED = ("NodePort", "LoadBalancer")
_AFFINITY_SECONDS = 10800


def default(service: Draft, _: StrategyContext) -> None:
    """Fill in affinity, type, ports and traffic policies."""
    spec = service["spec"] = service.get("spec") or {}
    spec["sessionAffinity"] = spec.get("sessionAffinity") or "None"
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP":
        config = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
        if config.get("timeoutSeconds") is None:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": _AFFINITY_SECONDS}}
    spec["type"] = spec.get("type") or "ClusterIP"
    for port in spec.get("ports") or ():
        port["protocol"] = port.get("protocol") or "TCP"
        port["targetPort"] = port.get("targetPort") or port.get("port") or 0
    if externally_accessible(spec) and not spec.get("externalTrafficPolicy"):
        spec["externalTrafficPolicy"] = "Cluster"
    if spec.get("internalTrafficPolicy") is None and spec["type"] in ("ClusterIP", *_PORTED):
        spec["internalTrafficPolicy"] = "Cluster"
    if spec["type"] == "LoadBalancer":
        if spec.get("allocateLoadBalancerNodePorts") is None:
            spec["allocateLoadBalancerNodePorts"] = True
        for point in ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ():
            if point.get("ip") and point.get("ipMode") is None:
                point["ipMode"] = "VIP"


def prepare_for_create(service: Draft, _: StrategyContext) -> None:
    """A new Service has an empty status."""
    service["status"] = {"loadBalancer": {}}
    _drop_internal_traffic_policy(service["spec"])


def _drop_internal_traffic_policy(spec: dict[str, Any]) -> None:
    """An ExternalName is read without it; one that is not valid stays, to be refused."""
    if spec.get("type") == "ExternalName" and spec.get("internalTrafficPolicy") in TRAFFIC_POLICIES:
        del spec["internalTrafficPolicy"]


def prepare_for_update(service: Draft, old: Object, ctx: StrategyContext) -> None:
    """Drop what the new type has no use for, where the user left it as it was allocated.

    Mirrors: dropTypeDependentFields.
    """
    if ctx.subresource:
        return
    spec, before = service["spec"], old["spec"]
    if needs_cluster_ip(before) and not needs_cluster_ip(spec):
        if all((spec.get(f) or None) == (before.get(f) or None) for f in ("clusterIP", "clusterIPs")):
            _drop(spec, "clusterIP", "clusterIPs")
        _drop_unchanged(spec, before, "ipFamilies")
        _drop_unchanged(spec, before, "ipFamilyPolicy")
    if before.get("type") in _PORTED and spec.get("type") not in _PORTED and set(node_ports(before)) >= set(node_ports(spec)):
        for port in spec.get("ports") or ():
            port.pop("nodePort", None)
    if needs_health_check(before) and not needs_health_check(spec):
        _drop_unchanged(spec, before, "healthCheckNodePort")
    if before.get("type") == "LoadBalancer" and spec.get("type") != "LoadBalancer":
        _drop_unchanged(spec, before, "allocateLoadBalancerNodePorts")
        _drop_unchanged(spec, before, "loadBalancerClass")
    if externally_accessible(before) and not externally_accessible(spec):
        _drop_unchanged(spec, before, "externalTrafficPolicy")
    _drop_internal_traffic_policy(spec)
    if spec.get("type") != "LoadBalancer":
        service["status"] = {**(service.get("status") or {}), "loadBalancer": {}}


def _drop(spec: dict[str, Any], *fields: str) -> None:
    for field in fields:
        spec.pop(field, None)


def _drop_unchanged(spec: dict[str, Any], before: Object, field: str) -> None:
    if spec.get(field) == before.get(field):
        spec.pop(field, None)


def validate(service: Object, ctx: StrategyContext) -> Errors:
    """A new Service."""
    rule = name_is_dns_label if ctx.gates.on("RelaxedServiceNameValidation") else name_is_dns1035_label
    yield from validate_object_meta(service["metadata"], namespaced=True, name_rule=rule)
    yield from validate_service(service, None, ctx.gates)


def validate_update(service: Object, old: Object, ctx: StrategyContext) -> Errors:
    """A changed Service, or its status."""
    yield from validate_update_of(service, old)
    if ctx.subresource == "status":
        yield from validate_load_balancer_status(service, old, ctx.gates)
    else:
        yield from validate_service_update(service, old, ctx.gates)


def warnings(service: Object, _: Object | None, ctx: StrategyContext) -> list[str]:
    """What the server warns about."""
    if ctx.subresource == "status":
        points = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        at = ROOT.child("status", "loadBalancer", "ingress")
        return [w for i, p in enumerate(points) if p.get("ip") for w in warnings_for_ip(at.index(i), p["ip"])]
    spec, said = service["spec"], []
    if HINTS_ANNOTATION in annotations_of(service):
        said.append(f"annotation {HINTS_ANNOTATION} is deprecated, please use {MODE_ANNOTATION} instead")
    if spec.get("clusterIP") not in (None, "", "None"):
        for i, ip in enumerate(spec.get("clusterIPs") or ()):
            said += warnings_for_ip(SPEC.child("clusterIPs").index(i), ip)
    headless = spec.get("type") == "ClusterIP" and spec.get("clusterIP") == "None"
    external, is_name = spec.get("externalIPs") or [], spec.get("type") == "ExternalName"
    if headless:
        if spec.get("loadBalancerIP"):
            said.append("spec.loadBalancerIP is ignored for headless services")
        if external:
            said.append("spec.externalIPs is ignored for headless services")
        if spec.get("sessionAffinity") != "None":
            said.append("spec.SessionAffinity is ignored for headless services")
    for i, ip in enumerate(external):
        said += warnings_for_ip(SPEC.child("externalIPs").index(i), ip)
    if external and not headless and not is_name:
        said.append("spec.externalIPs is deprecated and may no longer be implemented in some clusters")
    if spec.get("loadBalancerIP"):
        said += warnings_for_ip(SPEC.child("loadBalancerIP"), spec["loadBalancerIP"])
    for i, cidr in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        said += warnings_for_cidr(SPEC.child("loadBalancerSourceRanges").index(i), cidr)
    if is_name and external:
        said.append('spec.externalIPs is ignored when spec.type is "ExternalName"')
    if not is_name and spec.get("externalName"):
        said.append('spec.externalName is ignored when spec.type is not "ExternalName"')
    if spec.get("trafficDistribution") == "PreferClose":
        said.append(f"spec.trafficDistribution: {go_quote('PreferClose')} is deprecated; use {go_quote('PreferSameZone')}")
    return said


STRATEGY = Strategy(
    kind="Service",
    default=default,
    begin=begin,
    prepare_for_create=prepare_for_create,
    prepare_for_update=prepare_for_update,
    validate=validate,
    validate_update=validate_update,
    warnings=warnings,
    has_status=True,
    generation_fields=(),
    allow_create_on_update=True,
)
