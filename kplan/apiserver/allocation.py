"""Where cluster IPs and node ports come from: given ones are checked, others drawn from the plan's seed.

What is taken is read off the Services in the view, so there is no state to keep or to release.

Mirrors: pkg/registry/core/service/ipallocator/{ipallocator,cidrallocator}.go,
         pkg/registry/core/service/portallocator/{allocator,operation}.go (1.36)
Differs: draws come from a hash of the service's name instead of from entropy.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field

from kplan.apiserver.rules.addresses import IPAddress, IPNetwork, parse_cidr_sloppy
from kplan.model.names import Names
from kplan.model.objects import Ref
from kplan.store.view import View

FULL = "range is full"
DEFAULT_SERVICE_CIDR = "10.96.0.0/16"
FIRST_NODE_PORT, LAST_NODE_PORT = 30000, 32767
_SERVICE_CIDR, _IP_ADDRESS = "ServiceCIDR.networking.k8s.io", "IPAddress.networking.k8s.io"
_DRY_RUN_PORT = 32768


class AllocationError(ValueError):
    """Why an address or port cannot be had; its message is the API server's."""


def _draw(names: Names, purpose: str, below: int) -> int:
    return int(names.uid(purpose).replace("-", ""), 16) % below


def service_networks(view: View) -> list[IPNetwork]:
    """The networks cluster IPs are taken from: those of the ready ServiceCIDRs, or the default one."""
    found: list[IPNetwork] = []
    for obj in view.objects(_SERVICE_CIDR):
        conditions = (obj.get("status") or {}).get("conditions") or ()
        ready = all(c.get("status") == "True" for c in conditions if c.get("type") == "Ready")
        if ready and not obj["metadata"].get("deletionTimestamp"):
            found.extend(parsed[1] for c in obj["spec"].get("cidrs") or () if (parsed := parse_cidr_sloppy(c)))
    return found or [ipaddress.ip_network(DEFAULT_SERVICE_CIDR)]


def families(view: View) -> tuple[str, ...]:
    """The IP families Services can have on this cluster, the primary one first."""
    return tuple(dict.fromkeys(f"IPv{n.version}" for n in service_networks(view)))


@dataclass(slots=True)
class IPAllocator:
    """Gives cluster IPs of one family."""

    view: View
    names: Names
    family: str
    dry_run: bool = False

    def _networks(self) -> list[IPNetwork]:
        return [n for n in service_networks(self.view) if f"IPv{n.version}" == self.family]

    def _taken(self, ip: str) -> bool:
        return bool(self.view.lookup("allocation", ("IP", ip))) or self.view.get(Ref(_IP_ADDRESS, "", ip)) is not None

    def allocate(self, ip: IPAddress) -> None:
        """Take the address that was asked for.

        Raises: AllocationError where it is out of range or taken. A dry run looks at the range only.
        """
        networks = self._networks()
        if self.dry_run:
            first, last = _usable(networks[0])
            if ip.version != first.version or not int(first) <= int(ip) <= int(last):
                said = f"the provided IP ({ip}) is not in the valid range. The range of valid IPs is {networks[0]}"
                raise AllocationError(said)
            return
        if not any(_contains(n, ip) for n in networks):
            raise AllocationError("the provided network does not match the current range")
        if self._taken(str(ip)):
            raise AllocationError("provided IP is already allocated")

    def allocate_next(self, purpose: str) -> str:
        """Take a free address: of the upper band, or where that is full of the lower one.

        Raises: AllocationError where there is none. A dry run answers with the network's own address.
        """
        networks = self._networks()
        if self.dry_run and networks:
            return str(networks[0].network_address)
        for network in networks:
            for ip in self._candidates(network, purpose):
                if not self._taken(ip):
                    return ip
        raise AllocationError(FULL)

    def _candidates(self, network: IPNetwork, purpose: str) -> Iterator[str]:
        first, last = _usable(network)
        size = int(last) - int(first) + 1
        offset = 0 if size <= 16 else min(max(16, size // 16), 256)
        for low, count in ((int(first) + offset, size - offset), (int(first), offset)):
            start = _draw(self.names, purpose, count) if count else 0
            for i in range(min(count, 1 << 20)):
                yield str(type(first)(low + (start + i) % count))


def _usable(network: IPNetwork) -> tuple[IPAddress, IPAddress]:
    last = network.broadcast_address
    return network.network_address + 1, last - 1 if network.version == 4 else last


def _contains(network: IPNetwork, ip: IPAddress) -> bool:
    if ip.version != network.version or ip == network.network_address:
        return False
    return ip in network and not (ip.version == 4 and ip == network.broadcast_address)


@dataclass(slots=True)
class PortAllocator:
    """Gives node ports to one Service; what was given earlier in the same request is taken."""

    view: View
    names: Names
    dry_run: bool = False
    given: list[int] = field(default_factory=list)

    def _taken(self, port: int) -> bool:
        return port in self.given or bool(self.view.lookup("allocation", ("port", port)))

    def allocate(self, port: int) -> None:
        """Take the port that was asked for.

        Raises: AllocationError where it is out of range or taken. A dry run does not look at the range.
        """
        if not self.dry_run and not FIRST_NODE_PORT <= port <= LAST_NODE_PORT:
            valid = f"{FIRST_NODE_PORT}-{LAST_NODE_PORT}"
            raise AllocationError(f"provided port is not in the valid range. The range of valid ports is {valid}")
        if self._taken(port):
            raise AllocationError("provided port is already allocated")
        self.given.append(port)

    def allocate_next(self, purpose: str) -> int:
        """Take a free port: of the upper band, or where that is full of the lower one.

        Raises: AllocationError where there is none. A dry run makes up a port beyond the range.
        """
        if self.dry_run:
            port = max(self.given, default=_DRY_RUN_PORT) + 1
            self.given.append(port)
            return port
        size = LAST_NODE_PORT - FIRST_NODE_PORT + 1
        offset = min(max(16, size // 32), 128)
        for low, count in ((FIRST_NODE_PORT + offset, size - offset), (FIRST_NODE_PORT, offset)):
            start = _draw(self.names, purpose, count)
            for i in range(count):
                if not self._taken(port := low + (start + i) % count):
                    self.given.append(port)
                    return port
        raise AllocationError(FULL)
