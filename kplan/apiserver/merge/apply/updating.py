"""Who manages what after an update, and what an object is after an apply.

Mirrors: sigs.k8s.io/structured-merge-diff/v6/merge/update.go
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from kplan.apiserver.merge.apply.comparing import ABSENT, Comparison, compare, equal
from kplan.apiserver.merge.apply.conflicts import Conflicts
from kplan.apiserver.merge.apply.entries import Managed, Manager
from kplan.apiserver.merge.apply.fields import Fields
from kplan.apiserver.merge.apply.merging import merged
from kplan.apiserver.merge.apply.reading import fields_of
from kplan.apiserver.merge.apply.reconciling import reconciled
from kplan.apiserver.merge.apply.removing import without
from kplan.apiserver.merge.apply.shape import Shape
from kplan.model.objects import Object

Managers = dict[Manager, Managed]


class Versions(Protocol):
    """The versions of a kind."""

    def shape(self, api_version: str) -> Shape | None:
        """The shape of a version, None where it is not served any more."""

    def convert(self, obj: Object, api_version: str) -> Object:
        """An object in a version that is served."""


@dataclass(frozen=True, slots=True)
class Updater:
    """Works on objects of one kind in one version."""

    versions: Versions
    version: str
    ignored: Fields
    """What is not written through this path: the status through the object itself."""

    def update(self, live: Object, new: Object, managers: Managers, manager: Manager) -> Managers:
        """Who manages what after an object was written."""
        managers = self._reconciled(live, managers)
        managers, change = self._after(live, new, managers, manager, force=True)
        old = managers[manager].fields if manager in managers else Fields()
        fields = ((old - change.removed) | change.modified | change.added).without(self.ignored)
        managers.pop(manager, None)
        if fields:
            managers[manager] = Managed(fields, self.version, False)
        return managers

    def apply(self, live: Object, config: Object, managers: Managers, manager: Manager, force: bool) -> tuple[Object | None, Managers]:
        """The object after a configuration was applied, None where nothing changed; and who manages what.

        Raises: Conflicts.
        """
        managers = self._reconciled(live, managers)
        shape = self._shape(self.version)
        new = merged(live, config, shape)
        last = managers.get(manager)
        managers[manager] = Managed(fields_of(config, shape).without(self.ignored), self.version, True)
        new = self._pruned(new, managers, manager, last)
        managers, _ = self._after(live, new, managers, manager, force)
        return None if equal(live, new) else new, managers

    def _after(self, live: Object, new: Object, managers: Managers, workflow: Manager, force: bool) -> tuple[Managers, Comparison]:
        """Take from all others what changed."""
        mine = compare(live, new, self._shape(self.version)).without(self.ignored)
        changes: dict[str, Comparison] = {self.version: mine}
        conflicts: dict[Manager, Fields] = {}
        out = dict(managers)
        for manager, managed in managers.items():
            if manager == workflow:
                continue
            if managed.api_version not in changes:
                change = self._change_in(managed.api_version, live, new)
                if change is None:
                    del out[manager]
                    continue
                changes[managed.api_version] = change
            change = changes[managed.api_version]
            if taken := managed.fields & (change.modified | change.added):
                conflicts[manager] = taken
            left = managed.fields - conflicts.get(manager, Fields()) - change.removed
            out[manager] = managed._replace(fields=left)
        if conflicts and not force:
            raise Conflicts(conflicts)
        return {m: managed for m, managed in out.items() if managed.fields}, mine

    def _change_in(self, version: str, live: Object, new: Object) -> Comparison | None:
        shape = self.versions.shape(version)
        if shape is None:
            return None
        before, after = (self.versions.convert(o, version) if o else o for o in (live, new))
        return compare(before, after, shape).without(self.ignored)

    def _pruned(self, new: Object, managers: Managers, applying: Manager, last: Managed | None) -> Any:
        """Without what this manager applied the last time, not this time, and nobody else manages."""
        shape = self.versions.shape(last.api_version) if last is not None else None
        if last is None or not last.fields or shape is None:
            return new
        whole = self.versions.convert(new, last.api_version)
        pruned = without(whole, last.fields.with_named_parents(shape), shape)
        pruned = self._with_owned(whole, pruned, last.api_version, managers)
        pruned = _with_dangling(whole, self.versions.convert(pruned, last.api_version), last, shape)
        return self.versions.convert(pruned, managers[applying].api_version)

    def _with_owned(self, whole: Object, pruned: Object, first: str, managers: Managers) -> Object:
        """Add back what others, or the new configuration, manage."""
        owned: dict[str, Fields] = {first: Fields()}
        for managed in managers.values():
            owned[managed.api_version] = owned.get(managed.api_version, Fields()) | managed.fields
        for version, fields in owned.items():
            shape = self.versions.shape(version)
            if shape is None or not any(m.api_version == version for m in managers.values()):
                continue
            whole, pruned = self.versions.convert(whole, version), self.versions.convert(pruned, version)
            kept = fields_of(pruned, shape).with_named_parents(shape) | fields.with_named_parents(shape)
            pruned = without(whole, fields_of(whole, shape).with_named_parents(shape) - kept, shape)
        return pruned

    def _reconciled(self, live: Object, managers: Managers) -> Managers:
        out = {}
        for manager, managed in managers.items():
            shape = self.versions.shape(managed.api_version)
            if shape is not None:
                out[manager] = managed._replace(fields=reconciled(managed.fields, shape))
        return out

    def _shape(self, version: str) -> Shape:
        shape = self.versions.shape(version)
        assert shape is not None, version
        return shape


def _with_dangling(whole: Object, pruned: Object, last: Managed, shape: Shape) -> Any:
    """Add back what was removed and is not this manager's: nobody's, or an updater's."""
    kept, all_fields = (fields_of(o, shape).with_named_parents(shape) for o in (pruned, whole))
    return without(whole, (all_fields - kept) & last.fields.with_named_parents(shape), shape)


def absent_to_empty(value: Any) -> Mapping[str, Any]:
    """An object of which nothing is left."""
    return {} if value is ABSENT or value is None else value
