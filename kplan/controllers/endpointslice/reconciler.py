"""Brings the slices of a Service to what its pods are: endpoints and ports of each pod, hints, and the writes.

Mirrors: staging/src/k8s.io/endpointslice/{reconciler,utils}.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.apiserver.rules.addresses import parse_ip_sloppy
from kplan.controllers.endpointslice.hints import add_traffic_hints, remove_hints, traffic_distribution
from kplan.controllers.endpointslice.packing import Changes, Desired, Slice, keep_placeholder, owned_by, pack
from kplan.controllers.endpointslice.topology import TopologyEvent, add_topology_hints, hints_enabled
from kplan.controllers.ownership import is_namespace_terminating
from kplan.controllers.pods import is_ready, node_of
from kplan.controllers.servicepods import (
    TRIGGER_TIME,
    addresses,
    find_port,
    hostname_in,
    is_headless,
    should_be_in_endpoints,
)
from kplan.controllers.slices import Ports, PortsKey, endpoint_key, in_order, ports_key
from kplan.engine.contract import Context, Create, Delete, Emit, Noop, Steps, Update
from kplan.model.objects import (
    Object,
    Ref,
    annotations_of,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    ref_of,
    uid_of,
)
from kplan.store.view import View

ZONE = "topology.kubernetes.io/zone"


def reconcile_slices(service: Object, pods: list[Object], existing: list[Object], trigger_time: str, view: View, ctx: Context) -> Steps:
    """Bring the slices of a Service to what its pods are."""
    types = address_types(service)
    nothing = True
    for address_type in types:
        ours = [s for s in existing if s["addressType"] == address_type]
        changes, events = _reconcile_type(service, pods, ours, address_type, view, ctx)
        nothing = nothing and not (changes.create or changes.update or changes.delete)
        yield from finalize(service, changes, trigger_time)
        for event in events:
            yield Emit(ref_of(service), event.reason, event.message, event.type)
    for piece in existing:
        if piece["addressType"] not in types:
            nothing = False
            yield Delete(ref_of(piece), because="address-type-not-supported")
    if nothing:
        yield Noop("slices-are-current")


def address_types(service: Object) -> list[str]:
    """IPv4 and IPv6, as far as the Service is of the family."""
    spec = service["spec"]
    if families := [f for f in spec.get("ipFamilies") or () if f in ("IPv4", "IPv6")]:
        return list(dict.fromkeys(families))
    if not is_headless(service):
        parsed = parse_ip_sloppy(spec["clusterIP"])
        return ["IPv6" if parsed is not None and parsed.version == 6 else "IPv4"]
    return ["IPv4", "IPv6"]


def _reconcile_type(
    service: Object, pods: list[Object], existing: list[Object], address_type: str, view: View, ctx: Context
) -> tuple[Changes, list[TopologyEvent]]:
    changes = Changes()
    by_ports: dict[PortsKey, list[Object]] = {}
    for piece in existing:
        if owned_by(piece, service):
            by_ports.setdefault(ports_key(piece.get("ports")), []).append(piece)
        else:
            changes.delete.append(piece)
    ports, desired = _desired(service, pods, address_type, view)
    for key, endpoints in desired.items():
        pack(service, by_ports.get(key, []), endpoints, ports[key], address_type, changes)
    for key, slices in by_ports.items():
        if key not in desired:
            changes.delete.extend(slices)
    if len(existing) == len(changes.delete) and not changes.create:
        keep_placeholder(service, address_type, changes)
    return changes, _hints(service, address_type, changes, existing, view, ctx)


def _desired(service: Object, pods: list[Object], address_type: str, view: View) -> tuple[dict[PortsKey, Ports], dict[PortsKey, Desired]]:
    """Ports and endpoints of the pods, by ports."""
    ports: dict[PortsKey, Ports] = {}
    desired: dict[PortsKey, Desired] = {}
    found: dict[int, tuple[PortsKey, Ports]] = {}
    publishes = bool(service["spec"].get("publishNotReadyAddresses"))
    for pod in pods:
        if not should_be_in_endpoints(pod, include_terminating=True):
            continue
        containers = id(pod["spec"]["containers"])
        if containers not in found:
            mine = endpoint_ports(service, pod)
            found[containers] = ports_key(mine), mine
        key, mine = found[containers]
        ports.setdefault(key, mine)
        endpoints = desired.setdefault(key, {})
        node = view.get(Ref("Node", "", node_of(pod)))
        if node is None and not publishes:
            continue
        endpoint = pod_to_endpoint(pod, node, service, address_type)
        if endpoint["addresses"]:
            endpoints[endpoint_key(endpoint)] = endpoint
    return ports, desired


def pod_to_endpoint(pod: Object, node: Object | None, service: Object, address_type: str) -> dict[str, Any]:
    """The endpoint a pod is for a Service."""
    serving, terminating = is_ready(pod), is_deleting(pod)
    ready = bool(service["spec"].get("publishNotReadyAddresses")) or (serving and not terminating)
    endpoint: dict[str, Any] = {
        "addresses": addresses(pod, ipv6=address_type == "IPv6"),
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": {"kind": "Pod", "namespace": namespace_of(pod), "name": name_of(pod), "uid": uid_of(pod)},
    }
    if hostname := hostname_in(pod, service):
        endpoint["hostname"] = hostname
    if node_name := node_of(pod):
        endpoint["nodeName"] = node_name
    if node is not None and (zone := labels_of(node).get(ZONE)):
        endpoint["zone"] = zone
    return endpoint


def endpoint_ports(service: Object, pod: Object) -> Ports:
    """The Service's ports as they are on a pod; a named port the pod has not is left out."""
    found = []
    for port in service["spec"].get("ports") or ():
        number = find_port(pod, port)
        if number is not None:
            made = {"name": port.get("name") or "", "protocol": port.get("protocol") or "TCP", "port": number}
            if port.get("appProtocol") is not None:
                made["appProtocol"] = port["appProtocol"]
            found.append(made)
    return in_order(found)


