"""What may change of the resources of a pod that runs.

Mirrors: pkg/apis/core/validation/validation.go (ValidatePodResize) (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.apiserver.field import NOWHERE, SPEC, Errors, forbidden, invalid
from kplan.apiserver.rules.metadata import semantically_equal, validate_object_meta_update
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.podresources import is_restartable_init_container, qos_class
from kplan.apiserver.rules.podspec import MIRROR_POD
from kplan.apiserver.rules.podtemplates import validate_pod_metadata_and_spec
from kplan.model.objects import EMPTY, Object, annotations_of, get_in

_NO_POD_LEVEL_RESIZE = (
    "resize of pods with pod-level resources is forbidden when InPlacePodLevelResourcesVerticalScalingEnabled "
    "feature gate is disabled"
)
_ONLY_COMPUTE = "only cpu and memory resources are mutable"

Spec = dict[str, Any]


def validate_pod_resize(new: Object, old: Object, options: PodOptions) -> Errors:
    """A pod on update of its ``resize`` subresource."""
    if MIRROR_POD in annotations_of(old):
        yield forbidden(NOWHERE, "static pods cannot be resized")
        return
    if get_in(old, ("spec", "os", "name")) == "windows":
        yield forbidden(NOWHERE, "windows pods cannot be resized")
        return
    errors = [
        *validate_object_meta_update(new["metadata"], old["metadata"]),
        *validate_pod_metadata_and_spec(new, options),
    ]
    quality = get_in(old, ("status", "qosClass")) or qos_class(old["spec"])
    if quality != qos_class(new["spec"]):
        said = "Pod QOS Class may not change as a result of resizing"
        errors.append(invalid(SPEC, get_in(new, ("status", "qosClass"), ""), said))
    running = [
        s for s in get_in(old, ("status", "containerStatuses"), ()) if get_in(s, ("state", "running")) is not None
    ]
    if running and running[0].get("resources") is None:
        errors.append(forbidden(SPEC, "Pod running on node without support for resize"))
    if not options.resize_pod_level and any(_has_pod_level_resources(p["spec"]) for p in (old, new)):
        yield from errors
        yield forbidden(NOWHERE, _NO_POD_LEVEL_RESIZE)
        return
    errors.extend(_pod_level_errors(new["spec"], old["spec"]))
    if get_in(old, ("status", "nodeAllocatableResourceClaimStatuses")):
        errors.append(forbidden(SPEC, "pods with node allocatable resource claims cannot be resized"))
    order = list(_validate_order(new["spec"], old["spec"]))
    errors.extend(order)
    if not order:
        errors.extend(_validate_container_resizes(new["spec"], old["spec"], options))
    yield from errors
    if not errors and not semantically_equal(_without_compute(new["spec"], old["spec"]), old["spec"]):
        yield forbidden(SPEC, _ONLY_COMPUTE)


def _has_pod_level_resources(spec: Object) -> bool:
    return bool(get_in(spec, ("resources", "requests")) or get_in(spec, ("resources", "limits")))


def _pod_level_errors(new: Object, old: Object) -> Errors:
    now, before, here = new.get("resources"), old.get("resources"), SPEC.child("resources")
    if before is not None and now is None:
        yield forbidden(here, "pod-level resources cannot be removed")
        return
    for what in ("requests", "limits"):
        if before is not None and _removed((now or EMPTY).get(what), before.get(what)):
            yield forbidden(here.child(what), f"pod-level resource {what} cannot be removed")
    if now is not None and not semantically_equal(_keep_compute(now, before or EMPTY), before):
        yield forbidden(SPEC, "only cpu and memory resources are mutable at pod-level")


def _validate_order(new: Object, old: Object) -> Errors:
    for field in ("containers", "initContainers"):
        now, before = new.get(field) or (), old.get(field) or ()
        if len(now) != len(before):
            yield forbidden(SPEC.child(field), f"{field} may not be added or removed on resize")
            continue
        for i, (a, b) in enumerate(zip(now, before, strict=True)):
            if a.get("name") != b.get("name"):
                yield forbidden(
                    SPEC.child(field).index(i).child("name"), f"{field} may not be renamed or reordered on resize"
                )


def _validate_container_resizes(new: Object, old: Object, options: PodOptions) -> Errors:
    for field in ("initContainers", "containers"):
        for i, (now, before) in enumerate(_pairs(new, old, field)):
            if (
                field == "initContainers"
                and not options.resize_init_containers
                and not is_restartable_init_container(before)
            ):
                continue
            a, b = now.get("resources") or EMPTY, before.get("resources") or EMPTY
            for what in ("requests", "limits"):
                if _removed(a.get(what), b.get(what)):
                    yield forbidden(
                        SPEC.child(field).index(i).child("resources", what), f"resource {what} cannot be removed"
                    )
    for now, before in _pairs(new, old, "containers"):
        if not semantically_equal(_resized(now, before), before):
            yield forbidden(SPEC, _ONLY_COMPUTE)
    for i, (now, before) in enumerate(_pairs(new, old, "initContainers")):
        here, sidecar = SPEC.child("initContainers").index(i), is_restartable_init_container(now)
        changed = not semantically_equal(now, before)
        if not sidecar and not options.resize_init_containers:
            if changed:
                yield forbidden(SPEC, "resources for non-sidecar init containers are immutable")
            continue
        if not semantically_equal(_resized(now, before), before):
            yield forbidden(here, "only cpu and memory resources for init or sidecar containers are mutable")
        if changed and not sidecar:
            for policy in now.get("resizePolicy") or ():
                if policy.get("restartPolicy") == "RestartContainer":
                    yield forbidden(
                        here, "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"
                    )


def _pairs(new: Object, old: Object, field: str) -> Iterable[tuple[Object, Object]]:
    return zip(new.get(field) or (), old.get(field) or (), strict=True)


def _removed(new: Mapping[str, Any] | None, old: Mapping[str, Any] | None) -> bool:
    return any(name not in (new or EMPTY) for name in old or EMPTY)


def _keep_compute(new: Object, old: Object) -> Spec:
    """New resources with cpu and memory set back to the old ones."""
    out: Spec = dict(new)
    for what in ("requests", "limits"):
        amounts = {k: v for k, v in (new.get(what) or EMPTY).items() if k not in ("cpu", "memory")}
        amounts |= {k: v for k, v in (old.get(what) or EMPTY).items() if k in ("cpu", "memory")}
        set_back(out, what, amounts or None)
    return out


def _resized(new: Object, old: Object) -> Spec:
    """A container with cpu and memory set back; its claims are lost on the way, so one that has any cannot be resized."""
    amounts = {k: v for k, v in (new.get("resources") or EMPTY).items() if k != "claims"}
    return {**new, "resources": _keep_compute(amounts, old.get("resources") or EMPTY)}


def _without_compute(new: Object, old: Object) -> Spec:
    out: Spec = dict(new)
    for field in ("containers", "initContainers"):
        if out.get(field):
            out[field] = [_resized(a, b) for a, b in zip(out[field], old[field], strict=True)]
    if out.get("resources") is not None:
        set_back(out, "resources", _keep_compute(out["resources"], old.get("resources") or EMPTY) or None)
    return out


def set_back(holder: Spec, field: str, value: Any) -> None:
    """Set a field, or drop it where there is no value."""
    if value is None:
        holder.pop(field, None)
    else:
        holder[field] = value
