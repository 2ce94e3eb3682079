"""What may change of a pod that exists: little of itself, more through its subresources.

Mirrors: pkg/apis/core/validation/validation.go (ValidatePodUpdate, ValidatePodEphemeralContainersUpdate, ValidatePodResize) (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kplan.apiserver.field import METADATA, SPEC, Errors, FieldError, FieldPath, forbidden, go_quote, invalid, required
from kplan.apiserver.internalform import internal_diff, internal_json
from kplan.apiserver.rules.metadata import semantically_equal, validate_object_meta_update
from kplan.apiserver.rules.names import range_error
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.podresources import is_restartable_init_container, qos_class
from kplan.apiserver.rules.podscheduling import validate_tolerations
from kplan.apiserver.rules.podspec import MIRROR_POD
from kplan.apiserver.rules.podtemplates import APP_ARMOR, validate_pod_annotations, validate_pod_metadata_and_spec
from kplan.model.objects import EMPTY, Object, annotations_of, get_in

_UPDATABLE = ",".join(
    (
        "`spec.containers[*].image`",
        "`spec.initContainers[*].image`",
        "`spec.activeDeadlineSeconds`",
        "`spec.tolerations` (only additions to existing tolerations)",
        "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    )
)
_MOST_DEADLINE = 2**31 - 1
_NOWHERE = FieldPath().key("")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_ONLY_COMPUTE = "only cpu and memory resources are mutable"

Spec = dict[str, Any]


def validate_pod_update(new: Object, old: Object, options: PodOptions, subresource: str) -> Errors:
    """A pod, or one of its subresources, on update."""
    match subresource:
        case "ephemeralcontainers":
            return _validate_ephemeral_update(new, old, options)
        case "resize":
            return _validate_resize(new, old, options)
        case "status":
            return validate_object_meta_update(new["metadata"], old["metadata"])
        case _:
            return _validate_plain_update(new, old, options)


def _validate_plain_update(new: Object, old: Object, options: PodOptions) -> Errors:
    spec, before = new["spec"], old["spec"]
    yield from validate_object_meta_update(new["metadata"], old["metadata"])
    yield from validate_pod_metadata_and_spec(new, options)
    yield from _validate_annotation_updates(new, old, options)
    for field in ("containers", "initContainers"):
        here, containers = SPEC.child(field), spec.get(field) or ()
        if len(containers) != len(before.get(field) or ()):
            yield forbidden(here, "pod updates may not add or remove containers")
            return
        yield from _validate_images(containers, here)
    deadline_errors, stop = _deadline_errors(spec.get("activeDeadlineSeconds"), before.get("activeDeadlineSeconds"))
    yield from deadline_errors
    if stop:
        return
    yield from _validate_tolerations(spec, before, options)
    yield from _validate_gates(spec, before)
    if semantically_equal(spec, before):
        return
    munged: Spec = _without_updatable(spec, before)
    if before.get("schedulingGates"):
        yield from _validate_gated(munged, before)
    if not semantically_equal(munged, before):
        diff = internal_diff("core.PodSpec", before, munged)
        yield forbidden(SPEC, f"pod updates may not change fields other than {_UPDATABLE}\n{diff}")


def _validate_images(containers: Sequence[Object], path: FieldPath) -> Errors:
    for i, container in enumerate(containers):
        image = container.get("image") or ""
        if not image:
            yield required(path.index(i).child("image"))
        if image != image.strip():
            yield invalid(path.index(i).child("image"), image, "must not have leading or trailing whitespace")


def _deadline_errors(new: int | None, old: int | None) -> tuple[list[FieldError], bool]:
    here = SPEC.child("activeDeadlineSeconds")
    if new is None:
        said = "must not update from a positive integer to nil value"
        return ([invalid(here, None, said)] if old is not None else []), False
    if not 0 <= new <= _MOST_DEADLINE:
        return [invalid(here, new, range_error(0, _MOST_DEADLINE))], True
    if old is not None and old < new:
        return [invalid(here, new, "must be less than or equal to previous value")], True
    return [], False


def _validate_annotation_updates(new: Object, old: Object, options: PodOptions) -> Errors:
    now, before, here = annotations_of(new), annotations_of(old), METADATA.child("annotations")
    for key, value in before.items():
        if now.get(key) == value:
            continue
        if key.startswith(APP_ARMOR):
            yield forbidden(here.key(key), "may not remove or update AppArmor annotations")
        if key == MIRROR_POD:
            yield forbidden(here.key(key), "may not remove or update mirror pod annotation")
    for key in now.keys() - before.keys():
        if key.startswith(APP_ARMOR):
            yield forbidden(here.key(key), "may not add AppArmor annotations")
        if key == MIRROR_POD:
            yield forbidden(here.key(key), "may not add mirror pod annotation")
    yield from validate_pod_annotations(now, new["spec"], here, options)


def _validate_tolerations(spec: Object, before: Object, options: PodOptions) -> Errors:
    now, path = spec.get("tolerations") or [], SPEC.child("tolerations")

    def kept(toleration: Object) -> Object:
        return {k: v for k, v in toleration.items() if k != "tolerationSeconds"}

    if any(all(kept(old) != kept(new) for new in now) for old in before.get("tolerations") or ()):
        yield forbidden(path, "existing toleration can not be modified except its tolerationSeconds")
        return
    yield from validate_tolerations(now, path, options)


def _validate_gates(spec: Object, before: Object) -> Errors:
    old = {g.get("name") for g in before.get("schedulingGates") or ()}
    for i, gate in enumerate(spec.get("schedulingGates") or ()):
        if gate.get("name") not in old:
            here = SPEC.child("schedulingGates").index(i).child("name")
            yield forbidden(here, f"only deletion is allowed, but found new scheduling gate '{gate.get('name') or ''}'")


def _without_updatable(spec: Object, before: Object) -> Spec:
    """The new spec with everything that may change set back."""
    munged: Spec = dict(spec)
    for field in ("containers", "initContainers"):
        if munged.get(field):
            munged[field] = [{**n, "image": o.get("image")} for n, o in zip(munged[field], before[field], strict=True)]
    for field in ("activeDeadlineSeconds", "schedulingGates", "tolerations"):
        munged.pop(field, None)
        if before.get(field) is not None:
            munged[field] = before[field]
    grace = before.get("terminationGracePeriodSeconds")
    if grace is not None and grace < 0 and munged.get("terminationGracePeriodSeconds") == 1:
        munged["terminationGracePeriodSeconds"] = grace
    return munged


def _validate_gated(munged: Spec, before: Object) -> Errors:
    """A pod that no scheduler has seen may be told more about its node."""
    new, old = munged.get("nodeSelector") or {}, before.get("nodeSelector") or {}
    if any(new.get(k) != v for k, v in old.items()):
        yield invalid(SPEC.child("nodeSelector"), new, "only additions to spec.nodeSelector are allowed (no mutations or deletions)")
    _set_back(munged, "nodeSelector", before.get("nodeSelector"))
    old_node = get_in(before, ("affinity", "nodeAffinity"))
    new_node = get_in(munged, ("affinity", "nodeAffinity"))
    if semantically_equal(old_node, new_node):
        return
    yield from _validate_node_affinity(new_node, old_node)
    affinity = dict(munged.get("affinity") or {})
    _set_back(affinity, "nodeAffinity", old_node)
    _set_back(munged, "affinity", affinity if affinity or before.get("affinity") is not None else None)


def _set_back(holder: Spec, field: str, value: Any) -> None:
    if value is None:
        holder.pop(field, None)
    else:
        holder[field] = value


def _validate_node_affinity(new: Object | None, old: Object | None) -> Errors:
    old_terms: Sequence[Object] = get_in(old, (_REQUIRED, "nodeSelectorTerms"), [])
    new_terms: Sequence[Object] = get_in(new, (_REQUIRED, "nodeSelectorTerms"), [])
    here = SPEC.child("affinity", "nodeAffinity", _REQUIRED, "nodeSelectorTerms")
    if old_terms and len(old_terms) != len(new_terms):
        shown = internal_json("core.NodeSelectorTerm", list(new_terms))
        yield invalid(here, shown, "no additions/deletions to non-empty NodeSelectorTerms list are allowed")
        return
    for i, (before, now) in enumerate(zip(old_terms, new_terms, strict=False)):
        if not _only_adds(now, before):
            shown = internal_json("core.NodeSelectorTerm", now)
            yield invalid(here.index(i), shown, "only additions are allowed (no mutations or deletions)")


def _only_adds(new: Object, old: Object) -> bool:
    fields = ("matchExpressions", "matchFields")
    if not any(old.get(f) for f in fields):
        return not any(new.get(f) for f in fields)
    return all((new.get(f) or [])[: len(old[f])] == old[f] for f in fields if old.get(f))


# -- ephemeral containers --------------------------------------------------------------------------------------------


def _validate_ephemeral_update(new: Object, old: Object, options: PodOptions) -> Errors:
    if MIRROR_POD in annotations_of(old):
        yield forbidden(_NOWHERE, "static pods do not support ephemeral containers")
        return
    yield from validate_object_meta_update(new["metadata"], old["metadata"])
    yield from validate_pod_metadata_and_spec(new, options)
    yield from _validate_annotation_updates(new, old, options)
    here = SPEC.child("ephemeralContainers")
    by_name = {c.get("name"): c for c in new["spec"].get("ephemeralContainers") or ()}
    for container in old["spec"].get("ephemeralContainers") or ():
        name = container.get("name") or ""
        now = by_name.get(name)
        if now is None:
            yield forbidden(here, f"existing ephemeral containers {go_quote(name)} may not be removed\n")
        elif not semantically_equal(container, now):
            diff = internal_diff("core.EphemeralContainer", container, now)
            yield forbidden(here, f"existing ephemeral containers {go_quote(name)} may not be changed\n{diff}")


# -- resize ----------------------------------------------------------------------------------------------------------


def _validate_resize(new: Object, old: Object, options: PodOptions) -> Errors:
    if MIRROR_POD in annotations_of(old):
        yield forbidden(_NOWHERE, "static pods cannot be resized")
        return
    if get_in(old, ("spec", "os", "name")) == "windows":
        yield forbidden(_NOWHERE, "windows pods cannot be resized")
        return
    errors = [*validate_object_meta_update(new["metadata"], old["metadata"]), *validate_pod_metadata_and_spec(new, options)]
    quality = get_in(old, ("status", "qosClass")) or qos_class(old["spec"])
    if quality != qos_class(new["spec"]):
        said = "Pod QOS Class may not change as a result of resizing"
        errors.append(invalid(SPEC, get_in(new, ("status", "qosClass"), ""), said))
    running = [s for s in get_in(old, ("status", "containerStatuses"), ()) if get_in(s, ("state", "running")) is not None]
    if running and running[0].get("resources") is None:
        errors.append(forbidden(SPEC, "Pod running on node without support for resize"))
    errors.extend(_pod_level_errors(new["spec"], old["spec"]))
    order = list(_validate_order(new["spec"], old["spec"]))
    errors.extend(order)
    if not order:
        errors.extend(_validate_container_resizes(new["spec"], old["spec"]))
    yield from errors
    if not errors and not semantically_equal(_without_compute(new["spec"], old["spec"]), old["spec"]):
        yield forbidden(SPEC, _ONLY_COMPUTE)


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
                yield forbidden(SPEC.child(field).index(i).child("name"), f"{field} may not be renamed or reordered on resize")


def _validate_container_resizes(new: Object, old: Object) -> Errors:
    for field in ("initContainers", "containers"):
        for i, (now, before) in enumerate(zip(new.get(field) or (), old.get(field) or (), strict=True)):
            a, b = now.get("resources") or EMPTY, before.get("resources") or EMPTY
            for what in ("requests", "limits"):
                if _removed(a.get(what), b.get(what)):
                    yield forbidden(SPEC.child(field).index(i).child("resources", what), f"resource {what} cannot be removed")
    for now, before in zip(new.get("containers") or (), old.get("containers") or (), strict=True):
        if not semantically_equal(_resized(now, before), before):
            yield forbidden(SPEC, _ONLY_COMPUTE)
    for i, (now, before) in enumerate(zip(new.get("initContainers") or (), old.get("initContainers") or (), strict=True)):
        here = SPEC.child("initContainers").index(i)
        if not semantically_equal(_resized(now, before), before):
            yield forbidden(here, "only cpu and memory resources for init or sidecar containers are mutable")
        if not semantically_equal(now, before) and not is_restartable_init_container(now):
            for policy in now.get("resizePolicy") or ():
                if policy.get("restartPolicy") == "RestartContainer":
                    yield forbidden(here, "non-sidecar init containers with a resize policy of RestartContainer cannot be resized")


def _removed(new: Mapping[str, Any] | None, old: Mapping[str, Any] | None) -> bool:
    return any(name not in (new or EMPTY) for name in old or EMPTY)


def _keep_compute(new: Object, old: Object) -> Spec:
    """New resources with cpu and memory set back to the old ones."""
    out: Spec = dict(new)
    for what in ("requests", "limits"):
        amounts = {k: v for k, v in (new.get(what) or EMPTY).items() if k not in ("cpu", "memory")}
        amounts |= {k: v for k, v in (old.get(what) or EMPTY).items() if k in ("cpu", "memory")}
        _set_back(out, what, amounts or None)
    return out


def _resized(new: Object, old: Object) -> Spec:
    return {**new, "resources": _keep_compute(new.get("resources") or EMPTY, old.get("resources") or EMPTY)}


def _without_compute(new: Object, old: Object) -> Spec:
    out: Spec = dict(new)
    for field in ("containers", "initContainers"):
        if out.get(field):
            out[field] = [_resized(a, b) for a, b in zip(out[field], old[field], strict=True)]
    if out.get("resources") is not None:
        _set_back(out, "resources", _keep_compute(out["resources"], old.get("resources") or EMPTY) or None)
    return out
