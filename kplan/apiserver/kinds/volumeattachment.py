"""VolumeAttachment.

Mirrors: pkg/apis/storage/validation/validation.go (ValidateVolumeAttachment), pkg/registry/storage/volumeattachment/strategy.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.field import ROOT, SPEC, Errors, FieldPath, forbidden, invalid, required, too_long
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.metadata import IMMUTABLE, semantically_equal, validate_object_meta
from kplan.apiserver.rules.names import byte_length, each_invalid, name_is_dns_subdomain, range_error
from kplan.apiserver.rules.persistentvolumes import (
    default_persistent_volume_source,
    round_resource_list,
    validate_persistent_volume_spec,
)
from kplan.apiserver.rules.statuses import keep_metadata
from kplan.apiserver.rules.volumesources import validate_csi_driver_name
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object, get_in

_STATUS = ROOT.child("status")
_MAX_METADATA, _MAX_MESSAGE = 256 * 1024, 1024
_ONE_OF = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"


def _default(draft: Draft, context: StrategyContext) -> None:
    inline = get_in(draft, ("spec", "source", "inlineVolumeSpec"))
    if inline is not None:
        round_resource_list(inline.get("capacity"))
        default_persistent_volume_source(inline)


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    draft["status"] = {"attached": False}


def _prepare_for_status(draft: Draft, old: Object, context: StrategyContext) -> None:
    keep_metadata(draft, old, context)
    if context.gates.on("MutableCSINodeAllocatableCount"):
        return
    for field in ("attachError", "detachError"):
        if get_in(old, ("status", field, "errorCode")) is None and (error := get_in(draft, ("status", field))):
            error.pop("errorCode", None)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=False, name_rule=name_is_dns_subdomain)
    spec = obj.get("spec") or {}
    source, node = spec.get("source") or {}, spec.get("nodeName") or ""
    yield from validate_csi_driver_name(spec.get("attacher") or "", SPEC.child("attacher"))
    yield from _validate_source(source, SPEC.child("source"))
    yield from each_invalid(SPEC.child("nodeName"), node, name_is_dns_subdomain(node, False))
    yield from _validate_status(obj.get("status") or {})
    volume = source.get("persistentVolumeName")
    if volume is not None:
        said = name_is_dns_subdomain(volume, False)
        yield from each_invalid(SPEC.child("source", "persistentVolumeName"), volume, said)


def _validate_source(source: Mapping[str, Any], path: FieldPath) -> Errors:
    inline, volume = source.get("inlineVolumeSpec"), source.get("persistentVolumeName")
    if inline is None and volume is None:
        yield required(path, _ONE_OF)
    elif inline is not None and volume is not None:
        yield forbidden(path, _ONE_OF)
    elif volume == "":
        yield required(path.child("persistentVolumeName"), "must specify non empty persistentVolumeName")
    elif inline is not None:
        # The options of this call are the zero value: volumeAttributesClassName is not looked at.
        yield from validate_persistent_volume_spec(inline, path.child("inlineVolumeSpec"), inline=True, attributes_class=False)


def _validate_status(status: Mapping[str, Any]) -> Errors:
    metadata = status.get("attachmentMetadata") or {}
    if sum(byte_length(k) + byte_length(v) for k, v in metadata.items()) > _MAX_METADATA:
        yield too_long(_STATUS.child("attachmentMetadata"), "", _MAX_METADATA)
    for field in ("attachError", "detachError"):
        error = status.get(field) or {}
        if byte_length(error.get("message") or "") > _MAX_MESSAGE:
            yield too_long(_STATUS.child(field, "message"), "", _MAX_METADATA)
        code = error.get("errorCode") or 0
        if code < 0:
            yield invalid(_STATUS.child(field, "errorCode"), code, range_error(0, 2**31 - 1))


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from _validate(new, context)
    if not semantically_equal(new.get("spec"), old.get("spec")):
        yield invalid(SPEC, internal_json("storage.VolumeAttachmentSpec", new.get("spec")), IMMUTABLE)


STRATEGY = Strategy(
    kind="VolumeAttachment.storage.k8s.io",
    default=_default,
    prepare_for_create=_prepare_for_create,
    validate=_validate,
    validate_update=_validate_update,
    prepare_for_status=_prepare_for_status,
    has_status=True,
    generation_fields=(),
)
