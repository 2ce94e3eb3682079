"""PersistentVolumeClaim.

Mirrors: pkg/registry/core/persistentvolumeclaim/strategy.go, pkg/apis/core/validation/validation.go
         (ValidatePersistentVolumeClaim, ValidatePersistentVolumeClaimUpdate) (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kplan.apiserver.field import METADATA, ROOT, SPEC, Errors, FieldPath, forbidden, invalid, not_supported, required
from kplan.apiserver.internalform import internal_diff
from kplan.apiserver.rules.metadata import (
    IMMUTABLE,
    semantically_equal,
    validate_immutable,
    validate_object_meta,
    validate_update_of,
)
from kplan.apiserver.rules.names import each_invalid, is_qualified_name, name_is_dns_subdomain
from kplan.apiserver.rules.persistentvolumeclaims import (
    claim_spec_warnings,
    default_claim_spec,
    normalize_data_sources,
    validate_claim_spec,
)
from kplan.apiserver.rules.persistentvolumes import round_resource_list
from kplan.apiserver.rules.quantities import is_native_resource, validate_basic_resource, validate_resource_quantity
from kplan.apiserver.rules.selectors import validate_label_selector
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object, annotations_of, get_in
from kplan.model.quantity import parse_or_zero

BETA_CLASS = "volume.beta.kubernetes.io/storage-class"

_STATUS = ROOT.child("status")
_RESIZE_STATES = (
    "ControllerResizeInProgress",
    "ControllerResizeInfeasible",
    "NodeResizeInProgress",
    "NodeResizeInfeasible",
    "NodeResizePending",
)
_STORAGE = ("spec", "resources", "requests", "storage")
_SPEC_IMMUTABLE = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"


def _default(draft: Draft, context: StrategyContext) -> None:
    status = draft.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"
    round_resource_list(status.get("capacity"))
    round_resource_list(status.get("allocatedResources"))
    default_claim_spec(draft.setdefault("spec", {}))


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    draft["status"] = {"phase": "Pending"}
    normalize_data_sources(draft["spec"], None, context)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    if context.subresource == "":
        normalize_data_sources(draft["spec"], old, context)


def _validate(obj: Object, context: StrategyContext, old: Object | None = None) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    before = (old or {}).get("spec") or {}
    sources = (before.get("dataSource"), before.get("dataSourceRef"))
    yield from validate_claim_spec(
        obj.get("spec") or {},
        SPEC,
        attributes_class=context.gates.on("VolumeAttributesClass") or before.get("volumeAttributesClassName") is not None,
        allow_invalid_values=any(validate_label_selector(before.get("selector"), ROOT)),
        allow_invalid_api_group=any(s is not None and s.get("apiGroup") is not None for s in sources),
    )


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from validate_update_of(new, old)
    if context.subresource == "status":
        yield from _validate_status(new, old, context)
        return
    yield from _validate(new, context, old)
    yield from _validate_spec_update(new, old)
    yield from _validate_size_update(new, old, context)
    spec, before = new["spec"], old["spec"]
    yield from validate_immutable(spec.get("volumeMode"), before.get("volumeMode"), ROOT.child("volumeMode"))
    yield from _validate_attributes_class_update(new, old, context)


def _validate_spec_update(new: Object, old: Object) -> Errors:
    spec: dict[str, Any] = dict(new["spec"])
    before: dict[str, Any] = dict(old["spec"])
    if not before.get("volumeName"):
        before["volumeName"] = spec.get("volumeName")
    class_name, annotated = spec.get("storageClassName"), annotations_of(old).get(BETA_CLASS)
    now_annotated = annotations_of(new).get(BETA_CLASS)
    unset = before.get("storageClassName") is None
    if annotated is not None and unset and class_name == annotated and now_annotated in (None, annotated):
        spec["storageClassName"] = None
    else:
        if (now_annotated or "") != (annotated or ""):
            yield invalid(METADATA.child("annotations", BETA_CLASS), now_annotated or "", IMMUTABLE)
        if class_name is not None and unset and annotated in (None, class_name):
            spec["storageClassName"] = None
    if get_in(new, ("status", "phase")) == "Bound":
        if get_in(spec, ("resources", "requests")) is not None:
            requests = {**spec["resources"]["requests"], "storage": get_in(old, _STORAGE)}
            spec["resources"] = {**spec["resources"], "requests": requests}
        spec["volumeAttributesClassName"] = before.get("volumeAttributesClassName")
    if not semantically_equal(spec, before):
        yield forbidden(SPEC, f"{_SPEC_IMMUTABLE}\n{internal_diff('core.PersistentVolumeClaimSpec', before, spec)}")


def _validate_size_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    size, old_size = parse_or_zero(get_in(new, _STORAGE)), parse_or_zero(get_in(old, _STORAGE))
    if size >= old_size:
        return
    here = SPEC.child("resources", "requests", "storage")
    if not context.gates.on("RecoverVolumeExpansionFailure"):
        yield forbidden(here, "field can not be less than previous value")
    elif size <= parse_or_zero(get_in(old, ("status", "capacity", "storage"))):
        yield forbidden(here, "field can not be less than status.capacity")


def _validate_attributes_class_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    name, old_name = new["spec"].get("volumeAttributesClassName"), old["spec"].get("volumeAttributesClassName")
    if name == old_name:
        return
    here = SPEC.child("volumeAttributesClassName")
    if not context.gates.on("VolumeAttributesClass"):
        yield forbidden(here, "update is forbidden when the VolumeAttributesClass feature gate is disabled")
    if get_in(old, ("status", "currentVolumeAttributesClassName")) is None:
        return
    if name is None:
        yield forbidden(here, "update to nil is forbidden when status.currentVolumeAttributesClassName is not nil")
    elif not name:
        yield forbidden(here, "update to empty string is forbidden when status.currentVolumeAttributesClassName is not nil")


def _validate_status(new: Object, old: Object, context: StrategyContext) -> Errors:
    status = new.get("status") or {}
    if not new["metadata"].get("resourceVersion"):
        yield required(ROOT.child("resourceVersion"))
    if not get_in(new, ("spec", "accessModes")):
        yield required(ROOT.child("Spec", "accessModes"))
    for resource, quantity in (status.get("capacity") or {}).items():
        yield from validate_basic_resource(quantity, _STATUS.child("capacity").key(resource))
    states = _STATUS.child("allocatedResourceStatuses")
    for resource, state in (status.get("allocatedResourceStatuses") or {}).items():
        yield from _validate_resource_key(resource, states)
        if state not in _RESIZE_STATES:
            yield not_supported(states, resource, sorted(_RESIZE_STATES))
    allocated = _STATUS.child("allocatedResources")
    for resource, quantity in (status.get("allocatedResources") or {}).items():
        if errors := list(_validate_resource_key(resource, allocated)):
            yield from errors
            continue
        errors = list(validate_basic_resource(quantity, allocated.key(resource)))
        yield from errors or validate_resource_quantity("storage", quantity, allocated.key(resource))


def _validate_resource_key(name: str, path: FieldPath) -> Errors:
    if said := is_qualified_name(name):
        yield from each_invalid(path, name, said)
    elif is_native_resource(name) and name != "storage":
        yield not_supported(path, name, ("storage",))


def _warnings(obj: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    if context.subresource:
        return
    if BETA_CLASS in annotations_of(obj):
        where = METADATA.child("annotations").key(BETA_CLASS)
        yield f'{where}: deprecated since v1.8; use "storageClassName" attribute instead'
    yield from claim_spec_warnings(obj.get("spec") or {}, SPEC)


STRATEGY = Strategy(
    kind="PersistentVolumeClaim",
    default=_default,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    has_status=True,
    generation_fields=(),
)
