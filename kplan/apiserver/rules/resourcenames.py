"""Names of resources: what containers may ask for, what quotas and limit ranges may bound.

Mirrors: pkg/apis/core/helper/helpers.go, pkg/apis/core/validation/validation.go: validateResourceName … (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import Errors, FieldPath, invalid
from kplan.apiserver.rules.names import each_invalid, is_qualified_name
from kplan.apiserver.rules.quantities import INTEGER_RESOURCES, is_extended_resource_name, is_native_resource

_CONTAINER_RESOURCES = frozenset(("cpu", "memory", "ephemeral-storage"))
_QUOTA_RESOURCES = INTEGER_RESOURCES | {
    prefix + name for prefix in ("", "requests.", "limits.") for name in ("cpu", "memory", "ephemeral-storage")
} | {"requests.storage"}
_RESOURCES = _QUOTA_RESOURCES | {"storage"}
HUGE_PAGES = "hugepages-"
LIMIT_TYPES = frozenset(("Pod", "Container", "PersistentVolumeClaim"))


def is_huge_page_resource(name: str) -> bool:
    """Whether a resource is huge pages of some size."""
    return name.startswith(HUGE_PAGES)


def is_overcommit_allowed(name: str) -> bool:
    """Whether more of a resource may be limited than is requested."""
    return is_native_resource(name) and not is_huge_page_resource(name)


def is_standard_quota_resource(name: str) -> bool:
    """Whether quotas know the resource by itself."""
    return name in _QUOTA_RESOURCES or name.startswith((HUGE_PAGES, "requests." + HUGE_PAGES))


def validate_resource_name(name: str, path: FieldPath) -> Errors:
    """The name of a resource: qualified, and where it has no prefix one Kubernetes knows."""
    said = is_qualified_name(name)
    yield from each_invalid(path, name, said)
    if not said and "/" not in name and name not in _RESOURCES and not is_standard_quota_resource(name):
        yield invalid(path, name, "must be a standard resource type or fully qualified")


def validate_container_resource_name(name: str, path: FieldPath) -> Errors:
    """The name of a resource a container may ask for."""
    yield from validate_resource_name(name, path)
    if "/" not in name:
        if name not in _CONTAINER_RESOURCES and not is_huge_page_resource(name):
            yield invalid(path, name, "must be a standard resource for containers")
    elif not is_native_resource(name) and not is_extended_resource_name(name):
        yield invalid(path, name, "doesn't follow extended resource name standard")


def validate_quota_resource_name(name: str, path: FieldPath) -> Errors:
    """The name of a resource a quota may bound."""
    yield from validate_resource_name(name, path)
    if "/" not in name and not is_standard_quota_resource(name):
        yield invalid(path, name, "must be a standard resource for quota")


def validate_limit_type(name: str, path: FieldPath) -> Errors:
    """The type of a limit: what it is a limit of."""
    said = is_qualified_name(name)
    yield from each_invalid(path, name, said)
    if not said and "/" not in name and name not in LIMIT_TYPES:
        yield invalid(path, name, "must be a standard limit type or fully qualified")


def validate_limit_resource_name(limit_type: str, name: str, path: FieldPath) -> Errors:
    """The name of a resource a limit of that type may bound."""
    rule = validate_container_resource_name if limit_type in ("Pod", "Container") else validate_resource_name
    return rule(name, path)
