"""``kubectl apply``: many objects, one after the other; what was dropped is pruned.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/apply/apply.go (1.36)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kplan.kubectl.annotation import LAST_APPLIED, modified_configuration, read_annotations
from kplan.kubectl.builder import Builder
from kplan.kubectl.client import CLIENT, NONE, Client
from kplan.kubectl.failure import AnyFailure, Failure, aggregate, of_status, with_source
from kplan.kubectl.info import Info, printed_name, text_in
from kplan.kubectl.patcher import Patcher
from kplan.model.objects import Object
from kplan.model.secrets import masked_text

CLIENT_SIDE, SERVER_SIDE = "kubectl-client-side-apply", "kubectl"
"""The field managers of ``apply`` and of ``apply --server-side``."""

MISSING_ANNOTATION = (
    "Warning: resource {name} is missing the " + LAST_APPLIED + " annotation which is required by kubectl apply. kubectl apply should only be "
    "used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched "
    "automatically."
)


@dataclass(slots=True)
class Apply:
    """One run of ``kubectl apply``."""

    client: Client
    server_side: bool = False
    force_conflicts: bool = False
    field_manager: str = CLIENT_SIDE
    selector: str | None = None
    dry_run: str = NONE
    validation: str = "Strict"
    overwrite: bool = True
    force: bool = False
    cascade: str = "Background"
    grace: int = -1
    subresource: str = ""
    output: str = ""
    prune: Any = None
    """What deletes what was applied before and is no longer there; None without ``--prune``."""
    visited_uids: set[str] = field(default_factory=set)
    visited_namespaces: dict[str, None] = field(default_factory=dict)
    applied: list[Info] = field(default_factory=list)

    def run(self, files: list[Info | AnyFailure]) -> AnyFailure | None:
        """Apply the objects of the files."""
        if self.client.enforce_namespace:
            self.visited_namespaces[self.client.namespace] = None
        infos, error = Builder(self.client, files=files, selector=self.selector).select().infos()
        if not infos and error is None:
            return Failure("no objects passed to apply")
        refused: AnyFailure | None = self.prune.before(infos) if self.prune is not None else None
        if refused is not None:
            return refused
        errors = [error, *(self.apply_one(info) for info in infos)]
        found = [e for e in errors if e is not None]
        if found:
            return found[0] if len(found) == 1 else aggregate(found)
        self.applied = infos
        left: AnyFailure | None = self.prune.after() if self.prune is not None else None
        return left

    def apply_one(self, info: Info) -> AnyFailure | None:
        """Apply one object."""
        if info.kind.namespaced:
            self.visited_namespaces[info.namespace] = None
        obj = info.object or {}
        if not info.name and (prefix := text_in(obj, "generateName")):
            return Failure(f"from {prefix}: cannot use generate name with apply")
        if self.server_side:
            from kplan.kubectl.serverside import apply_server_side

            return apply_server_side(self, info)
        modified, _ = modified_configuration(obj)
        if missing := info.get(self.client):
            if not missing.is_reason("NotFound"):
                return with_source(f"retrieving current configuration of:\n{info}\nfrom server for:", info.source, missing)
            return self._create(info, modified)
        return self._patch(info, modified)

    def _create(self, info: Info, modified: Object) -> AnyFailure | None:
        info.object = without_nulls(modified)
        if self.dry_run != CLIENT:
            outcome = self.client.create(
                info.kind, info.namespace, info.object, manager=self.field_manager, dry_run=self.dry_run, validation=self.validation
            )
            if outcome.error is not None:
                return with_source("creating", info.source, of_status(outcome.error))
            info.refresh(self.client.in_version(outcome.object or {}, info.kind))
        self.mark(info)
        self.say(info, "created")
        return None

    def _patch(self, info: Info, modified: Object) -> AnyFailure | None:
        live = info.object or {}
        self.mark(info)
        if LAST_APPLIED not in read_annotations(live):
            self.client.screen.complain(MISSING_ANNOTATION.format(name=info.object_name))
        patcher = Patcher(self.client, info, self.field_manager, self.dry_run, self.validation, self.force, self.cascade, self.grace, self.overwrite)
        patch, patched, error = patcher.patch(live, modified)
        if error is not None:
            patch = masked_text(patch) if info.kind.group_kind == "Secret" else patch
            return with_source(f"applying patch:\n{patch}\nto:\n{info}\nfor:", info.source, error)
        info.refresh(patched)
        self.warn_if_deleting(info)
        self.say(info, "unchanged" if patch == "{}" else "configured")
        return None

    # -- what all ways of applying share -------------------------------------------------------------------------

    def mark(self, info: Info) -> None:
        """Remember the object: what is visited is not pruned."""
        self.visited_uids.add(text_in(info.object or {}, "uid"))

    def say(self, info: Info, operation: str) -> None:
        """Print what became of the object."""
        if self.output in ("", "name"):
            said = printed_name(info.object or {}, "" if self.output else operation, self.dry_run)
            self.client.screen.say(said)

    def warn_if_deleting(self, info: Info) -> None:
        """A change to an object that is being deleted is likely to be lost."""
        if text_in(info.object or {}, "deletionTimestamp"):
            self.client.screen.complain(f"Warning: Detected changes to resource {info.name} which is currently being deleted.")


def without_nulls(obj: Any) -> Any:
    """The object without null fields: creating it then gives what changing it would."""
    if isinstance(obj, dict):
        return {k: without_nulls(v) for k, v in obj.items() if v is not None}
    if isinstance(obj, list):
        return [without_nulls(v) for v in obj]
    return obj
