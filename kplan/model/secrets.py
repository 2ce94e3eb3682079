"""Secrets are never shown: their values become ``***``.

The last-applied annotation of a Secret holds its values a second time and is masked as well; so is whatever else in its
annotations, or in a message of a policy, repeats a value.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kplan.model.gojson import write_map
from kplan.model.objects import Object

MASK = "***"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
OPEN = frozenset(("apiVersion", "kind", "metadata", "type", "immutable"))
"""The fields of a Secret that may be shown; any other holds what is secret, or was meant to."""
_SHORTEST = 4
"""Texts with fewer characters stand in too many others to be told from them."""


def mask_secret(secret: Mapping[str, Any]) -> dict[str, Any]:
    """A Secret, or a patch of one, as it may be shown; whatever the values are."""
    out = dict(secret)
    for field, held in secret.items():
        if field not in OPEN and held:
            out[field] = dict.fromkeys(held, MASK) if isinstance(held, Mapping) else MASK
    meta = secret.get("metadata")
    if isinstance(meta, Mapping) and meta.get("annotations"):
        out["metadata"] = {**meta, "annotations": without_values(meta["annotations"], values_of(secret))}
    return out


def values_of(*objects: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Every text that the Secrets among some objects hold, as it stands and decoded; the longest first."""
    texts = {t for o in objects if o is not None and o.get("kind") == "Secret" for f, held in o.items() if f not in OPEN for t in _held(held)}
    return tuple(sorted((t for t in texts if len(t) >= _SHORTEST), key=lambda t: (-len(t), t)))


def _held(held: Any) -> Iterator[str]:
    for value in held.values() if isinstance(held, Mapping) else [held]:
        for text in _texts(value):
            yield text
            try:
                yield b64decode(text, validate=True).decode()
            except (binascii.Error, ValueError):
                continue


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from (key, *_texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def without_values(shown: Any, values: Iterable[str]) -> Any:
    """A JSON value, or a text, in which nothing of these values is repeated, nor a last-applied annotation."""
    if isinstance(shown, Mapping):
        return {k: MASK if k == LAST_APPLIED else without_values(v, values) for k, v in shown.items()}
    if isinstance(shown, list):
        return [without_values(v, values) for v in shown]
    if isinstance(shown, str):
        for value in values:
            shown = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", MASK, shown) if len(value) < 2 * _SHORTEST else shown.replace(value, MASK)
    return shown


def masked_objects(obj: Object) -> Object:
    """An object or a List as it may be shown; the object itself where there is nothing to hide."""
    if obj.get("kind") == "List" and isinstance(obj.get("items"), list):
        return {**obj, "items": [masked_objects(o) if isinstance(o, Mapping) else o for o in obj["items"]]}
    return mask_secret(obj) if obj.get("kind") == "Secret" else obj


def masked_text(patch: str) -> str:
    """The JSON text of a Secret, or of a patch of one, as it may be shown."""
    return write_map(mask_secret(json.loads(patch))).decode() if patch.startswith("{") else patch
