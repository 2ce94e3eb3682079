"""``kubectl expose``: a Service for a workload, a pod, or another Service.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/expose/expose.go, pkg/polymorphichelpers/*.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import BOOL, DRY_RUN, FILES, OUTPUT, flag, manager
from kplan.kubectl.generating import create, made
from kplan.kubectl.info import Info
from kplan.kubectl.overrides import FLAGS as OVERRIDES
from kplan.kubectl.overrides import overridden
from kplan.kubectl.pairs import parse_labels
from kplan.model.integers import complaint, int_or_text
from kplan.model.objects import Object, get_in, labels_of

FLAGS = (
    *FILES,
    *OUTPUT,
    *OVERRIDES,
    DRY_RUN,
    manager("kubectl-expose"),
    flag("save-config", BOOL),
    flag("record", BOOL),
    flag("protocol"),
    flag("port"),
    flag("type"),
    flag("load-balancer-ip"),
    flag("selector"),
    flag("labels", short="l"),
    flag("target-port"),
    flag("external-ip"),
    flag("name"),
    flag("session-affinity"),
    flag("cluster-ip"),
)
_KINDS = ("ReplicationController", "Service", "Pod", "Deployment.apps", "ReplicaSet.apps")
LONGEST_NAME = 63


def run(command: Command) -> AnyFailure | None:
    """Expose objects."""
    selector = command.arguments.values.pop("selector")
    builder = command.builder(command.arguments.args)
    command.arguments.values["selector"] = selector
    selection = builder.select()
    return selection.error or selection.visit(lambda info: _expose(command, info))


def _expose(command: Command, info: Info) -> AnyFailure | None:
    if info.kind.group_kind not in _KINDS:
        return Failure(f"cannot expose a {info.kind.group_kind}")
    service = _service(command, info, info.object or {})
    if isinstance(service, Failure):
        return service
    a = command.arguments
    final = overridden(command.client, service, a["overrides"], a["override-type"])
    return final if isinstance(final, Failure) else create(command, final, "", "exposed")


def _service(command: Command, info: Info, obj: Object) -> dict[str, Any] | Failure:
    a = command.arguments
    selector = parse_labels(a["selector"]) if a["selector"] else _selector_of(info, obj)
    if isinstance(selector, Failure):
        return Failure(f"couldn't retrieve selectors via --selector flag or introspection: {selector}") if not a["selector"] else selector
    if not selector:
        return Failure("selector must be specified")
    ports = [a["port"]] if a["port"] else _ports_of(info, obj)
    if not ports and a["cluster-ip"] != "None":
        return Failure("couldn't find port via --port flag or introspection")
    labels = parse_labels(a["labels"]) if a["labels"] else dict(labels_of(obj))
    if isinstance(labels, Failure):
        return labels
    listed = _service_ports(",".join(ports).split(",") if ports else [], a["protocol"], _protocols_of(info, obj))
    if isinstance(listed, Failure):
        return listed
    for port in listed:
        target = a["target-port"]
        port["targetPort"] = int_or_text(target) if target else port["port"]
    spec: dict[str, Any] = {"selector": selector}
    if a["session-affinity"] not in ("", "None", "ClientIP"):
        return Failure(f"unknown session affinity: {a['session-affinity']}")
    for key, value in (
        ("ports", listed),
        ("externalIPs", [a["external-ip"]] if a["external-ip"] else None),
        ("type", a["type"]),
        ("loadBalancerIP", a["load-balancer-ip"] if a["type"] == "LoadBalancer" else ""),
        ("sessionAffinity", a["session-affinity"]),
        ("clusterIP", a["cluster-ip"]),
    ):
        if value:
            spec[key] = value
    name = a["name"] or info.name[:LONGEST_NAME]
    return made("v1", "Service", name, metadata={"labels": labels} if labels else None, spec=spec)


def _selector_of(info: Info, obj: Object) -> dict[str, str] | Failure:
    """The pod selector an object implies."""
    kind = info.kind.kind
    if kind == "Pod":
        return dict(labels_of(obj)) or Failure("the pod has no labels and cannot be exposed")
    given: Mapping[str, Any] = get_in(obj, ("spec", "selector")) or {}
    if kind in ("Service", "ReplicationController"):
        return dict(given) or Failure("the service has no pod selector set")
    if not given.get("matchLabels"):
        return Failure(f"invalid {kind.lower()}: no selectors, therefore cannot be exposed")
    if given.get("matchExpressions"):
        return Failure(f'couldn\'t convert expressions - "{given["matchExpressions"]}" to map-based selector format')
    return dict(given["matchLabels"])


def _port_entries(info: Info, obj: Object) -> list[tuple[str, str]]:
    """(port, protocol) of everything an object listens on."""
    if info.kind.kind == "Service":
        found, key = get_in(obj, ("spec", "ports")) or [], "port"
    else:
        spec = get_in(obj, ("spec",) if info.kind.kind == "Pod" else ("spec", "template", "spec")) or {}
        found, key = [p for c in spec.get("containers") or [] for p in c.get("ports") or []], "containerPort"
    return [(str(p[key]), p.get("protocol") or "TCP") for p in found]


def _ports_of(info: Info, obj: Object) -> list[str]:
    return list(dict.fromkeys(port for port, _ in _port_entries(info, obj)))


def _protocols_of(info: Info, obj: Object) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for port, protocol in _port_entries(info, obj):
        out.setdefault(port, []).append(protocol)
    return out


def _service_ports(ports: list[str], protocol: str, known: dict[str, list[str]]) -> list[dict[str, Any]] | Failure:
    out: list[dict[str, Any]] = []
    for i, word in enumerate(ports, 1):
        if wrong := complaint(word):
            return Failure(f'strconv.Atoi: parsing "{word}": {wrong}')
        name = f"port-{i}" if len(ports) > 1 else ""
        protocols = [protocol] if protocol else known.get(word) or ["TCP"]
        for one in protocols:
            shown = f"port-{i}-{one.lower()}" if len(protocols) > 1 else name
            out.append(({"name": shown} if shown else {}) | {"port": int(word), "protocol": one})
    return out
