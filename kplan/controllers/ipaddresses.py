"""IPAddresses and the ServiceCIDRs they are in, as those who keep them see them.

Mirrors: pkg/api/servicecidr/servicecidr.go, pkg/registry/core/service/ipallocator/ipallocator.go newIPAddress (1.36)
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from kplan.apiserver.rules.addresses import IPNetwork, parse_cidr_sloppy
from kplan.model.objects import Object, get_in, name_of, namespace_of

ADDRESS, RANGES = "IPAddress.networking.k8s.io", "ServiceCIDR.networking.k8s.io"
FAMILY, MANAGED_BY, ALLOCATOR = "ipaddress.kubernetes.io/ip-family", "ipaddress.kubernetes.io/managed-by", "ipallocator.k8s.io"


def networks_of(ranges: Object) -> Iterator[IPNetwork]:
    """The networks of a ServiceCIDR."""
    for cidr in get_in(ranges, ("spec", "cidrs")) or ():
        if (parsed := parse_cidr_sloppy(cidr)) is not None:
            yield parsed[1]


def can_allocate(network: IPNetwork, ip: str) -> bool:
    """Whether an address is in a network, and neither its first nor, in IPv4, its last one."""
    address = ipaddress.ip_address(ip)
    if address.version != network.version or address not in network or address == network.network_address:
        return False
    return address.version == 6 or address != network.broadcast_address


def family_of(ip: str) -> str:
    """IPv4 or IPv6."""
    return f"IPv{ipaddress.ip_address(ip).version}"


def new_address(ip: str, service: Object) -> dict[str, Any]:
    """The IPAddress of a Service."""
    parent = {"resource": "services", "namespace": namespace_of(service), "name": name_of(service)}
    meta = {"name": ip, "labels": {FAMILY: family_of(ip), MANAGED_BY: ALLOCATOR}}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "IPAddress", "metadata": meta, "spec": {"parentRef": parent}}
