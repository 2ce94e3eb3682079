"""``kubectl create service clusterip|nodeport|loadbalancer|externalname``.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create_service.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.apiserver.rules.names import is_dns1123_subdomain, is_valid_port_name, is_valid_port_num
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import INT, LIST, flag
from kplan.kubectl.generating import SHARED, create, foreign_flag, given_name, made
from kplan.model.integers import complaint, int_or_text

FLAGS = (*SHARED, flag("tcp", LIST), flag("clusterip"), flag("node-port", INT), flag("external-name"))
_OWN = {"clusterip": ("tcp", "clusterip"), "nodeport": ("tcp", "node-port"), "loadbalancer": ("tcp",), "externalname": ("tcp", "external-name")}
_TYPES = {"clusterip": "ClusterIP", "nodeport": "NodePort", "loadbalancer": "LoadBalancer", "externalname": "ExternalName"}


def run(command: Command) -> AnyFailure | None:
    """Create a Service."""
    a = command.arguments
    sort = a.args.pop(0) if a.args else ""
    type_ = _TYPES.get(sort)
    if type_ is None:
        return Failure("must specify one of: clusterip, externalname, loadbalancer, nodeport")
    if foreign := foreign_flag(command, sort, _OWN):
        return foreign
    if type_ == "ExternalName" and "external-name" not in a.changed:
        return Failure('required flag(s) "external-name" not set')
    name = given_name(command, sub=sort)
    if isinstance(name, Failure):
        return name
    headless = a["clusterip"] == "None"
    if not headless and not a["tcp"] and type_ != "ExternalName":
        return Failure("at least one tcp port specifier must be provided")
    if type_ == "ExternalName" and list(is_dns1123_subdomain(a["external-name"])):
        return Failure(f"invalid service external name {a['external-name']}")
    ports = []
    for word in a["tcp"]:
        port = _port(word, a["node-port"])
        if isinstance(port, Failure):
            return port
        ports.append(port)
    spec: dict[str, Any] = {"type": type_, "selector": {"app": name}}
    for key, value in (("ports", ports), ("externalName", a["external-name"]), ("clusterIP", a["clusterip"])):
        if value:
            spec[key] = value
    return create(command, made("v1", "Service", name, metadata={"labels": {"app": name}}, spec=spec), f"failed to create {type_} service: ")


def _port(word: str, node_port: int) -> dict[str, Any] | Failure:
    first, _, second = word.partition(":")
    wrong = complaint(first, 17) if first.isdigit() else "invalid syntax"
    if wrong:
        return Failure(f'strconv.ParseUint: parsing "{first}": {wrong}')
    target: int | str = int(first)
    if second:
        target = int_or_text(second)
        wrong_port = list(is_valid_port_num(target) if isinstance(target, int) else is_valid_port_name(target))
        if wrong_port:
            return Failure(",".join(wrong_port))
    port = {"name": word.replace(":", "-"), "port": int(first), "protocol": "TCP", "targetPort": target}
    return port | ({"nodePort": node_port} if node_port else {})
