"""Gives Services of type LoadBalancer an address, where a cloud is assumed.

Mirrors: staging/src/k8s.io/cloud-provider/controllers/service/controller.go (1.36)
Differs: the cloud is played: it gives one address of the ranges for documentation and adds no finalizer.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterable, Iterator

from kplan.engine.contract import Context, Key, Noop, Steps, Update, Watch
from kplan.model.objects import Object, Ref, get_in, is_deleting
from kplan.store.journal import Write
from kplan.store.view import View

_RANGES = ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24", "198.18.0.0/15")


def _changed(write: Write, _: View) -> Iterable[Key]:
    return (write.ref,) if write.after is not None and _is_ours(write.after) else ()


def _is_ours(service: Object) -> bool:
    """Whether the default cloud's load balancer serves it: another class is for somebody else."""
    spec = service["spec"]
    return spec.get("type") == "LoadBalancer" and spec.get("loadBalancerClass") is None


class ServiceLoadBalancers:
    """The key is a Service."""

    name = "service-lb-controller"
    priority = 0

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self.watches = (Watch("Service", _changed, "a Service of type LoadBalancer"),)

    def start(self, view: View, _: Context) -> None:
        """Learn the addresses that are taken."""
        for service in view.objects("Service"):
            self._taken.update(_addresses(service))

    def observe(self, write: Write) -> None:
        """Follow the addresses."""
        if write.ref.kind == "Service":
            self._taken.difference_update(_addresses(write.before))
            self._taken.update(_addresses(write.after))

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Write an address into the status of a load balancer that has none."""
        assert isinstance(key, Ref)
        service = view.get(key)
        if service is None or not _is_ours(service) or is_deleting(service):
            return
        if not ctx.options.cloud:
            yield Noop("no-cloud-is-assumed")
            return
        if get_in(service, ("status", "loadBalancer", "ingress")):
            yield Noop("load-balancer-has-an-address")
            return
        address = service["spec"].get("loadBalancerIP") or next(a for a in _pool() if a not in self._taken)
        status = {**(service.get("status") or {}), "loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}}
        yield Update({**service, "status": status}, because="cloud-gave-an-address", subresource="status")


def _addresses(service: Object | None) -> set[str]:
    ingress = get_in(service, ("status", "loadBalancer", "ingress")) or ()
    return {i["ip"] for i in ingress if i.get("ip")}


def _pool() -> Iterator[str]:
    for block in _RANGES:
        yield from map(str, itertools.islice(ipaddress.ip_network(block).hosts(), 1, None))


CONTROLLER = ServiceLoadBalancers
