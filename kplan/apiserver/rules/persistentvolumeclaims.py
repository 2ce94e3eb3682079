"""The spec of a claim, by itself or as a template in a pod or a StatefulSet.

Mirrors: pkg/apis/core/validation/validation.go (ValidatePersistentVolumeClaimSpec), pkg/api/persistentvolumeclaim/util.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.apiserver.field import Errors, FieldPath, invalid, not_supported, required
from kplan.apiserver.rules.names import each_invalid, is_dns1123_subdomain, name_is_dns_label, name_is_dns_subdomain
from kplan.apiserver.rules.persistentvolumes import VOLUME_MODES, round_resource_list, validate_access_modes
from kplan.apiserver.rules.quantities import validate_positive_quantity, validate_resource_quantity
from kplan.apiserver.rules.selectors import validate_label_selector
from kplan.apiserver.strategy import Draft, StrategyContext
from kplan.model.gotext import GoText, go_json
from kplan.model.objects import Object, get_in
from kplan.model.quantity import Quantity

Spec = Mapping[str, Any]


def default_claim_spec(spec: Draft) -> None:
    """What the server fills into the spec of a claim."""
    if spec.get("volumeMode") is None:
        spec["volumeMode"] = "Filesystem"
    resources = spec.get("resources") or {}
    round_resource_list(resources.get("limits"))
    round_resource_list(resources.get("requests"))


def normalize_data_sources(spec: Draft, old: Object | None, context: StrategyContext) -> None:
    """Drops data sources that nothing reads, and makes dataSource and dataSourceRef say the same.

    Mirrors: DropDisabledFields, EnforceDataSourceBackwardsCompatibility, NormalizeDataSources.
    """
    before: Spec = (old or {}).get("spec") or {}
    if not context.gates.on("VolumeAttributesClass") and before.get("volumeAttributesClassName") is None:
        spec.pop("volumeAttributesClassName", None)
    reference = spec.get("dataSourceRef")
    across = reference is not None and bool(reference.get("namespace"))
    if across and not context.gates.on("CrossNamespaceVolumeDataSource") and before.get("dataSourceRef") is None:
        del spec["dataSourceRef"]
        reference, across = None, False
    in_use = before.get("dataSource") is not None or before.get("dataSourceRef") is not None
    if not in_use and reference is None and not _is_claim_or_snapshot(spec.get("dataSource")):
        spec.pop("dataSource", None)
    source = spec.get("dataSource")
    if source is not None and reference is None:
        spec["dataSourceRef"] = {k: source[k] for k in ("apiGroup", "kind", "name") if source.get(k) is not None}
    elif reference is not None and source is None and not across:
        spec["dataSource"] = {k: reference[k] for k in ("apiGroup", "kind", "name") if reference.get(k) is not None}


def _is_claim_or_snapshot(source: Spec | None) -> bool:
    kind = ((source or {}).get("apiGroup") or "", (source or {}).get("kind") or "")
    return kind in (("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot"))


def validate_claim_spec(
    spec: Spec,
    path: FieldPath,
    *,
    attributes_class: bool = True,
    allow_invalid_values: bool = False,
    allow_invalid_api_group: bool = False,
) -> Errors:
    """A PersistentVolumeClaimSpec."""
    modes = spec.get("accessModes") or []
    if not modes:
        yield required(path.child("accessModes"), "at least 1 access mode is required")
    yield from validate_label_selector(spec.get("selector"), path.child("selector"), allow_invalid_values=allow_invalid_values)
    yield from validate_access_modes(modes, path.child("accessModes"))
    yield from _validate_storage(get_in(spec, ("resources", "requests", "storage")), path.child("resources").key("storage"))
    yield from _validate_class_name(spec, path, "storageClassName")
    mode = spec.get("volumeMode")
    if mode is not None and mode not in VOLUME_MODES:
        yield not_supported(path.child("volumeMode"), GoText(go_json(mode)), VOLUME_MODES)
    yield from _validate_data_sources(spec, path, allow_invalid_api_group)
    if attributes_class:
        yield from _validate_class_name(spec, path, "volumeAttributesClassName")


def _validate_storage(storage: Any, path: FieldPath) -> Errors:
    if storage is None:
        yield required(path)
        return
    errors = list(validate_positive_quantity(storage, path))
    yield from errors or validate_resource_quantity("storage", storage, path)


def _validate_class_name(spec: Spec, path: FieldPath, field: str) -> Errors:
    if name := spec.get(field) or "":
        yield from each_invalid(path.child(field), name, name_is_dns_subdomain(name, False))


def _validate_data_sources(spec: Spec, path: FieldPath, allow_invalid_api_group: bool) -> Errors:
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None:
        yield from _validate_data_source(source, path.child("dataSource"), allow_invalid_api_group)
    namespace = ""
    if reference is not None:
        yield from _validate_data_source(reference, path.child("dataSourceRef"), allow_invalid_api_group)
        if namespace := reference.get("namespace") or "":
            said = name_is_dns_label(namespace, False)
            yield from each_invalid(path.child("dataSourceRef", "namespace"), namespace, said)
    if source is None or reference is None:
        return
    if namespace:
        yield invalid(path, {}, "may not be specified when dataSourceRef.namespace is specified")
    elif any(source.get(k) != reference.get(k) for k in ("apiGroup", "kind", "name")):
        yield invalid(path, {}, "must match dataSourceRef")


def _validate_data_source(source: Spec, path: FieldPath, allow_invalid_api_group: bool) -> Errors:
    for field in ("name", "kind"):
        if not source.get(field):
            yield required(path.child(field))
    group, kind = source.get("apiGroup") or "", source.get("kind") or ""
    if not group and kind != "PersistentVolumeClaim":
        yield invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup")
    if group and not allow_invalid_api_group:
        yield from each_invalid(path.child("apiGroup"), group, is_dns1123_subdomain(group))


def claim_spec_warnings(spec: Spec, path: FieldPath) -> Iterator[str]:
    """Warnings for sizes that are no whole number of bytes."""
    for kind in ("requests", "limits"):
        size = get_in(spec, ("resources", kind, "storage"))
        if size is not None and (quantity := Quantity.parse(size)).has_part_of_one():
            where = path.child("resources", kind).key("storage")
            yield f'{where}: fractional byte value "{quantity}" is invalid, must be an integer'
