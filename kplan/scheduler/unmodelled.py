"""What of this cluster and this configuration the scheduler does not model, in words for the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.catalog.gates import Gates
from kplan.model.objects import EMPTY, Object, name_of, namespace_of
from kplan.store.view import View

_SLICE_PARTS = (
    ("sharedCounters", "sharedCounters", "devices that share counters are given out as if each had its own"),
    ("allowMultipleAllocations", "devices", "devices that several claims may share are given out whole"),
    ("bindingConditions", "devices", "binding conditions of devices are not awaited"),
)


def unmodelled(view: View, configuration: Mapping[str, Any] | None, gates: Gates) -> Iterator[str]:
    """Lines for extenders and plugins that are not asked, and for device features that are not looked at."""
    if configuration:
        from kplan.scheduler.configuration import configuration_of

        for what in configuration_of(configuration, gates).unmodelled:
            yield f"{what} is not asked where pods may go"
    for obj in view.objects("ResourceSlice.resource.k8s.io"):
        for why in _of_slice(obj.get("spec") or EMPTY):
            yield f"ResourceSlice {name_of(obj)}: {why}"
    for obj in view.objects("ResourceClaim.resource.k8s.io"):
        if any(_asks_for_capacity(r) for r in ((obj.get("spec") or EMPTY).get("devices") or EMPTY).get("requests") or ()):
            yield f"ResourceClaim {namespace_of(obj)}/{name_of(obj)}: its capacity requests only choose devices, they are not taken from them"
    groups = [p for p in view.objects("Pod") if _is_in_group(p)]
    if groups:
        yield f"{len(groups)} pods of pod groups are scheduled one by one"


def _of_slice(spec: Mapping[str, Any]) -> Iterator[str]:
    for part, where, why in _SLICE_PARTS:
        if spec.get(part) or (where == "devices" and any(d.get(part) for d in spec.get("devices") or ())):
            yield why


def _asks_for_capacity(request: Mapping[str, Any]) -> bool:
    options = request.get("firstAvailable") or [request.get("exactly") or EMPTY]
    return any(option.get("capacity") for option in options)


def _is_in_group(pod: Object) -> bool:
    return bool((pod["spec"].get("schedulingGroup") or EMPTY).get("podGroupName"))
