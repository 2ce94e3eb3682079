"""managedFields of an object that was applied client-side, made those of one that is applied server-side.

Mirrors: staging/src/k8s.io/client-go/util/csaupgrade/upgrade.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.apiserver.merge.apply.entries import APPLY, UPDATE
from kplan.apiserver.merge.apply.fields import Fields

Entry = Mapping[str, Any]


def owners(entries: Iterable[Entry], operation: str, fields: Fields) -> list[Entry]:
    """The entries of an operation that own all of some fields."""
    return [e for e in entries if e.get("operation") == operation and not fields - _fields(e)]


def upgraded(entries: list[Entry], client_side: Iterable[str], server_side: str) -> list[Entry]:
    """The entries with what managers of updates own given to the one who applies."""
    for name in client_side:
        entries = _upgraded(entries, name, server_side)
    return entries


def _upgraded(entries: list[Entry], old: str, new: str) -> list[Entry]:
    at = _find(entries, new, APPLY)
    if at is None:
        at = _find(entries, old, UPDATE)
        if at is None:
            return entries
        entries = [*entries[:at], {**entries[at], "operation": APPLY, "manager": new}, *entries[at + 1 :]]
    mine = entries[at]
    fields = _fields(mine)
    theirs = next((e for e in entries if _is(e, old, UPDATE) and e.get("apiVersion") == mine.get("apiVersion")), None)
    if theirs is not None:
        fields = fields | _fields(theirs)
    merged = {**mine, "fieldsV1": fields.to_json()}
    return [e for e in [*entries[:at], merged, *entries[at + 1 :]] if not _is(e, old, UPDATE)]


def _find(entries: list[Entry], name: str, operation: str) -> int | None:
    return next((i for i, e in enumerate(entries) if _is(e, name, operation)), None)


def _is(entry: Entry, name: str, operation: str) -> bool:
    return entry.get("manager") == name and entry.get("operation") == operation and not entry.get("subresource")


def _fields(entry: Entry) -> Fields:
    return Fields.from_json(entry.get("fieldsV1") or {})
