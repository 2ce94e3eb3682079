"""Identities for objects that never met an API server."""

from __future__ import annotations

import hashlib


def made_up_uid(*identity: str) -> str:
    """A uid that depends on nothing but what it is given."""
    digits = hashlib.sha256("/".join(identity).encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"
