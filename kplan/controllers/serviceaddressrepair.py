"""Puts right what IPAddresses say of Services, and tells of cluster IPs that no range or two Services have.

Mirrors: pkg/registry/core/service/ipallocator/controller/repairip.go (1.36)
Differs: Services are looked at when they or their addresses change; a round of three minutes after an address did. An
         address that was missing at the beginning stays so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from kplan.apiserver.rules.addresses import parse_ip_sloppy
from kplan.controllers.ipaddresses import (
    ADDRESS,
    ALLOCATOR,
    FAMILY,
    MANAGED_BY,
    RANGES,
    can_allocate,
    family_of,
    networks_of,
    new_address,
)
from kplan.engine.contract import Context, Create, Delete, Emit, Key, Requeue, Steps, Watch
from kplan.model.instants import read_instant
from kplan.model.objects import EMPTY, Object, Ref, get_in, labels_of, name_of, namespace_of, ref_of
from kplan.store.journal import Write
from kplan.store.view import View

ROUND_SECONDS, LEAKED_SECONDS, YOUNG_SECONDS = 180.0, 60.0, 5.0


class Round(NamedTuple):
    """The key of an address whose Services are looked at with the next round."""

    address: Ref


def _service(write: Write, _: View) -> Iterable[Key]:
    return (write.ref,) if write.seq and write.after is not None and write.subresource != "status" else ()


def _address(write: Write, _: View) -> Iterable[Key]:
    if not write.seq:
        return ()
    return (write.ref, Round(write.ref)) if write.before is not None else (write.ref,)


class ServiceAddressRepair:
    """The key is a Service, an IPAddress, or the Services of an IPAddress some time later."""

    name = "kube-apiserver"
    priority = 0
    watches = (Watch("Service", _service, "its cluster IPs"), Watch(ADDRESS, _address, "an address that a Service has"))

    def __init__(self) -> None:
        self._due: dict[Round, float] = {}

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Look from the Service at its addresses, or from an address at its Service."""
        if not view.objects(RANGES):
            return
        if isinstance(key, Round):
            yield from self._round(key, view, ctx)
            return
        assert isinstance(key, Ref)
        obj = view.get(key)
        if obj is None:
            return
        if key.kind == "Service":
            yield from _look_at_service(obj, view, repair_missing=False)
        elif labels_of(obj).get(MANAGED_BY) == ALLOCATOR:
            yield from _look_at_address(obj, view, ctx)

    def _round(self, key: Round, view: View, ctx: Context) -> Steps:
        services = view.lookup("allocation", ("IP", key.address.name))
        if not services:
            self._due.pop(key, None)
            return
        due = self._due.setdefault(key, ctx.now + ROUND_SECONDS)
        if due > ctx.now:
            yield Requeue(at=due, background=True, note=f"the address {key.address.name} of Service {name_of(services[0])} is put right")
            return
        del self._due[key]
        for service in services:
            yield from _look_at_service(service, view, repair_missing=True)


def _look_at_service(service: Object, view: View, *, repair_missing: bool) -> Steps:
    where, place = ref_of(service), f"{namespace_of(service)}/{name_of(service)}"
    for text in get_in(service, ("spec", "clusterIPs")) or ():
        ip = parse_ip_sloppy(text)
        if ip is None:
            continue
        named = f"[{family_of(str(ip))}]: {ip}"
        if not _in_some_range(str(ip), view):
            said = f"Cluster IP {named} is not within any configured Service CIDR; please recreate service"
            yield Emit(where, "ClusterIPOutOfRange", said, "Warning")
            continue
        address = view.get(Ref(ADDRESS, "", str(ip)))
        if address is None:
            if repair_missing:
                yield Emit(where, "ClusterIPNotAllocated", f"Cluster IP {named} is not allocated; repairing", "Warning")
                yield Create(new_address(str(ip), service), because="cluster-ip-is-not-allocated")
            continue
        parent = get_in(address, ("spec", "parentRef")) or EMPTY
        if _is_wrong(parent, service, view):
            said = f"the ClusterIP {named} for Service {place} has a wrong reference; repairing"
            yield Emit(where, "ClusterIPNotAllocated", said, "Warning")
            yield from _recreate(address, service)
            continue
        if (parent.get("namespace"), parent.get("name")) != (namespace_of(service), name_of(service)):
            if str(ip) in (get_in(view.get(_parent(parent)), ("spec", "clusterIPs")) or ()):
                said = f"Cluster IP [{family_of(str(ip))}]:{ip} was assigned to multiple services; please recreate service"
                yield Emit(where, "ClusterIPAlreadyAllocated", said, "Warning")
        labels = labels_of(address)
        if labels.get(FAMILY) != family_of(str(ip)) or labels.get(MANAGED_BY) != ALLOCATOR:
            yield from _recreate(address, service)


def _is_wrong(parent: Mapping[str, Any], service: Object, view: View) -> bool:
    """Whether an address says that it is of something that is no Service, or of one that is not there."""
    if parent.get("group") or parent.get("resource") != "services":
        return True
    return _parent(parent) != ref_of(service) and view.get(_parent(parent)) is None


def _parent(parent: Mapping[str, Any]) -> Ref:
    return Ref("Service", parent.get("namespace") or "", parent.get("name") or "")


def _recreate(address: Object, service: Object) -> Steps:
    yield Delete(ref_of(address), because="address-is-put-right")
    yield Create(new_address(name_of(address), service), because="address-is-put-right")


def _look_at_address(address: Object, view: View, ctx: Context) -> Steps:
    parent, ip = get_in(address, ("spec", "parentRef")) or EMPTY, name_of(address)
    where, made = ref_of(address), read_instant(address["metadata"].get("creationTimestamp")) or ctx.now
    if parent.get("group") or parent.get("resource") != "services":
        yield Delete(where, because="address-is-of-no-service")
        return
    place = f"{parent.get('namespace')}/{parent.get('name')}"
    service = view.get(_parent(parent))
    if service is None:
        if made + LEAKED_SECONDS > ctx.now:
            yield Requeue(at=made + LEAKED_SECONDS, note=f"the address {ip} is cleaned up")
            return
        yield Emit(where, "IPAddressNotAllocated", f"IPAddress: {ip} for Service {place} appears to have leaked: cleaning up", "Warning")
        yield Delete(where, because="address-has-leaked")
        return
    if ip in (get_in(service, ("spec", "clusterIPs")) or ()):
        return
    is_young = made > (read_instant(service["metadata"].get("creationTimestamp")) or 0.0)
    grace = LEAKED_SECONDS if service["spec"].get("type") == "ExternalName" else YOUNG_SECONDS if is_young else 0.0
    if made + grace > ctx.now:
        yield Requeue(at=made + grace, note=f"the address {ip} is cleaned up")
        return
    yield Emit(where, "IPAddressWrongReference", f"IPAddress: {ip} for Service {place} has a wrong reference; cleaning up", "Warning")
    yield Delete(where, because="address-has-a-wrong-reference")


def _in_some_range(ip: str, view: View) -> bool:
    return any(can_allocate(network, ip) for ranges in view.objects(RANGES) for network in networks_of(ranges))


CONTROLLER = ServiceAddressRepair
