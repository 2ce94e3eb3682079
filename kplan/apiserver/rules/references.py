"""References to objects by API group, kind and name, as Ingresses, IngressClasses and IPAddresses have them.

Mirrors: pkg/apis/networking/validation/validation.go: validateIngressTypedLocalObjectReference (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import Errors, FieldPath, required
from kplan.apiserver.rules.names import each_invalid, is_dns1123_subdomain, is_path_segment_name
from kplan.model.objects import Object


def validate_segment(reference: Object, field: str, path: FieldPath) -> Errors:
    """A field that must be given and could be part of a URL."""
    value = reference.get(field) or ""
    if value:
        yield from each_invalid(path.child(field), value, is_path_segment_name(value))
    else:
        yield required(path.child(field))


def validate_typed_reference(reference: Object, path: FieldPath) -> Errors:
    """apiGroup, kind and name."""
    group = reference.get("apiGroup")
    if group is not None:
        yield from each_invalid(path.child("apiGroup"), group, is_dns1123_subdomain(group))
    yield from validate_segment(reference, "kind", path)
    yield from validate_segment(reference, "name", path)
