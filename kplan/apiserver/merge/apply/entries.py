"""``metadata.managedFields``: its entries as sets of fields by who manages them.

Mirrors: staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/managedfields.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kplan.apiserver.merge.apply.fields import Fields
from kplan.model.gotext import go_json

APPLY, UPDATE = "Apply", "Update"


class Manager(NamedTuple):
    """Who manages fields. One who applies is the same in all versions."""

    name: str
    operation: str
    api_version: str = ""
    subresource: str = ""

    def text(self) -> str:
        """What managers are sorted by in messages."""
        known = {"manager": self.name, "operation": self.operation, "apiVersion": self.api_version, "subresource": self.subresource}
        return "{" + ",".join(f'"{k}":{go_json(v)}' for k, v in known.items() if v) + "}"


CURRENT = Manager("current-operation", UPDATE)
"""Stands for the manager of an update while it is worked out."""


class Managed(NamedTuple):
    """The fields of a manager, in the version it wrote them in."""

    fields: Fields
    api_version: str
    applied: bool


@dataclass(slots=True)
class Ownership:
    """Who manages what of one object, and since when."""

    managers: dict[Manager, Managed] = field(default_factory=dict)
    times: dict[Manager, str] = field(default_factory=dict)


class BadEntries(ValueError):
    """managedFields that cannot be read."""


def decoded(entries: Iterable[Mapping[str, Any]]) -> Ownership:
    """The ownership of managedFields.

    Raises: BadEntries.
    """
    out = Ownership()
    for position, entry in enumerate(entries):
        operation, version = entry.get("operation"), entry.get("apiVersion") or ""
        if operation not in (APPLY, UPDATE):
            raise BadEntries("operation must be `Apply` or `Update`")
        if not version:
            raise BadEntries("apiVersion must not be empty")
        if not entry.get("fieldsType"):
            raise BadEntries(f"missing fieldsType in managed fields entry {position}")
        if entry["fieldsType"] != "FieldsV1":
            raise BadEntries(f'invalid fieldsType "{entry["fieldsType"]}" in managed fields entry {position}')
        manager = identified(entry)
        out.managers[manager] = Managed(Fields.from_json(entry.get("fieldsV1") or {}), version, operation == APPLY)
        if entry.get("time"):
            out.times[manager] = entry["time"]
    return out


def identified(entry: Mapping[str, Any]) -> Manager:
    """The manager of an entry."""
    operation = entry.get("operation") or ""
    version = "" if operation == APPLY else entry.get("apiVersion") or ""
    return Manager(entry.get("manager") or "", operation, version, entry.get("subresource") or "")


def encoded(ownership: Ownership) -> list[dict[str, Any]]:
    """managedFields: who applied before who updated, the older before the newer."""
    entries = [_entry(manager, managed, ownership.times.get(manager)) for manager, managed in ownership.managers.items()]
    return sorted(entries, key=_order)


def _order(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(entry.get(k) or "" for k in ("operation", "time", "manager", "apiVersion", "subresource"))


def _entry(manager: Manager, managed: Managed, time: str | None) -> dict[str, Any]:
    out: dict[str, Any] = {
        "apiVersion": managed.api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": managed.fields.to_json(),
        "manager": manager.name,
        "operation": APPLY if managed.applied else manager.operation,
    }
    if manager.subresource:
        out["subresource"] = manager.subresource
    if time:
        out["time"] = time
    return out


def but_for_times(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The entries without their times."""
    return [{k: v for k, v in entry.items() if k != "time"} for entry in entries]
