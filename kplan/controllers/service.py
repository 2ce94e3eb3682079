"""Gives Services of type LoadBalancer an address, where a cloud is assumed.

Mirrors: staging/src/k8s.io/cloud-provider/controllers/service/controller.go (1.36)
Differs: the cloud is played: it gives one address of the ranges for documentation and
adds no finalizer (providers have names of their own for it), but cleans up after one.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterable, Iterator

from kplan.engine.contract import Context, Emit, Key, Noop, Steps, Update, Watch
from kplan.model.objects import Object, Ref, finalizers_of, get_in, is_deleting, ref_of
from kplan.store.journal import Write
from kplan.store.view import View

FINALIZER = "service.kubernetes.io/load-balancer-cleanup"
_RANGES = ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24", "198.18.0.0/15")


def _changed(write: Write, _: View) -> Iterable[Key]:
    after = write.after
    concerns = after is not None and (_is_ours(after) or FINALIZER in finalizers_of(after) or _addresses(write.before))
    return (write.ref,) if concerns else ()


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
        self._balanced: set[Ref] = set()
        self.watches = (Watch("Service", _changed, "a Service of type LoadBalancer"),)

    def start(self, view: View, _: Context) -> None:
        """Learn the addresses that are taken."""
        for service in view.objects("Service"):
            self._follow(ref_of(service), None, service)

    def observe(self, write: Write) -> None:
        """Follow the addresses, and which Services had one: the API server takes it from one that is no load balancer any more."""
        if write.ref.kind == "Service":
            self._follow(write.ref, write.before, write.after)

    def _follow(self, ref: Ref, before: Object | None, after: Object | None) -> None:
        self._taken.difference_update(_addresses(before))
        self._taken.update(_addresses(after))
        if after is None:
            self._balanced.discard(ref)
        elif _addresses(after):
            self._balanced.add(ref)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Give a load balancer that has none an address; take it from a Service that is no load balancer any more."""
        assert isinstance(key, Ref)
        service = view.get(key)
        if service is None:
            return
        wants = _is_ours(service) and not is_deleting(service)
        if not ctx.options.cloud:
            if wants:
                yield Noop("no-cloud-is-assumed")
        elif wants:
            yield from self._ensure(service)
        elif key in self._balanced or FINALIZER in finalizers_of(service):
            self._balanced.discard(key)
            yield from _clean_up(service)

    def _ensure(self, service: Object) -> Steps:
        if get_in(service, ("status", "loadBalancer", "ingress")):
            yield Noop("load-balancer-has-an-address")
            return
        yield Emit(ref_of(service), "EnsuringLoadBalancer", "Ensuring load balancer")
        address = service["spec"].get("loadBalancerIP") or next(a for a in _pool() if a not in self._taken)
        yield Emit(ref_of(service), "EnsuredLoadBalancer", "Ensured load balancer")
        yield Update(_with_status(service, {"ingress": [{"ip": address, "ipMode": "VIP"}]}), because="cloud-gave-an-address", subresource="status")


def _clean_up(service: Object) -> Steps:
    yield Emit(ref_of(service), "DeletingLoadBalancer", "Deleting load balancer")
    if not is_deleting(service) and get_in(service, ("status", "loadBalancer", "ingress")):
        outcome = yield Update(_with_status(service, {}), because="load-balancer-is-gone", subresource="status")
        service = outcome.object or service
    if FINALIZER in finalizers_of(service):
        yield Update(_without_finalizer(service), because="load-balancer-is-gone")
    yield Emit(ref_of(service), "DeletedLoadBalancer", "Deleted load balancer")


def _with_status(service: Object, load_balancer: Object) -> Object:
    return {**service, "status": {**(service.get("status") or {}), "loadBalancer": load_balancer}}


def _without_finalizer(service: Object) -> Object:
    left = [f for f in finalizers_of(service) if f != FINALIZER]
    meta = {k: v for k, v in service["metadata"].items() if k != "finalizers"}
    return {**service, "metadata": meta | ({"finalizers": left} if left else {})}


def _addresses(service: Object | None) -> set[str]:
    ingress = get_in(service, ("status", "loadBalancer", "ingress")) or ()
    return {i["ip"] for i in ingress if i.get("ip")}


def _pool() -> Iterator[str]:
    for block in _RANGES:
        yield from map(str, itertools.islice(ipaddress.ip_network(block).hosts(), 1, None))


CONTROLLER = ServiceLoadBalancers
