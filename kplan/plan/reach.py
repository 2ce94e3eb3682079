"""Who is reached through what: a Service's pods and names, an Ingress' Services, what a NetworkPolicy lets through.

Mirrors: the DNS specification of Kubernetes (kubernetes/dns docs/specification.md 1.1.0), networking.k8s.io/v1 types.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kplan.model.objects import Object, Path, Ref, get_in, labels_of, name_of, namespace_of
from kplan.model.selectors import from_label_selector
from kplan.store.view import View, select

SLICE = "EndpointSlice.discovery.k8s.io"
DOMAIN = "cluster.local"


def slices_of(view: View, service: Object) -> list[Object]:
    """The EndpointSlices of a Service."""
    name = name_of(service)
    return [s for s in view.objects(SLICE, namespace_of(service)) if labels_of(s).get("kubernetes.io/service-name") == name]


def ready_endpoints(view: View, service: Object) -> list[Mapping[str, Any]]:
    """The endpoints of a Service that take traffic."""
    return [e for s in slices_of(view, service) for e in s.get("endpoints") or [] if get_in(e, ("conditions", "ready")) is not False]


def dns_names(view: View, service: Object) -> Iterator[tuple[str, str]]:
    """(name, what it stands for) of every name a Service gives."""
    name, namespace = name_of(service), namespace_of(service)
    spec = service.get("spec") or {}
    base = f"{name}.{namespace}.svc.{DOMAIN}"
    if spec.get("type") == "ExternalName":
        yield base, f"CNAME {spec.get('externalName', '')}"
        return
    headless = spec.get("clusterIP") == "None"
    if not headless:
        yield base, ", ".join(spec.get("clusterIPs") or [spec.get("clusterIP") or "no address yet"])
    else:
        addresses = [a for e in ready_endpoints(view, service) for a in e.get("addresses") or []]
        yield base, f"{len(addresses)} addresses" if addresses else "no address: no endpoint is ready"
        for e in sorted(ready_endpoints(view, service), key=lambda e: str(e.get("hostname") or "")):
            if e.get("hostname"):
                yield f"{e['hostname']}.{base}", ", ".join(e.get("addresses") or [])
    for port in spec.get("ports") or []:
        if port.get("name"):
            yield f"_{port['name']}._{port.get('protocol', 'TCP').lower()}.{base}", f"SRV, port {port.get('port')}"


@dataclass(frozen=True, slots=True)
class Route:
    """One way into the cluster: a host and path of an Ingress, where they lead, and what is wrong with that."""

    where: str
    service: str
    port: str
    ready: int
    problem: str = ""
    path: Path = ()
    """Where the Ingress says so."""


def routes(view: View, ingress: Object) -> Iterator[Route]:
    """Where an Ingress leads, rule by rule."""
    spec = ingress.get("spec") or {}
    if default := spec.get("defaultBackend"):
        yield replace(_route(view, ingress, "everything else", default), path=("spec", "defaultBackend", "service"))
    for i, rule in enumerate(spec.get("rules") or []):
        for j, path in enumerate(get_in(rule, ("http", "paths")) or []):
            route = _route(view, ingress, f"{rule.get('host') or '*'}{path.get('path') or '/'}", path.get("backend") or {})
            yield replace(route, path=("spec", "rules", i, "http", "paths", j, "backend", "service"))


def _route(view: View, ingress: Object, where: str, backend: Mapping[str, Any]) -> Route:
    wanted = backend.get("service")
    if not wanted:
        resource = backend.get("resource") or {}
        return Route(where, f"{resource.get('kind')} {resource.get('name')}", "", 0)
    name = wanted.get("name") or ""
    port = wanted.get("port") or {}
    said = str(port.get("name") or port.get("number") or "")
    service = view.get(Ref("Service", namespace_of(ingress), name))
    if service is None:
        return Route(where, name, said, 0, "there is no such Service")
    if not offers(service, said):
        return Route(where, name, said, 0, "the Service has no such port")
    ready = len(ready_endpoints(view, service))
    return Route(where, name, said, ready, "" if ready or get_in(service, ("spec", "type")) == "ExternalName" else "no endpoint is ready")


def offers(service: Object, port: str) -> bool:
    """Whether a Service has a port of that number or name; one that only gives another name to a host has all."""
    offered = get_in(service, ("spec", "ports")) or []
    return get_in(service, ("spec", "type")) == "ExternalName" or any(port in (str(p.get("port")), p.get("name")) for p in offered)


def policies_of(view: View, pod: Object) -> list[Object]:
    """The NetworkPolicies that isolate a pod."""
    labels = labels_of(pod)
    found = view.objects("NetworkPolicy.networking.k8s.io", namespace_of(pod))
    return [p for p in found if from_label_selector(get_in(p, ("spec", "podSelector")) or {}).matches(labels)]


def policy_lines(view: View, policy: Object) -> Iterator[str]:
    """What a NetworkPolicy does, in sentences."""
    namespace = namespace_of(policy)
    spec = policy.get("spec") or {}
    pods = select(view, "Pod", namespace, from_label_selector(spec.get("podSelector") or {}))
    kinds = spec.get("policyTypes") or []
    yield f"isolates {len(pods)} pods for {' and '.join(k.lower() for k in kinds)}"
    for kind, field, peer_field, word in (("Ingress", "ingress", "from", "from"), ("Egress", "egress", "to", "to")):
        if kind not in kinds:
            continue
        rules = spec.get(field) or []
        if not rules:
            yield f"{field}: nothing is allowed"
        for rule in rules:
            peers = rule.get(peer_field) or []
            who = "; ".join(_peer(view, namespace, p) for p in peers) if peers else "anybody"
            yield f"{field}: allowed {word} {who}, {_ports(rule.get('ports') or [])}"


def _peer(view: View, namespace: str, peer: Mapping[str, Any]) -> str:
    if block := peer.get("ipBlock"):
        excepted = f" except {', '.join(block['except'])}" if block.get("except") else ""
        return f"{block.get('cidr')}{excepted}"
    spaces = [namespace]
    if peer.get("namespaceSelector") is not None:
        chosen = from_label_selector(peer["namespaceSelector"])
        spaces = [name_of(n) for n in view.objects("Namespace") if chosen.matches(labels_of(n))]
    selector = from_label_selector(peer.get("podSelector") or {})
    pods = [p for space in spaces for p in select(view, "Pod", space, selector)]
    return f"{len(pods)} pods of {', '.join(spaces) or 'no namespace'}"


def _ports(ports: list[Mapping[str, Any]]) -> str:
    if not ports:
        return "on every port"
    texts = []
    for p in ports:
        number = str(p.get("port", "any"))
        end = f"-{p['endPort']}" if p.get("endPort") else ""
        texts.append(f"{p.get('protocol', 'TCP')} {number}{end}")
    return "on " + ", ".join(texts)
