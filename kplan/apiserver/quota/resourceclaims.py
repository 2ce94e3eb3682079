"""What ResourceClaims use of a quota: devices by their class, and the extended resources that stand for them.

A claim that was made for a pod's extended resources only counts with what the pod itself does not count with.

Mirrors: pkg/quota/v1/evaluator/core/resource_claims.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.quota.evaluator import ONE, ZERO, Evaluator
from kplan.apiserver.quota.pods import DEVICE_CLASS, is_extended, pod_usage
from kplan.catalog.gates import Gates
from kplan.model.objects import Object, Ref, annotations_of, controller_of, get_in, name_of, namespace_of, uid_of
from kplan.model.podresources import Amounts, add, raise_to
from kplan.model.quantity import Quantity
from kplan.store.deviceclasses import EXTENDED_CLAIM, IMPLICIT, device_class_of, extended_resource_of
from kplan.store.view import View, owned

KIND = "ResourceClaim.resource.k8s.io"
_COUNT = "count/resourceclaims.resource.k8s.io"
_BY_CLASS = ".deviceclass.resource.k8s.io/devices"
_REQUESTS = "requests."
_MOST_DEVICES = 32


def evaluator(view: View, gates: Gates) -> Evaluator:
    """How claims are counted in a cluster with these device classes."""
    if not gates.on("DRAExtendedResource"):
        return _BY_CLASS_ONLY

    def usage(claim: Object, now: float) -> Amounts:
        used = _devices_usage(claim, now)
        _add_extended(used, _usage_of_its_pod(claim, view, now), view)
        return used

    return Evaluator(usage, lambda name: _named(name) or _names_devices(name, view), on_update=True)


def _named(name: str) -> bool:
    return name == _COUNT or name.endswith(_BY_CLASS)


def _names_devices(name: str, view: View) -> bool:
    resource = name.removeprefix(_REQUESTS)
    if resource == name or not (is_extended(resource) or resource.startswith(IMPLICIT)):
        return False
    return device_class_of(view, resource) is not None


def _devices_usage(claim: Object, _: float) -> Amounts:
    """The devices a claim may get, by their class; where it leaves a choice, the most of each class."""
    out = {_COUNT: ONE}
    for request in get_in(claim, ("spec", "devices", "requests")) or []:
        most: Amounts = {}
        for choice in request.get("firstAvailable") or [request.get("exactly") or {}]:
            if name := choice.get("deviceClassName"):
                raise_to(most, {name + _BY_CLASS: _devices(choice)})
        add(out, most)
    return out


def _devices(request: Mapping[str, Any]) -> Quantity:
    if request.get("allocationMode") == "All":
        return Quantity.parse(str(_MOST_DEVICES))
    return Quantity.parse(str(request.get("count") or 0)) if request.get("allocationMode") == "ExactCount" else ZERO


def _add_extended(used: Amounts, by_pod: Mapping[str, Quantity], view: View) -> None:
    """The same devices under their names as extended resources, as far as the pod does not count with them."""
    classes = [name.removesuffix(_BY_CLASS) for name in used if name.endswith(_BY_CLASS)]
    for device_class in classes:
        devices = used[device_class + _BY_CLASS]
        names = [DEVICE_CLASS + device_class]
        if resource := extended_resource_of(view, device_class):
            names.append(_REQUESTS + resource)
        for name in names:
            left = devices - by_pod[name] if name in by_pod else devices
            if left.nano > 0:
                used[name] = left


def _usage_of_its_pod(claim: Object, view: View, now: float) -> Amounts:
    """What the pod uses that a claim was made for; nothing where the claim was not, or another one was as well."""
    owner = controller_of(claim)
    if annotations_of(claim).get(EXTENDED_CLAIM) != "true" or owner is None or (owner["apiVersion"], owner["kind"]) != ("v1", "Pod"):
        return {}
    pod = view.get(Ref("Pod", namespace_of(claim), owner["name"]))
    if pod is None or uid_of(pod) != owner["uid"]:
        return {}
    status = get_in(pod, ("status", "extendedResourceClaimStatus"))
    mine = status["resourceClaimName"] == name_of(claim) if status else _is_first(claim, owner["uid"], view)
    return pod_usage(pod, now) if mine else {}


def _is_first(claim: Object, pod_uid: str, view: View) -> bool:
    """Whether no other claim for the pod's extended resources was made before."""
    others = (
        other
        for other in owned(view, pod_uid, KIND)
        if annotations_of(other).get(EXTENDED_CLAIM) == "true" and (controller_of(other) or {}).get("uid") == pod_uid
    )
    return all(_made(claim) <= _made(other) for other in others)


def _made(claim: Object) -> tuple[str, str]:
    return claim["metadata"].get("creationTimestamp") or "", name_of(claim)


_BY_CLASS_ONLY = Evaluator(_devices_usage, _named, on_update=True)
