"""managedFields when an object's size is changed through its scale.

Mirrors: staging/src/k8s.io/apimachinery/pkg/util/managedfields/scalehandler.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.apiserver.merge.apply.entries import UPDATE, BadEntries, Managed, Manager, decoded, encoded
from kplan.apiserver.merge.apply.fields import FieldPath, Fields


def resized(entries: list[dict[str, Any]], path: FieldPath, version: str, manager: str, now: str) -> list[dict[str, Any]]:
    """The entries after a manager set the size: it is taken from all others."""
    try:
        ownership = decoded(entries)
    except BadEntries:
        return list(entries)
    who = Manager(manager or "unknown", UPDATE, version, "scale")
    size = Fields.of(path)
    managers = {m: managed._replace(fields=managed.fields - size) for m, managed in ownership.managers.items()}
    ownership.managers = {m: managed for m, managed in managers.items() if managed.fields}
    ownership.managers[who] = Managed(size, version, False)
    ownership.times[who] = now
    return encoded(ownership)
