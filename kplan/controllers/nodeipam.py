"""Gives new nodes their range of pod addresses, where the cluster's controller manager is seen to do so.

Mirrors: pkg/controller/nodeipam/ipam/{range_allocator,cidrset/cidr_set}.go (1.36)
Differs: how it is configured is read from the flags of the pod of the controller manager; without one, nodes are given none. The
         ranges are given out as after a restart: the first that is free.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kplan.apiserver.rules.addresses import IPNetwork, parse_cidr_sloppy
from kplan.engine.contract import Context, Emit, Key, Noop, Steps, Update, Watch, own_key
from kplan.model.objects import Object, Ref, get_in, is_deleting, name_of
from kplan.store.view import View

_PROGRAM = "kube-controller-manager"
_NAMES = ("node-ipam-controller", "nodeipam")
_MASKS = {4: 24, 6: 64}


class NoneLeft(Exception):
    """All ranges are given out."""


@dataclass(slots=True)
class Ranges:
    """The ranges of one cluster network, all of one size."""

    network: IPNetwork
    mask: int
    _next: int = 0

    def take(self, used: Iterable[IPNetwork]) -> str:
        """The next range that overlaps nothing.

        Raises: NoneLeft.
        """
        size = 1 << (self.network.max_prefixlen - self.mask)
        count = self.network.num_addresses // size
        first = int(self.network.network_address)
        taken = set()
        for other in used:
            if other.version == self.network.version and other.overlaps(self.network):
                begin, end = max(int(other.network_address), first), min(int(other.broadcast_address), int(self.network.broadcast_address))
                taken |= set(range((begin - first) // size, (end - first) // size + 1))
        for i in range(count):
            candidate = (self._next + i) % count
            if candidate not in taken:
                self._next = (candidate + 1) % count
                return f"{ipaddress.ip_address(first + candidate * size)}/{self.mask}"
        raise NoneLeft


class NodeIPAM:
    """The key is a node."""

    name = "node-ipam-controller"
    priority = 0
    watches = (Watch("Node", own_key, "a node without a range of addresses"),)

    def __init__(self) -> None:
        self._ranges: list[Ranges] = []
        self._services: list[IPNetwork] = []

    def start(self, view: View, _: Context) -> None:
        """Read how the controller manager was started."""
        flags = next((f for p in view.objects("Pod", "kube-system") if (f := _flags(p)) is not None), {})
        listed = flags.get("controllers", "*").split(",")
        if flags.get("allocate-node-cidrs", "false") != "true" or flags.get("cidr-allocator-type", "RangeAllocator") != "RangeAllocator":
            return
        if any(f"-{name}" in listed for name in _NAMES):
            return
        self._ranges = [Ranges(network, _mask(network, flags)) for network in _networks(flags.get("cluster-cidr", ""))]
        self._services = list(_networks(flags.get("service-cluster-ip-range", "")))

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Give the node a range of every cluster network."""
        assert isinstance(key, Ref)
        node = view.get(key)
        if not self._ranges or node is None or is_deleting(node) or get_in(node, ("spec", "podCIDRs")):
            yield Noop("nothing-to-give")
            return
        used = [*self._services, *(n for other in view.objects("Node") for text in get_in(other, ("spec", "podCIDRs")) or () for n in _networks(text))]
        try:
            given = [ranges.take(used) for ranges in self._ranges]
        except NoneLeft:
            yield Emit(key, "CIDRNotAvailable", f"Node {name_of(node)} status is now: CIDRNotAvailable")
            return
        spec = {**(node.get("spec") or {}), "podCIDR": given[0], "podCIDRs": given}
        yield Update({**node, "spec": spec}, because="node-without-pod-addresses")


def _networks(text: str) -> Iterator[IPNetwork]:
    for cidr in text.split(","):
        if (parsed := parse_cidr_sloppy(cidr)) is not None:
            yield parsed[1]


def _mask(network: IPNetwork, flags: Mapping[str, str]) -> int:
    said = flags.get(f"node-cidr-mask-size-ipv{network.version}") or flags.get("node-cidr-mask-size")
    return int(said) if said and said.isdecimal() and int(said) >= network.prefixlen else max(_MASKS[network.version], network.prefixlen)


def _flags(pod: Object) -> dict[str, str] | None:
    """The flags of the controller manager; None where the pod is another one."""
    for container in pod["spec"].get("containers") or ():
        words = [*(container.get("command") or ()), *(container.get("args") or ())]
        if any(word.rpartition("/")[2] == _PROGRAM for word in words):
            pairs = (word.lstrip("-").partition("=") for word in words if word.startswith("--"))
            return {name: value if equals else "true" for name, equals, value in pairs}
    return None


CONTROLLER = NodeIPAM
