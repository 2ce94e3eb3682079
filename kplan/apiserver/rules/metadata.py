"""ObjectMeta as the API server checks it on create and on update, whatever the kind.

Mirrors: staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kplan.apiserver.field import (
    METADATA,
    Errors,
    FieldPath,
    forbidden,
    invalid,
    required,
    too_long,
)
from kplan.apiserver.internalform import optional_structs
from kplan.apiserver.rules.names import (
    NameRule,
    byte_length,
    each_invalid,
    is_qualified_name,
    name_is_dns_label,
)
from kplan.apiserver.rules.selectors import validate_labels
from kplan.model.gotext import go_quote, go_struct
from kplan.model.objects import Object

IMMUTABLE = "field is immutable"
NOT_NEGATIVE = "must be greater than or equal to 0"
ANNOTATIONS_LIMIT = 256 * 1024
_OWNER_FIELDS = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")
_OWNER_ALWAYS = ("apiVersion", "kind", "name", "uid")
_MAX_MANAGER, _MAX_SUBRESOURCE = 128, 256


def validate_object_meta(
    meta: Mapping[str, Any],
    *,
    namespaced: bool,
    name_rule: NameRule,
    path: FieldPath = METADATA,
    kube_finalizers: bool = True,
    check_generate_name: bool = True,
) -> Errors:
    """ObjectMeta on create. ``meta`` is the value of metadata.

    ``kube_finalizers`` is False for the kinds whose Go twin calls apimachinery's ValidateObjectMeta instead of core's
    (admissionregistration, CustomResourceDefinition, APIService, custom resources); ``check_generate_name`` is False
    for those that call ValidateObjectMetaWithOpts.
    """
    generate_name, name = meta.get("generateName") or "", meta.get("name") or ""
    if generate_name and check_generate_name:
        yield from each_invalid(path.child("generateName"), generate_name, name_rule(generate_name, True))
    if not name:
        yield required(path.child("name"), "name or generateName is required")
    else:
        yield from each_invalid(path.child("name"), name, name_rule(name, False))
    namespace = meta.get("namespace") or ""
    if namespaced:
        if not namespace:
            yield required(path.child("namespace"))
        else:
            yield from each_invalid(path.child("namespace"), namespace, name_is_dns_label(namespace, False))
    elif namespace:
        yield forbidden(path.child("namespace"), "not allowed on this type")
    yield from validate_nonnegative(meta.get("generation") or 0, path.child("generation"))
    yield from validate_labels(meta.get("labels"), path.child("labels"))
    yield from validate_annotations(meta.get("annotations"), path.child("annotations"))
    yield from validate_owner_references(meta.get("ownerReferences") or (), path.child("ownerReferences"))
    yield from validate_finalizers(meta.get("finalizers") or (), path.child("finalizers"))
    yield from validate_managed_fields(meta.get("managedFields") or (), path.child("managedFields"))
    if kube_finalizers:
        yield from _validate_kube_finalizers(meta, path)


def _validate_kube_finalizers(meta: Mapping[str, Any], path: FieldPath) -> Errors:
    for i, finalizer in enumerate(meta.get("finalizers") or ()):
        yield from validate_kube_finalizer_name(finalizer, path.child("finalizers").index(i))


def validate_kube_finalizer_name(name: str, path: FieldPath) -> Errors:
    """A finalizer without a prefix must be one of Kubernetes' own."""
    if "/" not in name and name not in ("foregroundDeletion", "kubernetes", "orphan"):
        yield invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified")


def validate_object_meta_update(
    new: Mapping[str, Any], old: Mapping[str, Any], path: FieldPath = METADATA, *, kube_finalizers: bool = True
) -> Errors:
    """ObjectMeta on update; ``kube_finalizers`` as in :func:`validate_object_meta`."""
    if old.get("deletionTimestamp"):
        extra = sorted(set(new.get("finalizers") or ()) - set(old.get("finalizers") or ()))
        if extra:
            listed = "[]string{" + ", ".join(map(go_quote, extra)) + "}"
            said = f"no new finalizers can be added if the object is being deleted, found new finalizers {listed}"
            yield forbidden(path.child("finalizers"), said)
    if not new.get("resourceVersion"):
        yield invalid(path.child("resourceVersion"), "", "must be specified for an update")
    if (new.get("generation") or 0) < (old.get("generation") or 0):
        yield invalid(path.child("generation"), new.get("generation") or 0, "must not be decremented")
    for field in ("name", "namespace", "uid"):
        yield from validate_immutable(new.get(field) or "", old.get(field) or "", path.child(field))
    for field in ("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"):
        yield from validate_immutable(new.get(field), old.get(field), path.child(field))
    yield from validate_labels(new.get("labels"), path.child("labels"))
    yield from validate_annotations(new.get("annotations"), path.child("annotations"))
    yield from validate_owner_references(new.get("ownerReferences") or (), path.child("ownerReferences"))
    yield from validate_managed_fields(new.get("managedFields") or (), path.child("managedFields"))
    if kube_finalizers:
        yield from _validate_kube_finalizers(new, path)


def validate_update_of(new: Object, old: Object, *, kube_finalizers: bool = True) -> Errors:
    """ObjectMeta of two whole objects on update; ``kube_finalizers`` as in :func:`validate_object_meta`."""
    return validate_object_meta_update(new["metadata"], old["metadata"], kube_finalizers=kube_finalizers)


