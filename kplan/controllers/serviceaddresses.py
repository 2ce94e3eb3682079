"""Keeps an IPAddress for every cluster IP of a Service, as the API server's allocator does, on clusters that have ServiceCIDRs.

Mirrors: pkg/registry/core/service/ipallocator/{ipallocator,cidrallocator}.go, controller/repairip.go (1.36)
Differs: an address is noted just after its Service was written, not before; what was missing at the beginning stays so.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from kplan.apiserver.rules.addresses import parse_ip_sloppy
from kplan.engine.contract import Context, Create, Delete, Key, Noop, Steps, Watch
from kplan.model.objects import Object, Ref, get_in, labels_of, name_of, namespace_of
from kplan.store.journal import Write
from kplan.store.view import View

ADDRESS, RANGES = "IPAddress.networking.k8s.io", "ServiceCIDR.networking.k8s.io"
FAMILY, MANAGED_BY, ALLOCATOR = "ipaddress.kubernetes.io/ip-family", "ipaddress.kubernetes.io/managed-by", "ipallocator.k8s.io"


def _of_service(write: Write, _: View) -> Iterable[Key]:
    if write.seq == 0:
        return ()
    found: dict[str, None] = {}
    for side in (write.before, write.after):
        found |= dict.fromkeys(str(ip) for text in get_in(side, ("spec", "clusterIPs")) or () if (ip := parse_ip_sloppy(text)) is not None)
    return [Ref(ADDRESS, "", ip) for ip in found]


def _itself(write: Write, _: View) -> Iterable[Key]:
    return (write.ref,) if write.seq and write.after is None else ()


class ServiceAddresses:
    """The key is an IPAddress that is there or is to be."""

    name = "kube-apiserver"
    priority = 0
    watches = (Watch("Service", _of_service, "its cluster IPs"), Watch(ADDRESS, _itself, "an address that a Service has"))

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Make it, or take it away."""
        assert isinstance(key, Ref)
        if not any(True for _ in view.objects(RANGES)):
            yield Noop("addresses-are-not-kept")
            return
        service = next(iter(view.lookup("allocation", ("IP", key.name))), None)
        address = view.get(key)
        if service is not None and address is None:
            yield Create(_address(key.name, service), because="cluster-ip-allocated")
        elif service is None and address is not None and labels_of(address).get(MANAGED_BY) == ALLOCATOR:
            yield Delete(key, because="cluster-ip-released")


def _address(ip: str, service: Object) -> dict[str, Any]:
    family = f"IPv{ipaddress.ip_address(ip).version}"
    parent = {"group": "", "resource": "services", "namespace": namespace_of(service), "name": name_of(service)}
    meta = {"name": ip, "labels": {FAMILY: family, MANAGED_BY: ALLOCATOR}}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "IPAddress", "metadata": meta, "spec": {"parentRef": parent}}


CONTROLLER = ServiceAddresses
