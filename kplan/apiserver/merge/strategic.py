"""Applying a strategic merge patch.

Lists with a merge strategy are merged element by element, all else is replaced; ``$patch``, ``$retainKeys``,
``$deleteFromPrimitiveList/<field>`` and ``$setElementOrder/<field>`` direct the merge.

Mirrors: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.merge.errors import LIST, BadPatch, bad_directive, bad_format, bad_type, no_merge_key
from kplan.apiserver.merge.lists import (
    DELETE,
    PATCH,
    List,
    deduplicate,
    element_type,
    find,
    key_of,
    normalize_order,
    partition,
    without_deletions,
)
from kplan.apiserver.merge.lookup import MERGE, REPLACE, FieldRule, PatchSchema
from kplan.apiserver.merge.values import same
from kplan.model.gotext import go_text, go_type
from kplan.model.objects import Object, thaw

RETAIN = "$retainKeys"
DELETE_LIST = "$deleteFromPrimitiveList"
SET_ORDER = "$setElementOrder"

Draft = dict[str, Any]


def apply_strategic(obj: Object, patch: Object, schema: PatchSchema) -> Draft:
    """The object with the patch merged in; neither argument is changed.

    Raises: BadPatch where the patch is malformed.
    """
    return merge_map(thaw(obj), thaw(patch), schema, final=True)


def merge_map(original: Draft, patch: Draft, schema: PatchSchema, *, final: bool) -> Draft:
    """Merge a private copy of a patch into a private copy of an object.

    ``final``: directives take effect and nulls vanish.  Otherwise ``original`` is a patch itself, and both are kept, so
    that the result is a patch which does what the two would do one after the other.
    """
    if PATCH in patch:
        return _directed(patch)
    _retain_keys(original, patch, final)
    _merge_ordered_lists(original, patch, schema, final)
    for key in list(patch):
        _merge_field(original, key, patch[key], schema, final)
    return original


def _directed(patch: Draft) -> Draft:
    match patch[PATCH]:
        case "replace":
            return {k: v for k, v in patch.items() if k != PATCH}
        case "delete":
            return {}
    raise bad_directive(patch[PATCH], patch)


def _retain_keys(original: Draft, patch: Draft, final: bool) -> None:
    if RETAIN not in patch:
        return
    keys = patch.pop(RETAIN)
    if not final:
        if not same(original.setdefault(RETAIN, keys), keys):
            raise BadPatch(f"{go_text(original[RETAIN])} and {go_text(keys)} are not deep equal: this may happen when calculating the 3-way diff patch")
        return
    if not isinstance(keys, list):
        raise bad_format("retainKeys")
    for key, value in patch.items():
        if value is not None and not key.startswith((DELETE_LIST, SET_ORDER)) and key not in keys:
            raise bad_format("retainKeys")
    for key in [k for k in original if k not in keys]:
        del original[key]


def _named_field(key: str, prefix: str, what: str) -> str:
    """``finalizers`` of ``$deleteFromPrimitiveList/finalizers``."""
    before, slash, name = key.partition("/")
    if not slash or before != prefix:
        raise bad_format(what)
    return name


def _merge_ordered_lists(original: Draft, patch: Draft, schema: PatchSchema, final: bool) -> None:
    """Merge each list that has a ``$setElementOrder`` together with it, and take both out of the patch."""
    for key in [k for k in patch if k.startswith(SET_ORDER)]:
        order = patch.pop(key)
        if not final and not same(original.setdefault(key, order), order):
            raise bad_format("setElementOrder list")
        if not isinstance(order, list):
            raise bad_type(LIST, order)
        name = _named_field(key, SET_ORDER, "setElementOrder list")
        live, ours = (_list_in(where, name) for where in (original, patch))
        rule = schema.field(name)
        _check_order(ours or [], order, rule.merge_key)
        if live is None and ours is None:
            continue
        if ours is None:
            merged = live or []
        elif live is None:
            merged = _without_directives(ours)
        else:
            merged = _merge_list(live, ours, rule, deletes=False, final=final)
        if not element_type(live or [], ours or []):
            raise BadPatch("no elements in any of the given slices")
        inside, outside = partition(merged, order, rule.merge_key)
        original[name] = normalize_order(inside, outside, order, _live_order(live or [], ours or [], rule.merge_key), rule.merge_key)
        patch.pop(name, None)


def _live_order(live: List, ours: List, merge_key: str) -> List:
    """The order of the live list as the real merge sees it: places that deletions freed hold the first elements added.

    (Go deletes and appends in the array it then takes the order from.)
    """
    gone = [item[merge_key] for item in ours if merge_key and item.get(PATCH) == DELETE]
    if not gone:
        return live
    kept = [item for item in live if not any(same(item.get(merge_key), key) for key in gone)]
    added = [item for item in ours if PATCH not in item and find(kept, merge_key, item[merge_key]) < 0]
    return [*kept, *added][: len(live)]


def _list_in(where: Draft, name: str) -> List | None:
    if name not in where:
        return None
    if not isinstance(where[name], list):
        raise bad_type(LIST, where[name])
    found: List = where[name]
    return found


def _check_order(ours: List, order: List, merge_key: str) -> None:
    """The patch list must be part of the order list, and in its order."""
    if not order or not ours:
        return
    kept = without_deletions(ours)[0] if merge_key else ours
    at = 0
    for wanted in order:
        while at < len(kept) and isinstance(kept[at], Mapping) and PATCH in kept[at]:
            at += 1
        if at == len(kept):
            return
        if merge_key:
            at += same(key_of(kept[at], merge_key), key_of(wanted, merge_key))
        else:
            at += same(kept[at], wanted)
    if at < len(kept):
        raise BadPatch(f"The order in patch list:\n{go_text(ours)}\n doesn't match {SET_ORDER} list:\n{go_text(order)}\n")


def _merge_field(original: Draft, key: str, value: Any, schema: PatchSchema, final: bool) -> None:
    deletes = key.startswith(DELETE_LIST)
    if deletes and not final:
        original[key] = value
        return
    name = _named_field(key, DELETE_LIST, "primitive list") if deletes else key
    if value is None:
        original.pop(name, None)
        if final:
            return
    if name not in original or go_type(original[name]) != go_type(value):
        if not deletes:
            _take(original, name, value, final)
        return
    if isinstance(value, Mapping):
        rule = schema.field(name)
        original[name] = value if rule.strategy == REPLACE else merge_map(original[name], dict(value), rule.inside, final=final)
    elif isinstance(value, list):
        original[name] = _merge_list(original[name], value, schema.field(name), deletes=deletes, final=final)
    else:
        original[name] = value


def _take(original: Draft, name: str, value: Any, final: bool) -> None:
    """Take the patch's value as it is, without its directives and, finally, its nulls."""
    if isinstance(value, Mapping) and PATCH in value:
        original.pop(name, None)
        return
    original[name] = _without_directives(_without_nulls(value) if final else value)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_nulls(v) for v in value]
    return value


