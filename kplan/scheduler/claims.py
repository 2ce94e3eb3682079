"""The ResourceClaims of a pod, and what a pod's extended resources ask of device classes.

Mirrors: staging/src/k8s.io/dynamic-resource-allocation/resourceclaim/resourceclaim.go,
         pkg/scheduler/framework/plugins/dynamicresources/extendeddynamicresources.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kplan.model.objects import (
    EMPTY,
    Object,
    Ref,
    annotations_of,
    controller_of,
    is_deleting,
    name_of,
    namespace_of,
    uid_of,
)
from kplan.model.quantity import parse_or_zero
from kplan.store.deviceclasses import EXTENDED_CLAIM
from kplan.store.view import View

CLAIM = "ResourceClaim.resource.k8s.io"
SLICE = "ResourceSlice.resource.k8s.io"
FINALIZER = "resource.kubernetes.io/delete-protection"


class ClaimMissing(Exception):
    """A claim of the pod does not exist, is going, or is not the pod's; the message is the scheduler's own."""


def claims_of_pod(pod: Object, view: View) -> list[Object]:
    """The claims a pod refers to.

    Raises: ClaimMissing.
    """
    found = []
    for named in pod["spec"].get("resourceClaims") or ():
        name, generated = _claim_name(pod, named)
        if name is None:
            continue
        claim = view.get(Ref(CLAIM, namespace_of(pod), name))
        if claim is None:
            raise ClaimMissing(f'resourceclaim.resource.k8s.io "{name}" not found')
        if is_deleting(claim):
            raise ClaimMissing(f'resourceclaim "{name}" is being deleted')
        owner = controller_of(claim)
        if generated and (owner is None or owner.get("uid") != uid_of(pod)):
            whose = f"{namespace_of(pod)}/{name_of(pod)}"
            raise ClaimMissing(f"ResourceClaim {namespace_of(claim)}/{name} was not created for Pod {whose} (Pod is not owner)")
        found.append(claim)
    return found


def _claim_name(pod: Object, named: Mapping[str, Any]) -> tuple[str | None, bool]:
    """(name of the claim, whether it was made for the pod); None where none was needed."""
    whose = f'pod "{namespace_of(pod)}/{name_of(pod)}"'
    if named.get("resourceClaimName"):
        return named["resourceClaimName"], False
    if not named.get("resourceClaimTemplateName"):
        raise ClaimMissing(f'{whose}, spec.resourceClaim "{named.get("name")}": none of the supported fields are set')
    for status in (pod.get("status") or EMPTY).get("resourceClaimStatuses") or ():
        if status.get("name") == named.get("name"):
            return status.get("resourceClaimName"), True
    raise ClaimMissing(f"{whose}: ResourceClaim not created yet")


def requests_of(claim: Object) -> list[Mapping[str, Any]]:
    """``spec.devices.requests``."""
    return ((claim.get("spec") or EMPTY).get("devices") or EMPTY).get("requests") or []


def is_reserved_for(claim: Object, pod: Object) -> bool:
    """Whether the pod is among those that may use the claim."""
    return any(r.get("uid") == uid_of(pod) for r in (claim.get("status") or EMPTY).get("reservedFor") or ())


def extended_claim_of(pod: Object, view: View) -> Object | None:
    """The claim the scheduler made before for the pod's extended resources."""
    for claim in view.objects(CLAIM, namespace_of(pod)):
        owner = controller_of(claim)
        if annotations_of(claim).get(EXTENDED_CLAIM) == "true" and owner is not None and owner.get("uid") == uid_of(pod):
            return claim
    return None


# -- extended resources --------------------------------------------------------------------------------------------

Mapped = list[dict[str, str]]
"""(container, resource, request), as the pod's status tells."""


def device_requests(pod: Object, wanted: Mapping[str, int], class_of: Callable[[str], Object | None]) -> tuple[list[dict[str, Any]], Mapped]:
    """Requests for devices that stand for extended resources, and which container uses which.

    Init containers that end use the devices of the containers after them before they ask for their own; of what they
    ask for in addition only the largest counts.
    """
    inits = pod["spec"].get("initContainers") or []
    containers = [*inits, *(pod["spec"].get("containers") or [])]
    brief = [i for i, c in enumerate(inits) if c.get("restartPolicy") != "Always"]
    requests: list[dict[str, Any]] = []
    mappings: Mapped = []
    for resource in sorted(wanted):
        device_class = class_of(resource)
        if device_class is None:
            continue
        lasting: list[dict[str, Any] | None] = [None] * len(containers)
        for i, container in enumerate(containers):
            if i not in brief:
                lasting[i], mapped = _request(i, container, resource, name_of(device_class), [])
                mappings += mapped
        largest, mapped = _brief_requests(brief, containers, resource, name_of(device_class), lasting)
        requests += [r for r in (largest, *lasting) if r is not None]
        mappings += mapped
    return sorted(requests, key=lambda r: str(r["name"])), mappings


def _brief_requests(
    brief: list[int], containers: list[Any], resource: str, class_name: str, lasting: list[dict[str, Any] | None]
) -> tuple[dict[str, Any] | None, Mapped]:
    largest: dict[str, Any] | None = None
    names, mappings = set(), []
    for i in brief:
        request, mapped = _request(i, containers[i], resource, class_name, [r for r in lasting[i:] if r is not None])
        mappings += mapped
        if request is not None:
            names.add(request["name"])
            if largest is None or largest["exactly"]["count"] < request["exactly"]["count"]:
                largest = request
    for mapping in mappings:
        if largest is not None and mapping["requestName"] in names:
            mapping["requestName"] = largest["name"]
    return largest, mappings


def _request(index: int, container: Any, resource: str, class_name: str, usable: list[dict[str, Any]]) -> tuple[dict[str, Any] | None, Mapped]:
    """What a container asks for besides the requests it can use already."""
    asked = (container.get("resources") or EMPTY).get("requests") or EMPTY
    missing = parse_or_zero(asked.get(resource)).value()
    mappings: Mapped = []
    if missing == 0:
        return None, mappings

    def mapped(name: str) -> dict[str, str]:
        return {"containerName": container["name"], "resourceName": resource, "requestName": name}

    for request in usable:
        missing -= request["exactly"]["count"]
        mappings.append(mapped(request["name"]))
        if missing <= 0:
            return None, mappings
    name = f"container-{index}-request-{sorted(asked).index(resource)}"
    exactly = {"deviceClassName": class_name, "allocationMode": "ExactCount", "count": missing}
    return {"name": name, "exactly": exactly}, [*mappings, mapped(name)]
