"""What may change of a pod that exists: little of itself, more through its subresources.

Mirrors: pkg/apis/core/validation/validation.go (ValidatePodUpdate, ValidatePodEphemeralContainersUpdate) (1.36)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kplan.apiserver.field import METADATA, NOWHERE, SPEC, Errors, FieldError, FieldPath, forbidden, invalid, required
from kplan.apiserver.internalform import internal_diff, internal_json
from kplan.apiserver.rules.metadata import semantically_equal, validate_object_meta_update
from kplan.apiserver.rules.names import range_error
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.podresize import set_back, validate_pod_resize
from kplan.apiserver.rules.podscheduling import validate_tolerations
from kplan.apiserver.rules.podspec import MIRROR_POD
from kplan.apiserver.rules.podtemplates import APP_ARMOR, validate_pod_annotations, validate_pod_metadata_and_spec
from kplan.model.gotext import go_quote
from kplan.model.objects import Object, annotations_of, get_in

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
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
Spec = dict[str, Any]


def validate_pod_update(new: Object, old: Object, options: PodOptions, subresource: str) -> Errors:
    """A pod, or one of its subresources, on update."""
    match subresource:
        case "ephemeralcontainers":
            return _validate_ephemeral_update(new, old, options)
        case "resize":
            return validate_pod_resize(new, old, options)
        case _:
            return _validate_plain_update(new, old, options)


def _validate_plain_update(new: Object, old: Object, options: PodOptions) -> Errors:
    spec, before = new["spec"], old["spec"]
    yield from validate_object_meta_update(new["metadata"], old["metadata"])
    yield from validate_pod_metadata_and_spec(new, options)
    yield from validate_annotation_updates(new, old, options)
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


def validate_annotation_updates(new: Object, old: Object, options: PodOptions) -> Errors:
    """The annotations that may not change, and those with a meaning for pods."""
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
        yield invalid(
            SPEC.child("nodeSelector"),
            new,
            "only additions to spec.nodeSelector are allowed (no mutations or deletions)",
        )
    set_back(munged, "nodeSelector", before.get("nodeSelector"))
    old_node = get_in(before, ("affinity", "nodeAffinity"))
    new_node = get_in(munged, ("affinity", "nodeAffinity"))
    if semantically_equal(old_node, new_node):
        return
    yield from _validate_node_affinity(new_node, old_node)
    affinity = dict(munged.get("affinity") or {})
    set_back(affinity, "nodeAffinity", old_node)
    set_back(munged, "affinity", affinity if affinity or before.get("affinity") is not None else None)


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
        yield forbidden(NOWHERE, "static pods do not support ephemeral containers")
        return
    yield from validate_object_meta_update(new["metadata"], old["metadata"])
    yield from validate_pod_metadata_and_spec(new, options)
    yield from validate_annotation_updates(new, old, options)
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
