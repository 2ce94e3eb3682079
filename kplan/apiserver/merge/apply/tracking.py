"""What is done about managedFields for one request.

Mirrors: staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/{fieldmanager,structuredmerge,managedfieldsupdater,
         stripmeta,capmanagers,skipnonapplied,lastappliedmanager,lastappliedupdater}.go (1.36)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.merge.apply.checking import Mistake, check, told
from kplan.apiserver.merge.apply.comparing import compare
from kplan.apiserver.merge.apply.conflicts import Conflicts
from kplan.apiserver.merge.apply.entries import (
    APPLY,
    CURRENT,
    UPDATE,
    BadEntries,
    Managed,
    Manager,
    Ownership,
    decoded,
    encoded,
)
from kplan.apiserver.merge.apply.fields import Fields, path_of
from kplan.apiserver.merge.apply.reading import fields_of
from kplan.apiserver.merge.apply.updating import Updater, Versions, absent_to_empty
from kplan.apiserver.outcome import Status
from kplan.model.gotext import go_json
from kplan.model.objects import Object

MAX_UPDATERS = 10
"""So many managers of updates are told apart; older ones become one."""

ANCIENT, BEFORE_FIRST_APPLY, KUBECTL = "ancient-changes", "before-first-apply", "kubectl"

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

MAX_ANNOTATIONS = 256 * 1024

_META = ("name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion")

NOBODYS = Fields.of(path_of("apiVersion"), path_of("kind"), path_of("metadata"), *(path_of("metadata", name) for name in _META))
"""Fields that nobody manages."""


@dataclass(frozen=True, slots=True)
class FieldManager:
    """Keeps managedFields of objects of one kind, written in one version."""

    versions: Versions
    api_version: str
    kind: str
    zero: Object
    """An object of the kind in which nothing is set."""
    ignored: Fields
    subresource: str = ""
    now: str = ""

    # -- updates -------------------------------------------------------------------------------------------------

    def update(self, live: Object | None, new: Object, manager: str) -> list[dict[str, Any]]:
        """managedFields of an object after it was created or written as a whole."""
        ownership = self._given(live, new)
        if not ownership.managers and live is not None:
            return []
        before = stripped(live) if live is not None else self.zero
        return encoded(self._updated(before, stripped(new), ownership, manager))

    def _given(self, live: Object | None, new: Object) -> Ownership:
        """Those of the request; those of the stored object where it says nothing, or nonsense."""
        stored = (live or {}).get("metadata", {}).get("managedFields") or []
        if self.subresource:
            return _or_empty(stored)
        given = new["metadata"].get("managedFields")
        if given is not None and (not given or given == [{}]):
            return Ownership()
        if given:
            try:
                return decoded(given)
            except BadEntries:
                pass
        return _or_empty(stored)

    def _updated(self, live: Object, new: Object, ownership: Ownership, manager: str) -> Ownership:
        managers = self._updater().update(live, new, ownership.managers, CURRENT)
        if (mine := managers.pop(CURRENT, None)) is not None and (fields := mine.fields - NOBODYS):
            who = self._manager(manager, UPDATE)
            if who in managers:
                fields = fields | managers[who].fields
            managers[who] = Managed(fields, mine.api_version, False)
            ownership.times[who] = self.now
        return capped(Ownership(managers, ownership.times))

    def _manager(self, name: str, operation: str) -> Manager:
        version = self.api_version if operation == UPDATE else ""
        return Manager(name or "unknown", operation, version, self.subresource)

    def _updater(self) -> Updater:
        return Updater(self.versions, self.api_version, self.ignored)

    # -- apply ---------------------------------------------------------------------------------------------------

    def apply(self, live: Object | None, config: Object, manager: str, force: bool) -> Object | Status:
        """The object, with its managedFields, after a configuration was applied; or why it cannot be."""
        try:
            ownership = decoded((live or {}).get("metadata", {}).get("managedFields") or [])
        except BadEntries as wrong:
            return _internal(f"failed to decode managed fields: {wrong}")
        before = stripped(live) if live is not None else self.zero
        if not ownership.managers and live is not None:
            ownership = self._updated(self.zero, before, ownership, BEFORE_FIRST_APPLY)
        if (refused := self._refusal(config)) is not None:
            return refused
        try:
            new, ownership = self._applied(before, config, ownership, manager, force)
        except Conflicts as conflicts:
            return conflicts.status()
        out = dict(new or before)
        if manager == KUBECTL:
            out = with_last_applied(out, config)
        out["metadata"] = {**out.get("metadata", {}), "managedFields": encoded(ownership)}
        return out

    def _refusal(self, config: Object) -> Status | None:
        if (version := config.get("apiVersion")) != self.api_version:
            why = f"Incorrect version specified in apply patch. Specified patch version: {version}, expected: {self.api_version}"
            return Status(400, "BadRequest", why)
        if (config.get("metadata") or {}).get("managedFields") is not None:
            return Status(400, "BadRequest", "metadata.managedFields must be nil")
        if mistakes := self._mistakes(config):
            return _internal(f"failed to create typed patch object ({self._shown(config)}): {told(mistakes)}")
        return None

    def _mistakes(self, config: Object) -> list[Mistake]:
        shape = self.versions.shape(self.api_version)
        return check(config, shape) if shape is not None else []

    def _shown(self, config: Object) -> str:
        meta = config.get("metadata") or {}
        group, _, version = self.api_version.rpartition("/")
        return f"{meta.get('namespace') or ''}/{meta.get('name') or ''}; {group}/{version}, Kind={self.kind}"

    def _applied(self, live: Object, config: Object, ownership: Ownership, manager: str, force: bool) -> tuple[Object | None, Ownership]:
        who = self._manager(manager, APPLY)
        try:
            return self._apply(live, config, ownership, who, force)
        except Conflicts as conflicts:
            allowed = self._applied_before(live) if manager == KUBECTL else None
            if allowed is None:
                raise
            if conflicts.fields() - allowed:
                raise conflicts.but_for(allowed) from None
            return self._apply(live, config, ownership, who, True)

    def _apply(self, live: Object, config: Object, ownership: Ownership, who: Manager, force: bool) -> tuple[Object | None, Ownership]:
        new, managers = self._updater().apply(live, config, ownership.managers, who, force)
        if who in managers:
            mine = managers.pop(who)
            if fields := mine.fields - NOBODYS:
                managers[who] = mine._replace(fields=fields)
        times = dict(ownership.times)
        if new is not None:
            times[who] = self.now
        return None if new is None else dict(absent_to_empty(new)), Ownership(managers, times)

    def _applied_before(self, live: Object) -> Fields | None:
        """The fields a client-side apply set and that are still so; None where there was none."""
        shape = self.versions.shape(self.api_version)
        text = ((live.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED)
        last = _object_in(text) if text else None
        if last is None or shape is None or last.get("apiVersion") != self.api_version or check(last, shape) or check(live, shape):
            return None
        change = compare(last, live, shape)
        return fields_of(last, shape) - change.modified - change.added - change.removed


def _or_empty(entries: list[Mapping[str, Any]]) -> Ownership:
    try:
        return decoded(entries)
    except BadEntries:
        return Ownership()


def _internal(message: str) -> Status:
    return Status(500, "", message)


def _object_in(text: str) -> Object | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def stripped(obj: Object) -> Object:
    """The object without managedFields, which are not themselves managed."""
    meta = obj.get("metadata") or {}
    if "managedFields" not in meta:
        return obj
    return {**obj, "metadata": {k: v for k, v in meta.items() if k != "managedFields"}}


def with_last_applied(obj: Object, config: Object) -> dict[str, Any]:
    """The object, its last-applied annotation brought up to date where it has one."""
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    if not annotations.get(LAST_APPLIED):
        return dict(obj)
    meta = {**(config.get("metadata") or {})}
    if "annotations" in meta:
        meta["annotations"] = {k: v for k, v in (meta["annotations"] or {}).items() if k != LAST_APPLIED}
        if not meta["annotations"]:
            del meta["annotations"]
    updated = {**annotations, LAST_APPLIED: go_json({**config, "metadata": meta}) + "\n"}
    if sum(len(k.encode()) + len(v.encode()) for k, v in updated.items()) > MAX_ANNOTATIONS:
        del updated[LAST_APPLIED]
    return {**obj, "metadata": {**obj["metadata"], "annotations": updated}}


def capped(ownership: Ownership) -> Ownership:
    """At most MAX_UPDATERS managers of updates: the oldest become one, each version by itself."""
    updaters = [m for m, managed in ownership.managers.items() if not managed.applied]
    if len(updaters) <= MAX_UPDATERS:
        return ownership
    managers, times, left = dict(ownership.managers), dict(ownership.times), len(updaters)
    first: dict[str, Manager] = {}
    for manager in sorted(updaters, key=lambda m: (times.get(m, ""), m.text())):
        if left <= MAX_UPDATERS:
            break
        version = managers[manager].api_version
        bucket = Manager(ANCIENT, UPDATE, version)
        if version not in first:
            first[version] = manager
            continue
        if bucket not in managers:
            managers[bucket] = managers.pop(first[version])
        old = managers.pop(manager)
        managers[bucket] = old._replace(fields=old.fields | managers[bucket].fields)
        times[bucket] = times.get(manager, "")
        left -= 1
    return Ownership(managers, times)
