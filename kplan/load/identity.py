"""Identities for objects that never met an API server."""

from __future__ import annotations

import hashlib

from kplan.model.objects import Object, name_of, namespace_of


def made_up_uid(*identity: str) -> str:
    """A uid that depends on nothing but what it is given."""
    digits = hashlib.sha256("/".join(identity).encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


def is_made_up(obj: Object) -> bool:
    """Whether an object got its uid here, and so was written by hand."""
    made = made_up_uid(obj["apiVersion"], obj["kind"], namespace_of(obj), name_of(obj))
    return bool(obj["metadata"].get("uid") == made)
