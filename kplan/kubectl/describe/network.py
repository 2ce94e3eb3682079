"""Services, Ingresses and policies, described.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.kubectl.columns.base import NONE, UNSET, labels_text, selector_text
from kplan.kubectl.describe.parts import Case, events, head, instant, labels, marks, notes, spec_of, status_of
from kplan.model.objects import Object, get_in

SERVICE = "kubernetes.io/service-name"


def service(case: Case) -> None:
    """A Service."""
    paper, spec = case.paper, spec_of(case.object)
    head(case)
    marks(case)
    paper.line(0, "Selector", labels_text(spec.get("selector")))
    paper.line(0, "Type", spec.get("type") or "")
    if spec.get("ipFamilyPolicy"):
        paper.line(0, "IP Family Policy", spec["ipFamilyPolicy"])
    paper.line(0, "IP Families", ",".join(spec.get("ipFamilies") or ()) or NONE)
    paper.line(0, "IP", spec.get("clusterIP") or "")
    paper.line(0, "IPs", ",".join(spec.get("clusterIPs") or ()) or NONE)
    if spec.get("externalIPs"):
        paper.line(0, "External IPs", ",".join(spec["externalIPs"]))
    for label, field in (("Desired LoadBalancer IP", "loadBalancerIP"), ("External Name", "externalName")):
        if spec.get(field):
            paper.line(0, label, spec[field])
    if balancer := get_in(status_of(case.object), ("loadBalancer", "ingress")):
        paper.line(0, "LoadBalancer Ingress", ", ".join(map(_point, balancer)))
    slices = slices_of(case, case.meta["namespace"], case.meta["name"])
    for port in spec.get("ports") or ():
        _port(case, port, slices)
    _policies(case)
    events(case)


def _point(point: Mapping[str, Any]) -> str:
    if not point.get("ip"):
        return str(point.get("hostname") or "")
    return f"{point['ip']} ({point['ipMode']})" if point.get("ipMode") else str(point["ip"])


def _port(case: Case, port: Mapping[str, Any], slices: list[Object]) -> None:
    paper, name, protocol = case.paper, port.get("name") or UNSET, port.get("protocol") or "TCP"
    paper.line(0, "Port", f"{name}\t{port['port']}/{protocol}")
    paper.line(0, "TargetPort", f"{port.get('targetPort', 0)}/{protocol}")
    if port.get("appProtocol") is not None:
        paper.line(0, "AppProtocol", port["appProtocol"])
    if port.get("nodePort"):
        paper.line(0, "NodePort", f"{name}\t{port['nodePort']}/{protocol}")
    paper.line(0, "Endpoints", endpoints_text(slices, port.get("name") or ""))


def _policies(case: Case) -> None:
    spec = spec_of(case.object)
    case.paper.line(0, "Session Affinity", spec.get("sessionAffinity") or "")
    for label, field in (
        ("External Traffic Policy", "externalTrafficPolicy"),
        ("Internal Traffic Policy", "internalTrafficPolicy"),
        ("HealthCheck NodePort", "healthCheckNodePort"),
    ):
        if spec.get(field):
            case.paper.line(0, label, spec[field])
    if spec.get("loadBalancerSourceRanges"):
        case.paper.line(0, "LoadBalancer Source Ranges", ",".join(spec["loadBalancerSourceRanges"]))
    if spec.get("trafficDistribution") is not None:
        case.paper.line(0, "Traffic Distribution", spec["trafficDistribution"])


def slices_of(case: Case, namespace: str, name: str) -> list[Object]:
    """The EndpointSlices of a Service."""
    found = case.find("EndpointSlice.discovery.k8s.io", namespace)
    return [s for s in found if (s["metadata"].get("labels") or {}).get(SERVICE) == name]


def endpoints_text(slices: list[Object], port_name: str) -> str:
    """The first ready addresses behind a port, and how many more there are."""
    if not slices:
        return NONE
    shown: list[str] = []
    for part in slices:
        ports = [p for p in part.get("ports") or () if (p.get("name") or "") == port_name] if part.get("ports") else [None]
        ready = [e["addresses"][0] for e in part.get("endpoints") or () if get_in(e, ("conditions", "ready")) is not False]
        for port in ports:
            shown += [a if port is None else _joined(a, port.get("port")) for a in ready]
    return f"{','.join(shown[:3])} + {len(shown) - 3} more..." if len(shown) > 3 else ",".join(shown)


def _joined(address: str, port: Any) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def ingress(case: Case) -> None:
    """An Ingress."""
    paper, spec = case.paper, spec_of(case.object)
    paper.line(0, "Name", case.meta["name"])
    labels(paper, "Labels", case.meta.get("labels"))
    paper.line(0, "Namespace", case.meta["namespace"])
    points = get_in(status_of(case.object), ("loadBalancer", "ingress")) or ()
    paper.line(0, "Address", ",".join(sorted({p.get("ip") or p.get("hostname") or "" for p in points} - {""})))
    paper.line(0, "Ingress Class", spec.get("ingressClassName") or NONE)
    default = _backend(case, spec["defaultBackend"]) if spec.get("defaultBackend") else "<default>"
    paper.line(0, "Default backend", default)
    if spec.get("tls"):
        paper.line(0, "TLS")
        for tls in spec["tls"]:
            hosts = ",".join(tls.get("hosts") or ())
            paper.write(1, f"{tls['secretName']} terminates {hosts}\n" if tls.get("secretName") else f"SNI routes {hosts}\n")
    paper.write(0, "Rules:\n  Host\tPath\tBackends\n")
    paper.write(1, "----\t----\t--------\n")
    rules = [r for r in spec.get("rules") or () if r.get("http") is not None]
    for rule in rules:
        paper.write(1, f"{rule.get('host') or '*'}\t\n")
        for path in rule["http"].get("paths") or ():
            paper.write(2, f"\t{path.get('path') or ''} \t{_backend(case, path['backend'])}\n")
    if not rules:
        paper.write(1, f"*\t*\t{default}\n")
    notes(paper, "Annotations", case.meta.get("annotations"))
    events(case)


def _backend(case: Case, backend: Mapping[str, Any]) -> str:
    if backend.get("service"):
        return _service_backend(case, backend["service"])
    found = backend.get("resource")
    if not found:
        return ""
    group = NONE if found.get("apiGroup") is None else found["apiGroup"]
    return f"APIGroup: {group}, Kind: {found['kind']}, Name: {found['name']}"


def _service_backend(case: Case, backend: Mapping[str, Any]) -> str:
    namespace, name, wanted = case.meta["namespace"], backend["name"], backend.get("port") or {}
    shown = f"{name}:{wanted.get('number') or wanted.get('name') or ''}"
    found = case.get("Service", namespace, name)
    if found is None:
        return f'{shown} (<error: services "{name}" not found>)'
    ports = spec_of(found).get("ports") or ()
    given: Mapping[str, Any] = next((p for p in ports if p["port"] == wanted.get("number") or (wanted.get("name") and p.get("name") == wanted["name"])), {})
    return f"{shown} ({endpoints_text(slices_of(case, namespace, name), given.get('name') or '')})"


def ingress_class(case: Case) -> None:
    """An IngressClass."""
    paper, spec = case.paper, spec_of(case.object)
    head(case, namespace=False)
    marks(case)
    paper.line(0, "Controller", spec.get("controller") or "")
    if given := spec.get("parameters"):
        paper.line(0, "Parameters")
        if given.get("apiGroup") is not None:
            paper.line(1, "APIGroup", given["apiGroup"])
        paper.line(1, "Kind", given["kind"])
        paper.line(1, "Name", given["name"])
    events(case)


def endpoints(case: Case) -> None:
    """Endpoints."""
    paper = case.paper
    head(case)
    marks(case)
    paper.line(0, "Subsets")
    for subset in case.object.get("subsets") or ():
        for label, field in (("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")):
            paper.line(1, label, ",".join(a["ip"] for a in subset.get(field) or ()) or NONE)
        if subset.get("ports"):
            paper.line(1, "Ports")
            paper.write(2, "Name\tPort\tProtocol\n")
            paper.write(2, "----\t----\t--------\n")
            for port in subset["ports"]:
                paper.write(2, f"{port.get('name') or UNSET}\t{port['port']}\t{port.get('protocol') or 'TCP'}\n")
        paper.write(0, "\n")
    events(case)


def endpoint_slice(case: Case) -> None:
    """An EndpointSlice."""
    paper, obj = case.paper, case.object
    head(case)
    marks(case)
    paper.line(0, "AddressType", obj.get("addressType") or "")
    ports = obj.get("ports") or ()
    if ports:
        paper.line(0, "Ports")
        paper.write(1, "Name\tPort\tProtocol\n")
        paper.write(1, "----\t----\t--------\n")
        for port in ports:
            paper.write(1, f"{port.get('name') or UNSET}\t{port.get('port', '<unset>')}\t{port.get('protocol') or 'TCP'}\n")
    else:
        paper.line(0, "Ports", UNSET)
    found = obj.get("endpoints") or ()
    paper.line(0, "Endpoints", None if found else NONE)
    for endpoint in found:
        _endpoint(case, endpoint)
    events(case)


def _endpoint(case: Case, endpoint: Mapping[str, Any]) -> None:
    paper = case.paper
    paper.write(1, f"- Addresses:\t{', '.join(endpoint.get('addresses') or ())}\n")
    paper.line(2, "Conditions")
    ready = get_in(endpoint, ("conditions", "ready"))
    paper.line(3, "Ready", UNSET if ready is None else str(ready).lower())
    paper.line(2, "Hostname", endpoint.get("hostname") or UNSET)
    if target := endpoint.get("targetRef"):
        paper.line(2, "TargetRef", f"{target.get('kind')}/{target.get('name')}")
    paper.line(2, "NodeName", endpoint.get("nodeName") or UNSET)
    paper.line(2, "Zone", endpoint.get("zone") or UNSET)


def network_policy(case: Case) -> None:
    """A NetworkPolicy."""
    paper, spec = case.paper, spec_of(case.object)
    head(case)
    stamp = case.meta.get("creationTimestamp") or ""
    paper.line(0, "Created on", f"{stamp[:10]} {stamp[11:19]} +0000 UTC" if stamp else instant(None))
    marks(case)
    paper.line(0, "Spec")
    selector = spec.get("podSelector") or {}
    everything = "<none> (Allowing the specific traffic to all pods in this namespace)"
    paper.write(1, f"PodSelector:     {selector_text(selector) if any(selector.values()) else everything}\n")
    kinds = spec.get("policyTypes") or ()
    for kind, side in (("Ingress", "ingress"), ("Egress", "egress")):
        if kind in kinds:
            paper.write(1, f"Allowing {side} traffic:\n")
            _rules(case, spec.get(side) or [], side)
        else:
            paper.write(1, f"Not affecting {side} traffic\n")
    paper.write(1, f"Policy Types: {', '.join(kinds)}\n")


_SIDES = {"ingress": ("From", "from", "source"), "egress": ("To", "to", "destination")}


def _rules(case: Case, rules: list[Mapping[str, Any]], side: str) -> None:
    paper, (word, field, end) = case.paper, _SIDES[side]
    if not rules:
        paper.write(2, f"<none> (Selected pods are isolated for {side} connectivity)\n")
    for i, rule in enumerate(rules):
        if i:
            paper.write(2, "----------\n")
        for port in rule.get("ports") or ():
            last = f"-{port['endPort']}" if port.get("endPort") is not None else ""
            number = port.get("port", "<nil>")
            paper.write(2, f"To Port{' Range' if last else ''}: {number}{last}/{port.get('protocol') or 'TCP'}\n")
        if not rule.get("ports"):
            paper.write(2, "To Port: <any> (traffic allowed to all ports)\n")
        if not rule.get(field):
            paper.write(2, f"{word}: <any> (traffic not restricted by {end})\n")
        _peers(case, word, rule.get(field) or ())


def _peers(case: Case, word: str, peers: Iterable[Mapping[str, Any]]) -> None:
    for peer in peers:
        case.paper.write(2, f"{word}:\n")
        for label, field in (("NamespaceSelector", "namespaceSelector"), ("PodSelector", "podSelector")):
            if peer.get(field) is not None:
                case.paper.write(3, f"{label}: {selector_text(peer[field])}\n")
        if (block := peer.get("ipBlock")) is not None:
            case.paper.write(3, "IPBlock:\n")
            case.paper.write(4, f"CIDR: {block['cidr']}\n")
            case.paper.write(4, f"Except: {', '.join(block.get('except') or ())}\n")


DESCRIBE = {
    "Service": service,
    "Ingress.networking.k8s.io": ingress,
    "IngressClass.networking.k8s.io": ingress_class,
    "Endpoints": endpoints,
    "EndpointSlice.discovery.k8s.io": endpoint_slice,
    "NetworkPolicy.networking.k8s.io": network_policy,
}
