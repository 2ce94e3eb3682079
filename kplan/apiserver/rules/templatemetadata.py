"""ObjectMeta inside a template of a claim: only labels and annotations may be given.

Mirrors: pkg/apis/core/validation/validation.go (ValidateTemplateObjectMeta) (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.field import Errors, FieldPath, forbidden
from kplan.apiserver.rules.metadata import validate_annotations
from kplan.apiserver.rules.selectors import validate_labels

_OTHERS = (
    ("name", "name"),
    ("generateName", "generateName"),
    ("namespace", "namespace"),
    ("selfLink", "selfLink"),
    ("uid", "uID"),
    ("resourceVersion", "resourceVersion"),
    ("generation", "generation"),
    ("creationTimestamp", "creationTimestamp"),
    ("deletionTimestamp", "deletionTimestamp"),
    ("deletionGracePeriodSeconds", "deletionGracePeriodSeconds"),
    ("ownerReferences", "ownerReferences"),
    ("finalizers", "finalizers"),
    ("managedFields", "managedFields"),
)
"""The fields that may not be set, and how the message spells them (Go's name with a small first letter)."""


def validate_template_object_meta(meta: Mapping[str, Any], path: FieldPath) -> Errors:
    """metadata of a ResourceClaimTemplate's or an ephemeral volume's template."""
    yield from validate_annotations(meta.get("annotations"), path.child("annotations"))
    yield from validate_labels(meta.get("labels"), path.child("labels"))
    for field, name in _OTHERS:
        value = meta.get(field)
        if value is not None and (value not in ("", 0) or field == "deletionGracePeriodSeconds"):
            yield forbidden(path.child(name), "cannot be set")
