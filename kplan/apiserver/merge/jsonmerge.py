"""JSON merge patch (RFC 7386), and the three-way patch ``kubectl apply`` makes of it for custom resources.

Mirrors: gopkg.in/evanphx/json-patch.v4 merge.go, staging/src/k8s.io/apimachinery/pkg/util/jsonmergepatch/patch.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.merge.errors import BadPatch
from kplan.model.gotext import go_type
from kplan.model.objects import Object

Draft = dict[str, Any]


def apply_merge(obj: Object, patch: Object) -> Draft:
    """The object with the patch merged in: null removes a field, a map merges, all else replaces."""
    out = dict(obj)
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
            continue
        before = out.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            out[key] = apply_merge(before, value)
        else:
            out[key] = value if isinstance(before, Mapping) else without_nulls(value)
    return out


def without_nulls(value: Any) -> Any:
    """The value without the null fields of its maps; nulls that are list items stay."""
    if isinstance(value, Mapping):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [without_nulls(v) for v in value]
    return value


def create_merge(original: Object, modified: Object) -> Draft:
    """The merge patch that makes ``modified`` of ``original``."""
    patch: Draft = {}
    for key, value in modified.items():
        if key not in original:
            patch[key] = value
            continue
        before = original[key]
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            if inner := create_merge(before, value):
                patch[key] = inner
        elif not _matches(before, value):
            patch[key] = value
    patch.update({key: None for key in original if key not in modified})
    return patch


def create_three_way_merge(original: Object, modified: Object, current: Object) -> Draft:
    """kubectl's patch for a custom resource: changes against ``current``, and what was dropped since ``original``.

    Raises: BadPatch where the patch would change the object's identity.
    """
    changes = _split(create_merge(current, modified), nulls=False)
    deletions = _split(create_merge(original, modified), nulls=True)
    patch = _joined(deletions, changes)
    metadata = patch.get("metadata")
    if "apiVersion" in patch or "kind" in patch or (isinstance(metadata, Mapping) and "name" in metadata):
        raise BadPatch("At least one of apiVersion, kind and name was changed")
    return patch


def _matches(a: Any, b: Any) -> bool:
    """Equality with all numbers read as floats, as the real one reads them."""
    if isinstance(a, Mapping):
        return isinstance(b, Mapping) and a.keys() == b.keys() and all(_matches(v, b[k]) for k, v in a.items())
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(_matches, a, b))
    if isinstance(a, int | float) and isinstance(b, int | float):
        return isinstance(a, bool) == isinstance(b, bool) and a == b
    return go_type(a) == go_type(b) and bool(a == b)


def _split(patch: Object, *, nulls: bool) -> Draft:
    """Only the nulls of a patch, or all but them; maps left empty go, maps given empty are values."""
    out: Draft = {}
    for key, value in patch.items():
        if isinstance(value, Mapping) and value:
            if inner := _split(value, nulls=nulls):
                out[key] = inner
        elif (value is None) == nulls:
            out[key] = value
    return out


def _joined(deletions: Object, changes: Object) -> Draft:
    out = dict(deletions)
    for key, value in changes.items():
        before = out.get(key)
        out[key] = _joined(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return out
