"""ServiceCIDRs: ready as soon as they are there, and kept for as long as an address would be left without any.

Mirrors: pkg/controller/servicecidrs/servicecidrs_controller.go (1.36)
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from kplan.controllers.ipaddresses import ADDRESS, ALLOCATOR, MANAGED_BY, RANGES, networks_of
from kplan.engine.contract import Context, Key, Noop, Requeue, Steps, Update, Watch
from kplan.model.instants import read_instant, write_instant
from kplan.model.objects import EMPTY, Object, Ref, finalizers_of, get_in, is_deleting, labels_of, name_of
from kplan.store.journal import Write
from kplan.store.view import View

FINALIZER = "networking.k8s.io/service-cidr-finalizer"
DELETION_GRACE_SECONDS = 10.0
_READY = {"type": "Ready", "status": "True", "reason": "", "message": "Kubernetes Service CIDR is ready"}
_IN_USE = {
    "type": "Ready",
    "status": "False",
    "reason": "Terminating",
    "message": "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
}


def _overlapping(write: Write, view: View) -> Iterable[Key]:
    yield write.ref
    ours = [n for side in (write.before, write.after) if side is not None for n in networks_of(side)]
    for other in view.objects(RANGES):
        if name_of(other) != write.ref.name and any(a.overlaps(b) for a in ours for b in networks_of(other) if a.version == b.version):
            yield Ref(RANGES, "", name_of(other))


def _containing(write: Write, view: View) -> Iterable[Key]:
    side = write.after if write.after is not None else write.before
    if side is None or (write.before is not None and write.after is not None) or labels_of(side).get(MANAGED_BY) != ALLOCATOR:
        return ()
    return [Ref(RANGES, "", name) for name in _names_with(write.ref.name, view)]


def _names_with(address: str, view: View) -> list[str]:
    """The names of the ServiceCIDRs an address is in."""
    ip = ipaddress.ip_address(address)
    return [name_of(r) for r in view.objects(RANGES) if any(ip.version == n.version and ip in n for n in networks_of(r))]


class ServiceCIDRs:
    """The key is a ServiceCIDR."""

    name = "service-cidr-controller"
    priority = 0
    watches = (Watch(RANGES, _overlapping, "it, and those that share addresses with it"), Watch(ADDRESS, _containing, "an address that came or went"))

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Set the finalizer and the condition; let go of what nobody needs."""
        assert isinstance(key, Ref)
        ranges = view.get(key)
        if ranges is None:
            return
        if is_deleting(ranges):
            yield from _finish(ranges, view, ctx)
            return
        if FINALIZER not in finalizers_of(ranges):
            meta = {**ranges["metadata"], "finalizers": [*finalizers_of(ranges), FINALIZER]}
            outcome = yield Update({**ranges, "metadata": meta}, because="protection")
            if outcome.error is not None or outcome.object is None:
                return
            ranges = outcome.object
        yield from _say(ranges, _READY, ctx)


def _finish(ranges: Object, view: View, ctx: Context) -> Steps:
    if not _can_go(ranges, view):
        yield from _say(ranges, _IN_USE, ctx)
        return
    due = (read_instant(ranges["metadata"]["deletionTimestamp"]) or ctx.now) + DELETION_GRACE_SECONDS
    if due > ctx.now:
        yield Requeue(at=due, note=f"ServiceCIDR {name_of(ranges)} goes")
    elif FINALIZER in finalizers_of(ranges):
        meta = {**ranges["metadata"], "finalizers": [f for f in finalizers_of(ranges) if f != FINALIZER]}
        yield Update({**ranges, "metadata": meta}, because="no-address-is-left")


def _can_go(ranges: Object, view: View) -> bool:
    """Whether every address of it is in another one, too."""
    name = name_of(ranges)
    others = [n for o in view.objects(RANGES) if name_of(o) != name for n in networks_of(o)]
    mine = list(networks_of(ranges))
    if all(any(m.version == o.version and m.subnet_of(o) for o in others) for m in mine):  # type: ignore[arg-type]
        return True
    families = {m.version for m in mine}
    for address in view.objects(ADDRESS):
        ip = ipaddress.ip_address(name_of(address))
        if labels_of(address).get(MANAGED_BY) == ALLOCATOR and ip.version in families and _names_with(str(ip), view) == [name]:
            return False
    return True


def _say(ranges: Object, wanted: dict[str, Any], ctx: Context) -> Steps:
    conditions = get_in(ranges, ("status", "conditions")) or []
    known = next((c for c in conditions if c["type"] == wanted["type"]), None)
    if known is not None and all((known.get(k) or "") == v for k, v in wanted.items()):
        yield Noop("condition-is-current")
        return
    made = {**wanted, "lastTransitionTime": write_instant(ctx.now)}
    changed = [made if c is known else c for c in conditions] if known is not None else [*conditions, made]
    status = {**(ranges.get("status") or EMPTY), "conditions": changed}
    yield Update({**ranges, "status": status}, because="in-use" if wanted is _IN_USE else "ready", subresource="status")


CONTROLLER = ServiceCIDRs
