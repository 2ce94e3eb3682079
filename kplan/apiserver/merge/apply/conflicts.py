"""The words in which the server refuses to apply what others manage.

Mirrors: staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/conflict.go (1.36)
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from kplan.apiserver.merge.apply.entries import UPDATE, Manager
from kplan.apiserver.merge.apply.fields import FieldPath, Fields, path_text
from kplan.apiserver.outcome import Cause, Status


class Conflicts(Exception):
    """Fields that would change and that others manage."""

    def __init__(self, sets: Mapping[Manager, Fields]) -> None:
        super().__init__()
        self.found = [(manager, path) for manager, fields in sets.items() for path in fields]

    def fields(self) -> Fields:
        """All fields in conflict."""
        return Fields.of(*(path for _, path in self.found))

    def but_for(self, allowed: Fields) -> Conflicts:
        """The conflicts about other fields."""
        left = Conflicts({})
        left.found = [(manager, path) for manager, path in self.found if not allowed.has(path)]
        return left

    def status(self) -> Status:
        """The 409 the server answers with."""
        causes = [Cause("FieldManagerConflict", f"conflict with {_shown(m)}", path_text(p)) for m, p in self.found]
        return Status(409, "Conflict", _message(self.found), causes=tuple(causes))


def _message(found: list[tuple[Manager, FieldPath]]) -> str:
    if len(found) == 1:
        manager, path = found[0]
        return f"Apply failed with 1 conflict: conflict with {_shown(manager)}: {path_text(path)}"
    lines = []
    for manager in sorted({m for m, _ in found}, key=Manager.text):
        lines.append(f"conflicts with {_shown(manager)}:")
        lines += [f"- {path_text(path)}" for m, path in found if m == manager]
    return f"Apply failed with {len(found)} conflicts: " + "\n".join(lines)


def _shown(manager: Manager) -> str:
    text = json.dumps(manager.name, ensure_ascii=False)
    if manager.subresource:
        text += f' with subresource "{manager.subresource}"'
    return f"{text} using {manager.api_version}" if manager.operation == UPDATE else text