def validate_immutable(new: Any, old: Any, path: FieldPath) -> Errors:
    """A field that may not change; absent, null and empty are one for lists and maps."""
    if not semantically_equal(new, old):
        yield invalid(path, new, IMMUTABLE)


def semantically_equal(a: Any, b: Any) -> bool:
    """Whether two values are the same to Kubernetes: null, absent, ``[]`` and ``{}`` are one, but for optional structs.

    Mirrors: apiequality.Semantic.DeepEqual (quantities must be canonical, which decoding sees to).
    """
    if a is b:
        return True
    if a is None or b is None:
        return a in (None, [], {}) and b in (None, [], {})
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return all(_same_field(k, a.get(k), b.get(k)) for k in {*a, *b})
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(semantically_equal, a, b))
    return type(a) is type(b) and bool(a == b)


def _same_field(name: str, a: Any, b: Any) -> bool:
    if a is None or b is None:
        # An optional struct that is empty is there: ``emptyDir: {}``.
        return a is b or (name not in optional_structs() and semantically_equal(a, b))
    return semantically_equal(a, b)


def validate_nonnegative(value: int, path: FieldPath) -> Errors:
    """A number of at least 0."""
    if value < 0:
        yield invalid(path, value, NOT_NEGATIVE)


def validate_annotations(annotations: Mapping[str, str] | None, path: FieldPath) -> Errors:
    """A map of annotations: keys as label keys whatever their case, 256 KiB in all."""
    if not annotations:
        return
    for key in annotations:
        yield from each_invalid(path, key, is_qualified_name(key.lower()))
    yield from validate_annotations_size(annotations, path)


def validate_annotations_size(annotations: Mapping[str, str], path: FieldPath) -> Errors:
    """256 KiB of keys and values at most."""
    if sum(byte_length(k) + byte_length(v) for k, v in annotations.items()) > ANNOTATIONS_LIMIT:
        yield too_long(path, "", ANNOTATIONS_LIMIT)


def _owner(reference: Mapping[str, Any]) -> object:
    shown = dict.fromkeys(_OWNER_ALWAYS, "") | {f: v for f, v in reference.items() if v is not None}
    return go_struct(shown, _OWNER_FIELDS)


def validate_owner_references(references: Sequence[Mapping[str, Any]], path: FieldPath) -> Errors:
    """metadata.ownerReferences: each names a kind, a name and a UID; one controller at most."""
    controller = ""
    for reference in references:
        yield from _validate_owner_reference(reference, path)
        if reference.get("controller"):
            this = f"{reference.get('kind') or ''}/{reference.get('name') or ''}"
            if controller:
                said = f'Only one reference can have Controller set to true. Found "true" in references for {controller} and {this}'
                yield invalid(path, [_owner(r) for r in references], said)
            else:
                controller = this


def _validate_owner_reference(reference: Mapping[str, Any], path: FieldPath) -> Errors:
    api_version, kind = reference.get("apiVersion") or "", reference.get("kind") or ""
    group, version = _group_version(api_version)
    if not version:
        yield invalid(path.child("apiVersion"), api_version, "version must not be empty")
    # An apiVersion that cannot be split leaves only the kind.
    for field in ("kind", "name", "uid"):
        if not reference.get(field):
            yield invalid(path.child(field), reference.get(field) or "", "must not be empty")
    if (group, version, kind) == ("", "v1", "Event"):
        yield invalid(path, _owner(reference), "/v1, Kind=Event is disallowed from being an owner")


def _group_version(api_version: str) -> tuple[str, str]:
    match api_version.split("/"):
        case [version]:
            return "", version
        case [group, version]:
            return group, version
        case _:
            return "", ""


def validate_finalizer_name(name: str, path: FieldPath) -> Errors:
    """The name of a finalizer: a qualified name."""
    return each_invalid(path, name, is_qualified_name(name))


def validate_finalizers(finalizers: Sequence[str], path: FieldPath) -> Errors:
    """metadata.finalizers: qualified names; orphan and foregroundDeletion exclude each other."""
    for finalizer in finalizers:
        yield from validate_finalizer_name(finalizer, path)
    if {"orphan", "foregroundDeletion"} <= set(finalizers):
        yield invalid(path, list(finalizers), "finalizer orphan and foregroundDeletion cannot be both set")


def validate_managed_fields(entries: Sequence[Mapping[str, Any]], path: FieldPath) -> Errors:
    """metadata.managedFields."""
    for i, entry in enumerate(entries):
        here = path.index(i)
        if entry.get("operation") not in ("Apply", "Update"):
            yield invalid(here.child("operation"), entry.get("operation") or "", "must be `Apply` or `Update`")
        if entry.get("fieldsType") and entry["fieldsType"] != "FieldsV1":
            yield invalid(here.child("fieldsType"), entry["fieldsType"], "must be `FieldsV1`")
        yield from validate_field_manager(entry.get("manager") or "", here.child("manager"))
        if byte_length(entry.get("subresource") or "") > _MAX_SUBRESOURCE:
            yield too_long(here.child("subresource"), "", _MAX_SUBRESOURCE)


def validate_field_manager(manager: str, path: FieldPath) -> Errors:
    """The name of a field manager: at most 128 printable characters."""
    if byte_length(manager) > _MAX_MANAGER:
        yield too_long(path, "", _MAX_MANAGER)
    at = 0
    for c in manager:
        if not (c.isprintable() or c == " "):
            yield invalid(path, manager, f"invalid character U+{ord(c):04X} (at position {at})")
        at += len(c.encode())
