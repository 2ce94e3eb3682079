"""Files that SOPS has encrypted: their keys can be read, their values cannot."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from kplan.model.objects import Object

SOPS = "encrypted by SOPS: decrypt it first (sops decrypt FILE | kplan … -f -)"
_MARK = "ENC["
_BOOKKEEPING = "sops"


def encrypted_value(value: Mapping[str, Any]) -> str:
    """Why a document cannot be judged: SOPS has encrypted more of it than the data of a Secret; "" where it has not."""
    if not _is_encrypted(value):
        return ""
    readable = value.get("kind") == "Secret" and not any(_hidden(v) for k, v in value.items() if k not in ("data", "stringData", _BOOKKEEPING))
    return "" if readable else SOPS


def opened(obj: Object) -> Object:
    """A Secret as it is deployed: without the bookkeeping of SOPS; what stands for its values is only their encrypted text."""
    if not _is_encrypted(obj):
        return obj
    out = {k: v for k, v in obj.items() if k != _BOOKKEEPING}
    if isinstance(data := obj.get("data"), Mapping):
        out["data"] = {k: base64.b64encode(v.encode()).decode() if _hidden(v) else v for k, v in data.items()}
    return out


def _is_encrypted(value: Mapping[str, Any]) -> bool:
    book = value.get(_BOOKKEEPING)
    return isinstance(book, Mapping) and "mac" in book


def _hidden(value: Any) -> bool:
    """Whether some text in a value is encrypted."""
    if isinstance(value, str):
        return value.startswith(_MARK)
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(_hidden(v) for v in inner)
