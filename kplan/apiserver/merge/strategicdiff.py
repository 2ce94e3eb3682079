"""Making a strategic merge patch: from two states of an object, or as ``kubectl apply`` does from three.

Mirrors: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from kplan.apiserver.merge.errors import BadPatch, list_of_lists
from kplan.apiserver.merge.lists import DELETE, PATCH, List, element_type, key_of, sort_by, sort_maps, sort_scalars
from kplan.apiserver.merge.lookup import MERGE, REPLACE, FieldRule, PatchSchema
from kplan.apiserver.merge.strategic import DELETE_LIST, RETAIN, SET_ORDER, merge_map
from kplan.apiserver.merge.values import same
from kplan.model.gotext import go_text, go_type
from kplan.model.objects import Object, thaw

Draft = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which differences go into the patch."""

    changes: bool = True
    deletions: bool = True
    order: bool = True
    retain_keys: bool = False
    """Whether this very map is to list the keys it keeps."""


def create_two_way_patch(original: Object, modified: Object, schema: PatchSchema) -> Draft:
    """The patch that makes ``modified`` of ``original``."""
    return diff_maps(original, modified, schema, Wanted())


def create_three_way_patch(original: Object, modified: Object, current: Object, schema: PatchSchema) -> Draft:
    """kubectl's patch: what ``modified`` adds to or changes in ``current``, and what it dropped since ``original``.

    ``original`` is the configuration applied last, ``modified`` the one to apply, ``current`` the live object.
    """
    delta = diff_maps(current, modified, schema, Wanted(deletions=False))
    deletions = diff_maps(original, modified, schema, Wanted(changes=False))
    return merge_map(thaw(deletions), thaw(delta), schema, final=False)


def diff_maps(original: Object, modified: Object, schema: PatchSchema, wanted: Wanted) -> Draft:
    """The patch between two maps: changed and added fields with their values, removed ones with null."""
    patch: Draft = {}
    inner = replace(wanted, retain_keys=False)
    for key, value in modified.items():
        if key not in original:
            if wanted.changes:
                patch[key] = value
            continue
        before = original[key]
        if key == PATCH:
            _diff_directive(before, value, patch)
        elif go_type(before) != go_type(value):
            if wanted.changes:
                patch[key] = value
        elif isinstance(value, Mapping):
            _diff_map(key, before, value, patch, schema, inner)
        elif isinstance(value, list):
            _diff_list(key, before, value, patch, schema, inner)
        elif wanted.changes and not same(before, value):
            patch[key] = value
    if wanted.deletions:
        patch.update({key: None for key in original if key not in modified})
    kept = [key for key, value in modified.items() if value is not None] if wanted.retain_keys else []
    if kept and (patch or any(v is not None and k not in modified for k, v in original.items())):
        patch[RETAIN] = sort_scalars(kept)
    return patch


def _diff_directive(before: Any, value: Any, patch: Draft) -> None:
    if not isinstance(before, str) or not isinstance(value, str):
        raise BadPatch(f"invalid value for special key: {PATCH}")
    if before != value:
        patch[PATCH] = value


def _rule(key: str, before: Any, value: Any, schema: PatchSchema) -> FieldRule | None:
    """How a field is merged; None where nobody knows, and it is the same."""
    try:
        return schema.field(key)
    except BadPatch:
        if same(before, value):
            return None
        raise


def _diff_map(key: str, before: Object, value: Object, patch: Draft, schema: PatchSchema, wanted: Wanted) -> None:
    rule = _rule(key, before, value, schema)
    if rule is None:
        return
    if rule.strategy == REPLACE:
        if wanted.changes:
            patch[key] = value
        return
    found = diff_maps(before, value, rule.inside, replace(wanted, retain_keys=rule.retain_keys))
    if found:
        patch[key] = found


def _diff_list(key: str, before: List, value: List, patch: Draft, schema: PatchSchema, wanted: Wanted) -> None:
    rule = _rule(key, before, value, schema)
    if rule is None:
        return
    if rule.strategy != MERGE:
        if wanted.changes and not same(before, value):
            patch[key] = value
        return
    listed, gone, order = _diff_merged(before, value, rule.inside, rule.merge_key, replace(wanted, retain_keys=rule.retain_keys))
    for name, found in ((key, listed), (f"{DELETE_LIST}/{key}", gone), (f"{SET_ORDER}/{key}", order)):
        if found:
            patch[name] = found


def _diff_merged(before: List, value: List, inside: PatchSchema, merge_key: str, wanted: Wanted) -> tuple[List, List, List]:
    """(elements to merge, scalars to delete, the order of all) between two merged lists."""
    if not before:
        return (list(value) if wanted.changes else []), [], []
    kind = element_type(before, value)
    if kind.startswith("["):
        raise list_of_lists()
    if not kind.startswith("map"):
        added, gone = _diff_scalars(before, value, wanted)
        reordered = not same(sort_scalars(before), value)  # the real one has sorted the old list in place by now
        ordered = wanted.order and ((wanted.deletions and gone) or (wanted.changes and reordered))
        return sort_by(added, value, ""), gone, list(value) if ordered else []
    changed, removed = _diff_elements(before, value, inside, merge_key, wanted)
    listed = sort_by(changed, value, merge_key) + removed
    moved = [key_of(v, merge_key) for v in before] != [key_of(v, merge_key) for v in value]
    ordered = wanted.order and ((wanted.changes and (listed or moved)) or (wanted.deletions and listed))
    return listed, [], [{merge_key: v[merge_key]} for v in value] if ordered else []


def _diff_scalars(before: List, value: List, wanted: Wanted) -> tuple[List, List]:
    """(added, removed), walking both lists in the order of their texts; duplicates are counted."""
    old, new = sort_scalars(before), sort_scalars(value)
    added: List = []
    gone: List = []
    while old or new:
        if not old or (new and go_text(old[0]) > go_text(new[0])):
            added.append(new.pop(0))
        elif not new or go_text(old[0]) < go_text(new[0]):
            gone.append(old.pop(0))
        else:
            old.pop(0)
            new.pop(0)
    once = [v for i, v in enumerate(gone) if not any(same(v, u) for u in gone[:i])]
    return (added if wanted.changes else []), (once if wanted.deletions else [])


def _diff_elements(before: List, value: List, inside: PatchSchema, merge_key: str, wanted: Wanted) -> tuple[List, List]:
    """(changed and added maps, delete directives), walking both lists in the order of their keys' texts."""
    old, new = sort_maps(before, merge_key), sort_maps(value, merge_key)
    changed: List = []
    removed: List = []
    i = j = 0
    while i < len(old) or j < len(new):
        a = go_text(key_of(old[i], merge_key)) if i < len(old) else None
        b = go_text(key_of(new[j], merge_key)) if j < len(new) else None
        if a is not None and a == b:
            if found := diff_maps(old[i], new[j], inside, wanted):
                changed.append({**found, merge_key: new[j][merge_key]})
            i, j = i + 1, j + 1
        elif a is None or (b is not None and a > b):
            if wanted.changes:
                changed.append(new[j])
            j += 1
        else:
            if wanted.deletions:
                removed.append({merge_key: old[i][merge_key], PATCH: DELETE})
            i += 1
    return changed, removed
