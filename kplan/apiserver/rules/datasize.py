"""How large the data of ConfigMaps and Secrets may be, and what of it must not change.

Mirrors: pkg/apis/core/types.go: MaxSecretSize, pkg/apis/core/validation/validation.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import ROOT, Errors, forbidden
from kplan.model.objects import Object

MAX_DATA_SIZE = 1024 * 1024
_IMMUTABLE = "field is immutable when `immutable` is set"


def decoded_size(base64: str | None) -> int:
    """The number of bytes a base64 text stands for; none where it is null."""
    base64 = base64 or ""
    return len(base64) * 3 // 4 - base64.count("=", -2)


def validate_immutable_data(new: Object, old: Object, fields: tuple[str, ...]) -> Errors:
    """What ``immutable: true`` keeps from changing."""
    if not old.get("immutable"):
        return
    if not new.get("immutable"):
        yield forbidden(ROOT.child("immutable"), _IMMUTABLE)
    for name in fields:
        if (new.get(name) or {}) != (old.get(name) or {}):
            yield forbidden(ROOT.child(name), _IMMUTABLE)
