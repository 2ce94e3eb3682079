"""Services, Ingresses and the like, as ``kubectl get`` shows them.

Mirrors: pkg/printers/internalversion/printers.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.kubectl.columns.base import NONE, Columns, age, and_more, labels_text, name, selector_text, spec, status
from kplan.model.objects import Object

_WIDTH = 16
"""Addresses of a load balancer are cut at so many characters where the table is not wide."""


def _service(obj: Object, now: float, wide: bool) -> list[Any]:
    ips = spec(obj, "clusterIPs", default=[])
    ports = ",".join(map(_port, spec(obj, "ports", default=[]))) or NONE
    kind = spec(obj, "type", default="")
    return [name(obj), kind, ips[0] if ips else NONE, _external(obj, wide), ports, age(obj, now), labels_text(spec(obj, "selector"))]


def _port(port: Mapping[str, Any]) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node}/{port.get('protocol', 'TCP')}"


def _external(obj: Object, wide: bool) -> str:
    kind, given = spec(obj, "type", default=""), spec(obj, "externalIPs", default=[])
    if kind in ("ClusterIP", "NodePort"):
        return ",".join(given) or NONE
    if kind == "ExternalName":
        return str(spec(obj, "externalName", default=""))
    if kind != "LoadBalancer":
        return "<unknown>"
    balancer = _balancer(obj, wide)
    return ",".join([*([balancer] if balancer else []), *given]) or "<pending>"


def _balancer(obj: Object, wide: bool) -> str:
    found = sorted({i.get("ip") or i.get("hostname") or "" for i in status(obj, "loadBalancer", "ingress", default=[])} - {""})
    text = ",".join(found)
    return text if wide or len(text) <= _WIDTH else text[: _WIDTH - 3] + "..."


def _ingress(obj: Object, now: float, wide: bool) -> list[Any]:
    ports = "80, 443" if spec(obj, "tls") else "80"
    return [name(obj), spec(obj, "ingressClassName", default=NONE), _hosts(obj), _balancer(obj, wide), ports, age(obj, now)]


def _hosts(obj: Object) -> str:
    rules = spec(obj, "rules", default=[])
    hosts: list[str] = []
    for rule in rules:
        if len(hosts) == 3:
            return f"{','.join(hosts)} + {len(rules) - 3} more..."
        if rule.get("host"):
            hosts.append(rule["host"])
    return ",".join(hosts) or "*"


def _ingress_class(obj: Object, now: float) -> list[Any]:
    default = (obj["metadata"].get("annotations") or {}).get("ingressclass.kubernetes.io/is-default-class") == "true"
    given = spec(obj, "parameters")
    parameters = NONE
    if given:
        group = f".{given['apiGroup']}" if given.get("apiGroup") is not None else ""
        parameters = f"{given['kind']}{group}/{given['name']}"
    return [name(obj) + (" (default)" if default else ""), spec(obj, "controller", default=""), parameters, age(obj, now)]


def _endpoints(obj: Object, now: float) -> list[Any]:
    return [name(obj), endpoints_text(obj), age(obj, now)]


def endpoints_text(obj: Object) -> str:
    """The first addresses of Endpoints, with their ports."""
    shown: list[str] = []
    for subset in obj.get("subsets") or []:
        for port in subset.get("ports") or [None]:
            for address in subset.get("addresses") or []:
                shown.append(_joined(address["ip"], port["port"]) if port else address["ip"])
    return NONE if not obj.get("subsets") else and_more(shown) if shown else ""


def _joined(ip: str, port: int) -> str:
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def _slice(obj: Object, now: float) -> list[Any]:
    ports = and_more(str(p.get("port") if p.get("port") is not None else p.get("name") or "*") for p in obj.get("ports") or [])
    addresses = and_more(a for e in obj.get("endpoints") or [] for a in e.get("addresses") or [])
    return [name(obj), obj.get("addressType") or "", ports, addresses, age(obj, now)]


def _policy(obj: Object, now: float) -> list[Any]:
    return [name(obj), selector_text(spec(obj, "podSelector", default={})), age(obj, now)]


def _address(obj: Object, now: float) -> list[Any]:
    parent = spec(obj, "parentRef")
    text = NONE
    if parent:
        resource = f"{parent['resource']}.{parent['group']}" if parent.get("group") else parent["resource"]
        text = "/".join(filter(None, [resource.lower(), parent.get("namespace"), parent["name"]]))
    return [name(obj), text, age(obj, now)]


def _cidr(obj: Object, now: float) -> list[Any]:
    return [name(obj), ",".join(spec(obj, "cidrs", default=[])), age(obj, now)]


TABLES = {
    "Service": Columns("NAME|TYPE|CLUSTER-IP|EXTERNAL-IP|PORT(S)|AGE|SELECTOR*", _service, widens=True),
    "Ingress.networking.k8s.io": Columns("NAME|CLASS|HOSTS|ADDRESS|PORTS|AGE", _ingress, widens=True),
    "IngressClass.networking.k8s.io": Columns("NAME|CONTROLLER|PARAMETERS|AGE", _ingress_class),
    "Endpoints": Columns("NAME|ENDPOINTS|AGE", _endpoints),
    "EndpointSlice.discovery.k8s.io": Columns("NAME|ADDRESSTYPE|PORTS|ENDPOINTS|AGE", _slice),
    "NetworkPolicy.networking.k8s.io": Columns("NAME|POD-SELECTOR|AGE", _policy),
    "IPAddress.networking.k8s.io": Columns("NAME|PARENTREF|AGE", _address),
    "ServiceCIDR.networking.k8s.io": Columns("NAME|CIDRS|AGE", _cidr),
}