# -- hints and writing -------------------------------------------------------------------------------------------------


def _hints(service: Object, address_type: str, changes: Changes, existing: list[Object], view: View, ctx: Context) -> list[TopologyEvent]:
    unchanged = changes.unchanged(existing)
    if hints_enabled(service):
        return add_topology_hints(service, address_type, changes.create, changes.update, unchanged, view)
    distribution = traffic_distribution(service, ctx)
    if distribution is None:
        had = remove_hints(changes.create, changes.update, unchanged)
        said = f"Topology Aware Hints has been disabled, addressType: {address_type}"
        return [TopologyEvent("Warning", "TopologyAwareHintsDisabled", said)] if had else []
    add_traffic_hints(distribution, changes.create, changes.update, unchanged)
    return []


def finalize(service: Object, changes: Changes, trigger_time: str) -> Steps:
    """Write the changes; a slice that would be deleted is rather turned into one that would be created."""
    _recycle(service, changes)
    if not is_deleting(service):
        for piece in changes.create:
            outcome = yield Create(_with_trigger_time(piece, trigger_time), because="endpoints-without-slice")
            if outcome.error is not None:
                if not is_namespace_terminating(outcome.error):
                    yield _failed(service, f"failed to create EndpointSlice for Service {_key(service)}: {outcome.error.message}")
                return
    for piece in changes.update:
        outcome = yield Update(_with_trigger_time(piece, trigger_time), because="endpoints-changed")
        if outcome.error is not None:
            what = f"failed to update {name_of(piece)} EndpointSlice for Service {_key(service)}"
            yield _failed(service, f"{what}: {outcome.error.message}")
            return
    for gone in changes.delete:
        yield Delete(ref_of(gone), because="slice-is-not-needed")


def _recycle(service: Object, changes: Changes) -> None:
    left: list[Object] = []
    for gone in changes.delete:
        if changes.create and gone["addressType"] == changes.create[-1]["addressType"] and owned_by(gone, service):
            piece = changes.create.pop()
            changes.update.append({**piece, "metadata": {**piece["metadata"], "name": name_of(gone)}})
        else:
            left.append(gone)
    changes.delete = left


def _with_trigger_time(piece: Slice, trigger_time: str) -> Slice:
    notes = {k: v for k, v in annotations_of(piece).items() if k != TRIGGER_TIME}
    if trigger_time:
        notes[TRIGGER_TIME] = trigger_time
    meta = {k: v for k, v in piece["metadata"].items() if k != "annotations"}
    if notes:
        meta["annotations"] = notes
    return {**piece, "metadata": meta, "endpoints": piece["endpoints"] or None}


def _failed(service: Object, words: str) -> Emit:
    return Emit(ref_of(service), "FailedToUpdateEndpointSlices", f"Error updating Endpoint Slices for Service {_key(service)}: {words}", "Warning")


def _key(service: Object) -> str:
    return f"{namespace_of(service)}/{name_of(service)}"
