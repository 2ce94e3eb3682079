"""Environment of containers, and what the downward API can tell.

Mirrors: pkg/apis/core/validation/validation.go (ValidateEnv, ValidateEnvFrom, validateObjectFieldSelector …) (1.36)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kplan.apiserver.field import Errors, FieldPath, invalid, not_supported, required
from kplan.apiserver.rules.names import (
    Messages,
    each_invalid,
    is_config_map_key,
    is_dns1123_label,
    is_env_var_name,
    is_qualified_name,
    is_relaxed_env_var_name,
    name_is_dns_subdomain,
)
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.podpaths import validate_local_non_reserved_path, validate_mode
from kplan.apiserver.rules.volumesources import validate_path_no_backsteps
from kplan.model.objects import EMPTY, Object
from kplan.model.quantity import parse_or_zero

_ENV_FIELDS = frozenset(
    ["metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"]
)
_VOLUME_FIELDS = frozenset(["metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid"])
_KNOWN_FIELDS = _ENV_FIELDS | _VOLUME_FIELDS | {"spec.restartPolicy", "spec.schedulerName", "status.phase"}
_RESOURCES = frozenset(f"{what}.{name}" for what in ("limits", "requests") for name in ("cpu", "memory", "ephemeral-storage"))
_HUGE_PAGES = ("limits.hugepages-", "requests.hugepages-")
_CPU_DIVISORS = ("1m", "1")
_BYTE_DIVISORS = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")


def _name_errors(name: str, options: PodOptions) -> Messages:
    return is_relaxed_env_var_name(name) if options.allow_relaxed_env else is_env_var_name(name)


def validate_env(variables: Sequence[Object], path: FieldPath, options: PodOptions) -> Errors:
    """env of a container."""
    for i, variable in enumerate(variables):
        here, name = path.index(i), variable.get("name") or ""
        if not name:
            yield required(here.child("name"))
        else:
            yield from each_invalid(here.child("name"), name, _name_errors(name, options))
        if (source := variable.get("valueFrom")) is not None:
            yield from _validate_value_from(source, variable.get("value") or "", here.child("valueFrom"), options)


def _validate_value_from(source: Object, value: str, path: FieldPath, options: PodOptions) -> Errors:
    count = 0
    for field, rule in _VALUE_SOURCES:
        if (inner := source.get(field)) is not None:
            count += 1
            yield from rule(inner, path.child(field))
    if not count:
        if options.allow_env_files:
            said = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        else:
            said = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
        yield invalid(path, "", said)
    elif value:
        yield invalid(path, "", "may not be specified when `value` is not empty")
    elif count > 1:
        yield invalid(path, "", "may not have more than one field specified at a time")


def _validate_field_ref(reference: Object, path: FieldPath, fields: frozenset[str] = _ENV_FIELDS) -> Errors:
    version, label = reference.get("apiVersion") or "", reference.get("fieldPath") or ""
    if not version:
        yield required(path.child("apiVersion"))
        return
    if not label:
        yield required(path.child("fieldPath"))
        return
    base, subscript = _split_subscript(label)
    if version != "v1":
        said = f"unsupported pod version: {version}"
    elif subscript is not None and base not in ("metadata.annotations", "metadata.labels"):
        said = f"field label does not support subscript: {label}"
    elif subscript is None and label not in _KNOWN_FIELDS and label != "spec.host":
        said = f"field label not supported: {label}"
    else:
        said = ""
    if said:
        yield invalid(path.child("fieldPath"), label, f"error converting fieldPath: {said}")
    elif subscript is not None:
        key = subscript.lower() if base == "metadata.annotations" else subscript
        yield from each_invalid(path, key, is_qualified_name(key))
    else:
        internal = "spec.nodeName" if label == "spec.host" else label
        if internal not in fields:
            yield not_supported(path.child("fieldPath"), internal, fields)


def _split_subscript(label: str) -> tuple[str, str | None]:
    base, bracket, rest = label.partition("['")
    if not label.endswith("']") or not bracket or not base or len(label) < len(base) + 4:
        return label, None
    return base, rest.removesuffix("']")


def _validate_resource_ref(reference: Object, path: FieldPath, *, volume: bool = False) -> Errors:
    resource = reference.get("resource") or ""
    if volume and not reference.get("containerName"):
        yield required(path.child("containerName"))
    elif not resource:
        yield required(path.child("resource"))
    elif resource not in _RESOURCES and not resource.startswith(_HUGE_PAGES):
        yield not_supported(path.child("resource"), resource, _RESOURCES)
    yield from _validate_divisor(resource, reference.get("divisor"), path.child("divisor"))


def _validate_divisor(resource: str, divisor: Any, path: FieldPath) -> Errors:
    amount = parse_or_zero(divisor)
    if amount.is_zero():
        return
    kind = resource.partition(".")[2]
    if kind == "cpu" and resource in _RESOURCES:
        if str(amount) not in _CPU_DIVISORS:
            yield invalid(path, resource, "only divisor's values 1m and 1 are supported with the cpu resource")
        return
    what = {"memory": "memory", "ephemeral-storage": "local ephemeral storage"}.get(kind) if resource in _RESOURCES else None
    if resource.startswith(_HUGE_PAGES):
        what = "hugepages"
    if what is not None and str(amount) not in _BYTE_DIVISORS:
        yield invalid(path, resource, f"only divisor's values {', '.join(_BYTE_DIVISORS)} are supported with the {what} resource")


def _validate_key_ref(reference: Object, path: FieldPath) -> Errors:
    name, key = reference.get("name") or "", reference.get("key") or ""
    yield from each_invalid(path.child("name"), name, name_is_dns_subdomain(name, False))
    if not key:
        yield required(path.child("key"))
    else:
        yield from each_invalid(path.child("key"), key, is_config_map_key(key))


def _validate_file_key_ref(reference: Object, path: FieldPath) -> Errors:
    key, volume, where = (reference.get(f) or "" for f in ("key", "volumeName", "path"))
    if not key:
        yield required(path.child("key"))
    else:
        yield from each_invalid(path.child("key"), key, is_relaxed_env_var_name(key))
    if not volume:
        yield required(path.child("volumeName"))
    else:
        yield from each_invalid(path.child("volumeName"), volume, is_dns1123_label(volume))
    if not where:
        yield required(path.child("path"))
    else:
        yield from validate_path_no_backsteps(where, path.child("path"))


_VALUE_SOURCES = (
    ("fieldRef", _validate_field_ref),
    ("resourceFieldRef", _validate_resource_ref),
    ("configMapKeyRef", _validate_key_ref),
    ("secretKeyRef", _validate_key_ref),
    ("fileKeyRef", _validate_file_key_ref),
)


def validate_env_from(sources: Sequence[Object], path: FieldPath, options: PodOptions) -> Errors:
    """envFrom of a container."""
    for i, source in enumerate(sources):
        here, prefix = path.index(i), source.get("prefix") or ""
        if prefix:
            yield from each_invalid(here.child("prefix"), prefix, _name_errors(prefix, options))
        count = 0
        for field in ("configMapRef", "secretRef"):
            if (reference := source.get(field)) is None:
                continue
            count += 1
            name = reference.get("name") or ""
            if not name:
                yield required(here.child(field, "name"))
            else:
                yield from each_invalid(here.child(field, "name"), name, name_is_dns_subdomain(name, True))
        if not count:
            yield invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
        elif count > 1:
            yield invalid(path, "", "may not have more than one field specified at a time")


def validate_downward_file(file: Object, path: FieldPath) -> Errors:
    """A file of a downwardAPI volume."""
    where = file.get("path") or ""
    if not where:
        yield required(path.child("path"))
    yield from validate_local_non_reserved_path(where, path.child("path"))
    field, resource = file.get("fieldRef"), file.get("resourceFieldRef")
    if field is not None:
        yield from _validate_field_ref(field or EMPTY, path.child("fieldRef"), _VOLUME_FIELDS)
        if resource is not None:
            yield invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously")
    elif resource is not None:
        yield from _validate_resource_ref(resource, path.child("resourceFieldRef"), volume=True)
    else:
        yield required(path, "one of fieldRef and resourceFieldRef is required")
    yield from validate_mode(file.get("mode"), path.child("mode"))
