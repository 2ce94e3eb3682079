"""Keeps the Endpoints of every Service that has a selector.

Mirrors: pkg/controller/endpoint/endpoints_controller.go (1.36)
Differs: what was there at the beginning is taken as in sync where it has Endpoints, and Endpoints without a Service are
         left alone, as on a cluster whose controllers have been running.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from kplan.apiserver.rules.addresses import parse_ip_sloppy
from kplan.controllers.ownership import is_namespace_terminating
from kplan.controllers.pods import is_ready, node_of
from kplan.controllers.servicepods import (
    HEADLESS,
    TRIGGER_TIME,
    SelectingServices,
    TriggerTimes,
    addresses,
    find_port,
    hostname_in,
    is_headless,
    is_initial,
    selected_pods,
    should_be_in_endpoints,
)
from kplan.controllers.subsets import repack, same_subsets
from kplan.engine.contract import Context, Create, Delete, Emit, Key, Noop, Steps, Update, Watch
from kplan.model.objects import Object, Ref, annotations_of, labels_of, name_of, namespace_of, ref_of, uid_of
from kplan.store.journal import Write
from kplan.store.view import View

MANAGED_BY = "endpoints.kubernetes.io/managed-by"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
MOST_ADDRESSES = 1000
Subsets = list[dict[str, Any]]


def _changed(write: Write, view: View) -> Iterable[Key]:
    in_sync = is_initial(write) and view.get(Ref("Endpoints", write.ref.namespace, write.ref.name)) is not None
    return () if in_sync or write.subresource == "status" else (write.ref,)


def _deleted(write: Write, _: View) -> Iterable[Key]:
    return (Ref("Service", write.ref.namespace, write.ref.name),) if write.after is None else ()


class EndpointsController:
    """The key is a Service."""

    name = "endpoint-controller"
    priority = 0

    def __init__(self) -> None:
        self._services = SelectingServices()
        self._times = TriggerTimes()
        self.watches = (
            Watch("Service", _changed, "a Service"),
            Watch("Pod", self._services.affected, "a pod it selects"),
            Watch("Endpoints", _deleted, "its Endpoints went"),
        )

    def start(self, view: View, _: Context) -> None:
        """Learn the Services there are."""
        self._services.load(view)
        self._times.load(view)

    def observe(self, write: Write) -> None:
        """Follow the Services' selectors."""
        self._services.observe(write)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Make the Endpoints list the Service's pods; delete them with the Service."""
        assert isinstance(key, Ref)
        service, target = view.get(key), Ref("Endpoints", key.namespace, key.name)
        if service is None:
            self._times.forget(key)
            if view.get(target) is not None:
                yield Delete(target, because="service-is-gone")
        elif service["spec"].get("type") == "ExternalName":
            yield Noop("service-is-an-external-name")
        elif not service["spec"].get("selector"):
            yield Noop("service-has-no-selector")
        else:
            pods = selected_pods(view, service)
            trigger_time = self._times.compute(service, pods)
            yield from _write(service, view.get(target), subsets_of(service, pods), trigger_time)


def subsets_of(service: Object, pods: Iterable[Object]) -> Subsets:
    """The canonical subsets of a Service's pods."""
    spec = service["spec"]
    publishes = bool(spec.get("publishNotReadyAddresses"))
    found = []
    for pod in pods:
        if not should_be_in_endpoints(pod, include_terminating=publishes):
            continue
        address = _address(pod, service)
        if address is None:
            continue
        field = "addresses" if publishes or is_ready(pod) else "notReadyAddresses"
        if not spec.get("ports"):
            if spec.get("clusterIP") == "None":
                found.append({field: [address]})
            continue
        for port in spec["ports"]:
            number = find_port(pod, port)
            if number is not None:
                found.append({field: [address], "ports": [{**_port(port), "port": number}]})
    return repack(found)


def _port(port: Mapping[str, Any]) -> dict[str, Any]:
    made = {"name": port.get("name") or "", "protocol": port.get("protocol") or "TCP"}
    return made | ({"appProtocol": port["appProtocol"]} if port.get("appProtocol") is not None else {})


