"""Secrets are never shown: their values become ``***``.

The last-applied annotation of a Secret holds its values a second time and is masked as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kplan.model.gojson import write_map
from kplan.model.objects import Object

MASK = "***"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
VALUES = ("data", "stringData")
"""The fields of a Secret that hold what is secret."""


def mask_secret(secret: Mapping[str, Any]) -> dict[str, Any]:
    """A Secret, or a patch of one, as it may be shown; whatever the values are."""
    out = dict(secret)
    for field in VALUES:
        held = secret.get(field)
        if held:
            out[field] = dict.fromkeys(held, MASK) if isinstance(held, Mapping) else MASK
    meta = secret.get("metadata")
    notes = meta.get("annotations") if isinstance(meta, Mapping) else None
    if isinstance(meta, Mapping) and isinstance(notes, Mapping) and LAST_APPLIED in notes:
        out["metadata"] = {**meta, "annotations": {**notes, LAST_APPLIED: MASK}}
    return out


def masked_objects(obj: Object) -> Object:
    """An object or a List as it may be shown; the object itself where there is nothing to hide."""
    if obj.get("kind") == "List" and isinstance(obj.get("items"), list):
        return {**obj, "items": [masked_objects(o) if isinstance(o, Mapping) else o for o in obj["items"]]}
    return mask_secret(obj) if obj.get("kind") == "Secret" else obj


def masked_text(patch: str) -> str:
    """The JSON text of a Secret, or of a patch of one, as it may be shown."""
    return write_map(mask_secret(json.loads(patch))).decode() if patch.startswith("{") else patch