def _without_directives(value: Any) -> Any:
    """The value without the maps in it that carry ``$patch``."""
    if isinstance(value, Mapping):
        return {k: _without_directives(v) for k, v in value.items() if not (isinstance(v, Mapping) and PATCH in v)}
    if isinstance(value, list):
        return [_without_directives(v) for v in value if not (isinstance(v, Mapping) and PATCH in v)]
    return value


def _merge_list(live: List, ours: List, rule: FieldRule, *, deletes: bool, final: bool) -> List:
    """Merge two lists under the rule of their field; ``deletes``: the second lists scalars to be taken out."""
    if rule.strategy != MERGE and not deletes:
        return ours
    kind = element_type(live, ours)
    if not kind:
        return live
    merge_key = rule.merge_key
    if not kind.startswith("map"):
        if deletes and final:
            return [v for v in live if not any(same(v, gone) for gone in ours)]
        merged = deduplicate([*live, *ours])
    else:
        if not merge_key:
            raise BadPatch("cannot merge lists without merge key for struct")
        live, ours = _obey_directives(live, ours, merge_key)
        merged = _merge_elements(live, ours, rule, final)
    inside, outside = partition(merged, ours, merge_key)
    return normalize_order(inside, outside, ours, live, merge_key)


def _obey_directives(live: List, ours: List, merge_key: str) -> tuple[List, List]:
    """The live list without what ``$patch: delete`` names, and the patch list without directives."""
    plain: List = []
    replace = False
    for item in ours:
        directive = item.get(PATCH)
        if PATCH not in item:
            plain.append(item)
        elif directive == DELETE:
            if merge_key not in item:
                raise no_merge_key(item, merge_key)
            while (at := find(live, merge_key, item[merge_key])) >= 0:
                live = [*live[:at], *live[at + 1 :]]
        elif directive == "replace":
            replace = True
        elif directive == "merge":
            raise BadPatch("merging lists cannot yet be specified in the patch")
        else:
            raise bad_directive(directive, item)
    return (plain, []) if replace else (live, plain)


def _merge_elements(live: List, ours: List, rule: FieldRule, final: bool) -> List:
    merged = list(live)
    for item in ours:
        at = find(merged, rule.merge_key, key_of(item, rule.merge_key))
        if at < 0:
            merged.append(item)
        else:
            merged[at] = merge_map(merged[at], dict(item), rule.inside, final=final)
    return merged
