"""Evicts pods whose devices are tainted NoExecute, unless their claims tolerate it, or until they do no longer.

Mirrors: pkg/controller/devicetainteviction/device_taint_eviction.go,
         staging/src/k8s.io/dynamic-resource-allocation/resourceclaim/devicetoleration.go (1.36)
Differs: DeviceTaintRules are not read; their gate is off. Longer tolerations are listed under "Later".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kplan.controllers.pods import node_of
from kplan.engine.contract import SHORT_SECONDS, Context, Delete, Emit, Key, Noop, Requeue, Steps, Update, Watch
from kplan.model.disruptiontarget import as_disruption_target
from kplan.model.instants import read_instant
from kplan.model.objects import EMPTY, Object, Ref, get_in, is_deleting, name_of, namespace_of, uid_of
from kplan.store.journal import Write
from kplan.store.view import View

CLAIM, SLICE = "ResourceClaim.resource.k8s.io", "ResourceSlice.resource.k8s.io"
NO_EXECUTE = "NoExecute"
_REASON, _MESSAGE = "DeletionByDeviceTaintManager", "Device Taint manager: deleting due to NoExecute taint"

Taint = Mapping[str, Any]


def _users(claim: Object | None) -> Iterator[Key]:
    """The pods a claim is reserved for."""
    for consumer in get_in(claim, ("status", "reservedFor")) or ():
        if consumer.get("resource") == "pods":
            yield Ref("Pod", namespace_of(claim or EMPTY), consumer["name"])


def _of_claim(write: Write, _: View) -> Iterable[Key]:
    return dict.fromkeys([*_users(write.before), *_users(write.after)])


def _of_slice(write: Write, view: View) -> Iterable[Key]:
    pools = {_pool(s) for s in (write.before, write.after) if s is not None}
    return [k for c in view.objects(CLAIM) if any((r["driver"], r["pool"]) in pools for r in _results(c)) for k in _users(c)]


def _of_pod(write: Write, _: View) -> Iterable[Key]:
    pod = write.after
    return (write.ref,) if pod is not None and node_of(pod) and pod["spec"].get("resourceClaims") else ()


class DeviceTaintEviction:
    """The key is a pod."""

    name = "device-taint-eviction-controller"
    priority = 0
    watches = (
        Watch("Pod", _of_pod, "a pod that uses devices"),
        Watch(CLAIM, _of_claim, "the devices of its claim"),
        Watch(SLICE, _of_slice, "the taints of its devices"),
    )

    def __init__(self) -> None:
        self._scheduled: dict[Ref, str] = {}
        """The UIDs of pods that are to be evicted."""

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Evict the pod, or plan it, or call it off."""
        assert isinstance(key, Ref)
        pod = view.get(key)
        if pod is None or not ctx.gates.on("DRADeviceTaints"):
            self._scheduled.pop(key, None)
            return
        due = _due(pod, view, ctx.now)
        if due is None:
            if self._scheduled.pop(key, None) == uid_of(pod):
                yield Emit(key, "DeviceTaintManagerEviction", "Cancelling deletion")
            yield Noop("devices-are-not-tainted")
        elif is_deleting(pod):
            self._scheduled.pop(key, None)
        elif due > ctx.now:
            self._scheduled[key] = uid_of(pod)
            yield Requeue(at=due, background=due - ctx.now > SHORT_SECONDS, note=f"pod {key.name} is evicted for its devices")
        else:
            self._scheduled.pop(key, None)
            yield Emit(key, "DeviceTaintManagerEviction", "Marking for deletion")
            if (marked := as_disruption_target(pod, _REASON, _MESSAGE, ctx.now)) is not pod:
                yield Update(marked, because="devices-are-tainted", subresource="status")
            yield Delete(key, because="devices-are-tainted", uid=uid_of(pod))


def _due(pod: Object, view: View, now: float) -> float | None:
    """When the first of the pod's devices drives it out; None where none does."""
    if not node_of(pod):
        return None
    instants = [at for claim in _claims(pod, view) for result in _results(claim) for at in _instants(result, view, now)]
    return min(instants, default=None)


def _claims(pod: Object, view: View) -> Iterator[Object]:
    """The claims the pod uses: allocated, and reserved for it."""
    made = {s["name"]: s.get("resourceClaimName") for s in get_in(pod, ("status", "resourceClaimStatuses")) or ()}
    for entry in pod["spec"].get("resourceClaims") or ():
        name = entry.get("resourceClaimName") or made.get(entry["name"])
        claim = view.get(Ref(CLAIM, namespace_of(pod), name)) if name else None
        if claim is not None and any(c.get("uid") == uid_of(pod) for c in get_in(claim, ("status", "reservedFor")) or ()):
            yield claim


def _instants(result: Mapping[str, Any], view: View, now: float) -> Iterator[float]:
    for taint in _taints(result, view):
        added = read_instant(taint.get("timeAdded"))
        since = now if added is None else added
        matching = [t for t in result.get("tolerations") or () if t.get("effect") == NO_EXECUTE and _tolerates(t, taint)]
        seconds = [t.get("tolerationSeconds") for t in matching]
        if None not in seconds:
            yield since + min((max(float(s), 0.0) for s in seconds), default=0.0)


def _taints(result: Mapping[str, Any], view: View) -> Iterator[Taint]:
    """The taints that drive out, of a device as the newest slices of its pool show it."""
    slices = [s for s in view.objects(SLICE) if _pool(s) == (result["driver"], result["pool"])]
    newest = max((_generation(s) for s in slices), default=0)
    for piece in sorted((s for s in slices if _generation(s) == newest), key=name_of):
        for device in piece["spec"].get("devices") or ():
            if device["name"] == result["device"]:
                yield from (t for t in device.get("taints") or () if t.get("effect") == NO_EXECUTE)
                return


def _tolerates(toleration: Mapping[str, Any], taint: Taint) -> bool:
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    operator = toleration.get("operator") or "Equal"
    return operator == "Exists" or (operator == "Equal" and (toleration.get("value") or "") == (taint.get("value") or ""))


def _pool(piece: Object) -> tuple[str, str]:
    return piece["spec"]["driver"], piece["spec"]["pool"]["name"]


def _generation(piece: Object) -> int:
    return int(piece["spec"]["pool"].get("generation") or 0)


def _results(claim: Object) -> list[Mapping[str, Any]]:
    return get_in(claim, ("status", "allocation", "devices", "results")) or []


CONTROLLER = DeviceTaintEviction
