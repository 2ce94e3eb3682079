"""Keeps an IPAddress for every cluster IP of a Service, as the API server's allocator does, on clusters that have ServiceCIDRs.

Mirrors: pkg/registry/core/service/ipallocator/{ipallocator,cidrallocator}.go (1.36)
Differs: an address is noted just after its Service was written, not before; what was missing at the beginning stays so.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.apiserver.rules.addresses import parse_ip_sloppy
from kplan.controllers.ipaddresses import ADDRESS, ALLOCATOR, MANAGED_BY, RANGES, new_address
from kplan.engine.contract import Context, Create, Delete, Key, Noop, Steps, Watch
from kplan.model.objects import Ref, get_in, labels_of
from kplan.store.journal import Write
from kplan.store.view import View


def _of_service(write: Write, _: View) -> Iterable[Key]:
    if write.seq == 0:
        return ()
    found: dict[str, None] = {}
    for side in (write.before, write.after):
        found |= dict.fromkeys(str(ip) for text in get_in(side, ("spec", "clusterIPs")) or () if (ip := parse_ip_sloppy(text)) is not None)
    return [Ref(ADDRESS, "", ip) for ip in found]


class ServiceAddresses:
    """The key is an IPAddress that is there or is to be."""

    name = "kube-apiserver"
    priority = 0
    watches = (Watch("Service", _of_service, "its cluster IPs"),)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Make it, or take it away."""
        assert isinstance(key, Ref)
        if not any(True for _ in view.objects(RANGES)):
            yield Noop("addresses-are-not-kept")
            return
        service = next(iter(view.lookup("allocation", ("IP", key.name))), None)
        address = view.get(key)
        if service is not None and address is None:
            yield Create(new_address(key.name, service), because="cluster-ip-allocated")
        elif service is None and address is not None and labels_of(address).get(MANAGED_BY) == ALLOCATOR:
            yield Delete(key, because="cluster-ip-released")


CONTROLLER = ServiceAddresses