def _address(pod: Object, service: Object) -> dict[str, Any] | None:
    """The pod's first address of the Service's first family; None where it has none."""
    found = addresses(pod, ipv6=_wants_ipv6(service, pod))
    if not found:
        return None
    address: dict[str, Any] = {"ip": found[0]}
    if hostname := hostname_in(pod, service):
        address["hostname"] = hostname
    if node := node_of(pod):
        address["nodeName"] = node
    address["targetRef"] = {"kind": "Pod", "namespace": namespace_of(pod), "name": name_of(pod), "uid": uid_of(pod)}
    return address


def _wants_ipv6(service: Object, pod: Object) -> bool:
    if families := service["spec"].get("ipFamilies"):
        return bool(families[0] == "IPv6")
    told = pod["status"].get("podIP") if is_headless(service) else service["spec"]["clusterIP"]
    parsed = parse_ip_sloppy(told or "")
    return parsed is not None and parsed.version == 6


def _write(service: Object, current: Object | None, subsets: Subsets, trigger_time: str) -> Steps:
    if current is not None and _is_current(current, service, subsets):
        yield Noop("endpoints-are-current")
        return
    labels = {**labels_of(service)}
    labels.pop(HEADLESS, None)
    if is_headless(service):
        labels[HEADLESS] = ""
    labels[MANAGED_BY] = EndpointsController.name
    notes = {k: v for k, v in annotations_of(current).items() if k not in (TRIGGER_TIME, OVER_CAPACITY)} if current is not None else {}
    if trigger_time:
        notes[TRIGGER_TIME] = trigger_time
    if truncate(subsets):
        notes[OVER_CAPACITY] = "truncated"
    made: dict[str, Any] = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name_of(service), "namespace": namespace_of(service)}}
    if current is not None:
        made = {k: v for k, v in current.items() if k != "subsets"}
        made["metadata"] = {k: v for k, v in current["metadata"].items() if k != "annotations"}
    made["metadata"] |= {"labels": labels} | ({"annotations": notes} if notes else {})
    if subsets:
        made["subsets"] = subsets
    verb = "create" if current is None else "update"
    outcome = yield Create(made, because="service-without-endpoints") if current is None else Update(made, because="endpoints-changed")
    if outcome.error is not None and not is_namespace_terminating(outcome.error):
        reason = f"FailedTo{verb.title()}Endpoint"
        place = f"{namespace_of(service)}/{name_of(service)}"
        what = f"endpoint for service {place}" if current is None else f"endpoint {place}"
        yield Emit(ref_of(made), reason, f"Failed to {verb} {what}: {outcome.error.message}", "Warning")


def _is_current(current: Object, service: Object, subsets: Subsets) -> bool:
    before = current.get("subsets") or []
    if sum(len(s.get(f) or ()) for s in before for f in ("addresses", "notReadyAddresses")) > MOST_ADDRESSES:
        return False
    if OVER_CAPACITY in annotations_of(current) or not _labels_are_current(labels_of(current), labels_of(service)):
        return False
    return same_subsets(before, subsets) or same_subsets(repack(before), subsets)


def _labels_are_current(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """The Service's labels and ours; the headless label does not count."""
    if labels.get(MANAGED_BY) != EndpointsController.name:
        return False
    rest = {k: v for k, v in labels.items() if k not in (HEADLESS, MANAGED_BY)}
    return all(wanted.get(k) == v for k, v in rest.items()) and len(wanted) == len(rest)


def truncate(subsets: Subsets) -> bool:
    """Cut the addresses down to 1000, subset by subset in proportion, ready ones first. Whether there were more."""
    ready = sum(len(s.get("addresses") or ()) for s in subsets)
    not_ready = sum(len(s.get("notReadyAddresses") or ()) for s in subsets)
    if ready + not_ready <= MOST_ADDRESSES:
        return False
    cut, total, most = ("addresses", ready, MOST_ADDRESSES) if ready > MOST_ADDRESSES else ("notReadyAddresses", not_ready, MOST_ADDRESSES - ready)
    left = most
    for subset in subsets:
        before = subset.get(cut) or []
        kept = before[: min(math.ceil(len(before) / total * most), left)]
        left -= len(kept)
        _set_or_drop(subset, cut, kept)
        if cut == "addresses":
            subset.pop("notReadyAddresses", None)
    return True


def _set_or_drop(subset: dict[str, Any], field: str, value: list[Any]) -> None:
    if value:
        subset[field] = value
    else:
        subset.pop(field, None)


CONTROLLER = EndpointsController
