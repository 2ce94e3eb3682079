"""PersistentVolume.

Mirrors: pkg/registry/core/persistentvolume/strategy.go, pkg/apis/core/validation/validation.go (ValidatePersistentVolume),
         pkg/volume/validation/pv_validation.go, pkg/api/persistentvolume/util.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kplan.apiserver.field import METADATA, ROOT, SPEC, Errors, forbidden, invalid, required
from kplan.apiserver.internalform import internal_diff, internal_json
from kplan.apiserver.rules.metadata import (
    semantically_equal,
    validate_immutable,
    validate_object_meta,
    validate_update_of,
)
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.rules.nodeselectors import has_invalid_label_value, node_selector_term_warnings
from kplan.apiserver.rules.persistentvolumes import (
    SOURCES,
    default_persistent_volume_source,
    round_resource_list,
    validate_persistent_volume_spec,
)
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.instants import write_instant
from kplan.model.objects import Object, annotations_of, get_in, name_of

MOUNT_OPTIONS = "volume.beta.kubernetes.io/mount-options"

_MOUNTABLE = (
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "nfs",
    "rbd",
    "quobyte",
    "iscsi",
    "cinder",
    "cephfs",
    "azureFile",
    "vsphereVolume",
    "azureDisk",
    "photonPersistentDisk",
)
_DEPRECATED_ANNOTATIONS = (
    ("volume.beta.kubernetes.io/storage-class", 'deprecated since v1.8; use "storageClassName" attribute instead'),
    (MOUNT_OPTIONS, 'deprecated since v1.31; use "mountOptions" attribute instead'),
)
_NAMES = {"storageos": "storageOS"}
_DEPRECATED_SOURCES = (
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
)


def _default(draft: Draft, context: StrategyContext) -> None:
    status = draft.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"
    spec = draft.setdefault("spec", {})
    if not spec.get("persistentVolumeReclaimPolicy"):
        spec["persistentVolumeReclaimPolicy"] = "Retain"
    if spec.get("volumeMode") is None:
        spec["volumeMode"] = "Filesystem"
    round_resource_list(spec.get("capacity"))
    default_persistent_volume_source(spec)


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    draft["status"] = {"phase": "Pending", "lastPhaseTransitionTime": write_instant(context.now)}
    _drop_disabled(draft, None, context)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    if context.subresource == "status":
        _move_transition_time(draft, old, context)
    else:
        _drop_disabled(draft, old, context)


def _drop_disabled(draft: Draft, old: Object | None, context: StrategyContext) -> None:
    if not context.gates.on("VolumeAttributesClass") and get_in(old, ("spec", "volumeAttributesClassName")) is None:
        draft["spec"].pop("volumeAttributesClassName", None)


def _move_transition_time(draft: Draft, old: Object, context: StrategyContext) -> None:
    status, before = draft.get("status") or {}, old.get("status") or {}
    at, old_at = status.get("lastPhaseTransitionTime"), before.get("lastPhaseTransitionTime")
    if status.get("phase") == before.get("phase"):
        moved = old_at if at is None else at
    else:
        moved = write_instant(context.now) if at is None or at == old_at else at
    if moved is not None and moved != at:
        draft["status"] = {**status, "lastPhaseTransitionTime": moved}


def _validate(obj: Object, context: StrategyContext, old: Object | None = None) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=False, name_rule=name_is_dns_subdomain)
    terms = get_in(old, ("spec", "nodeAffinity", "required", "nodeSelectorTerms"), ())
    yield from validate_persistent_volume_spec(
        obj.get("spec") or {},
        SPEC,
        volume_name=name_of(obj),
        attributes_class=context.gates.on("VolumeAttributesClass") or get_in(old, ("spec", "volumeAttributesClassName")) is not None,
        allow_invalid_values=has_invalid_label_value(terms),
    )


def _validate_mount_options(obj: Object) -> Errors:
    spec = obj.get("spec") or {}
    if MOUNT_OPTIONS in annotations_of(obj) and all(spec.get(s) is None for s in _MOUNTABLE):
        yield forbidden(METADATA.child("annotations", MOUNT_OPTIONS), "may not specify mount options for this volume type")


def _validate_create(obj: Object, context: StrategyContext) -> Errors:
    yield from _validate(obj, context)
    yield from _validate_mount_options(obj)


def _validate_update(obj: Object, old: Object, context: StrategyContext) -> Errors:
    if context.subresource == "status":
        yield from validate_update_of(obj, old)
        if not obj["metadata"].get("resourceVersion"):
            yield required(ROOT.child("resourceVersion"))
        return
    yield from _validate(obj, context, old)
    yield from _validate_mount_options(obj)
    yield from _validate(obj, context, old)
    spec, before = obj.get("spec") or {}, old.get("spec") or {}
    source, old_source = _source(spec, before), _source(before)
    if not semantically_equal(source, old_source):
        diff = internal_diff("core.PersistentVolumeSource", old_source, source)
        yield forbidden(SPEC.child("persistentvolumesource"), f"spec.persistentvolumesource is immutable after creation\n{diff}")
    yield from validate_immutable(spec.get("volumeMode"), before.get("volumeMode"), ROOT.child("volumeMode"))
    if not context.gates.on("MutablePVNodeAffinity") and before.get("nodeAffinity") is not None:
        yield from _validate_node_affinity_update(spec.get("nodeAffinity"), before["nodeAffinity"])
    yield from _validate_attributes_class_update(spec, before, context)


def _source(spec: Object, before: Object | None = None) -> dict[str, Any]:
    """The volume source; where ``before`` had no secret to expand with, one that was added counts as absent."""
    source = {name: spec[name] for name, *_ in SOURCES if spec.get(name) is not None}
    csi = source.get("csi")
    if csi and before and before.get("csi") and before["csi"].get("controllerExpandSecretRef") is None:
        source["csi"] = {k: v for k, v in csi.items() if k != "controllerExpandSecretRef"}
    return source


_RENAMED_LABELS = {
    "beta.kubernetes.io/os": "kubernetes.io/os",
    "beta.kubernetes.io/arch": "kubernetes.io/arch",
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
    "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
}


def _validate_node_affinity_update(affinity: Any, before: Any) -> Errors:
    """Node affinity may change only from beta labels to their stable names."""
    if not _equal_but_for_renames(affinity, before):
        shown = None if affinity is None else internal_json("core.VolumeNodeAffinity", affinity)
        yield invalid(ROOT.child("nodeAffinity"), shown, "field is immutable, except for updating from beta label to GA")


def _equal_but_for_renames(new: Any, old: Any) -> bool:
    if isinstance(new, dict) and isinstance(old, dict):
        if "operator" in new and _RENAMED_LABELS.get(old.get("key") or "") == new.get("key"):
            old = {**old, "key": new.get("key")}
        return all(_equal_but_for_renames(new.get(k), old.get(k)) for k in {*new, *old})
    if isinstance(new, list) and isinstance(old, list):
        return len(new) == len(old) and all(map(_equal_but_for_renames, new, old))
    return semantically_equal(new, old)


def _validate_attributes_class_update(spec: Object, before: Object, context: StrategyContext) -> Errors:
    name, old_name = spec.get("volumeAttributesClassName"), before.get("volumeAttributesClassName")
    if name == old_name:
        return
    here = SPEC.child("volumeAttributesClassName")
    if not context.gates.on("VolumeAttributesClass"):
        yield forbidden(here, "update is forbidden when the VolumeAttributesClass feature gate is disabled")
    if old_name is not None and name is None:
        yield forbidden(here, "update from non-nil value to nil is forbidden")


def _warnings(obj: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    if context.subresource:
        return
    spec = obj.get("spec") or {}
    for key, said in _DEPRECATED_ANNOTATIONS:
        if key in annotations_of(obj):
            yield f"{METADATA.child('annotations').key(key)}: {said}"
    if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        yield (
            "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
            "Instead, the recommended approach is to use dynamic provisioning."
        )
    path = SPEC.child("nodeAffinity", "required", "nodeSelectorTerms")
    for i, term in enumerate(get_in(spec, ("nodeAffinity", "required", "nodeSelectorTerms"), ())):
        yield from node_selector_term_warnings(term, path.index(i))
    for source, said in _DEPRECATED_SOURCES:
        if spec.get(source) is not None:
            yield f"{SPEC.child(_NAMES.get(source, source))}: {said}"


STRATEGY = Strategy(
    kind="PersistentVolume",
    default=_default,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate_create,
    validate_update=_validate_update,
    warnings=_warnings,
    has_status=True,
    generation_fields=(),
)
