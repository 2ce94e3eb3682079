"""The patch of a client-side apply: made of the last-applied, the new and the live object; sent; or the object made anew.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/apply/patcher.go (1.36)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kplan.apiserver.merge.errors import BadPatch
from kplan.apiserver.merge.jsonmerge import apply_merge, create_three_way_merge
from kplan.apiserver.merge.lookup import PatchSchema
from kplan.apiserver.merge.request import MERGE, STRATEGIC
from kplan.apiserver.merge.strategic import apply_strategic
from kplan.apiserver.merge.strategicdiff import create_three_way_patch
from kplan.kubectl.annotation import last_applied, original_configuration
from kplan.kubectl.client import CLIENT, Client
from kplan.kubectl.failure import AnyFailure, Failure, of_status, with_source
from kplan.kubectl.info import Info, with_metadata
from kplan.model.gotext import go_json
from kplan.model.objects import Object
from kplan.model.secrets import MASK, mask_secret


@dataclass(slots=True)
class Patcher:
    """Brings one live object to what its file says."""

    client: Client
    info: Info
    manager: str
    dry_run: str
    validation: str
    force: bool
    """Whether an object that may not be changed so is deleted and created anew."""
    cascade: str
    grace: int
    overwrite: bool = True

    def patch(self, live: Object, modified: Object) -> tuple[str, Object, AnyFailure | None]:
        """(the patch as JSON, the object after it, what went wrong)."""
        text, patched, error = self._send(live, modified)
        if error is None:
            return text, patched, None
        if self.force and isinstance(error, Failure) and (error.is_reason("Conflict") or error.is_reason("Invalid")):
            self.info.replaced_because = error.status
            return self._recreate(live, modified)
        return text, patched, with_source("patching", self.info.source, error)

    @property
    def _kind(self) -> str:
        """Custom resources know no strategic merge."""
        return STRATEGIC if self.info.kind.definition else MERGE

    def _send(self, live: Object, modified: Object) -> tuple[str, Object, AnyFailure | None]:
        try:
            body = self._make(live, modified)
        except (BadPatch, ValueError) as problem:
            return "", live, self._unmade(live, modified, problem)
        text = go_json(body)
        if not body:
            return text, live, None
        if self.dry_run == CLIENT:
            return text, self._applied_here(live, body), None
        info = self.info
        outcome = self.client.patch(
            info.kind, info.namespace, info.name, self._kind, body, manager=self.manager, dry_run=self.dry_run, validation=self.validation
        )
        if outcome.error is not None:
            return text, live, of_status(outcome.error)
        return text, self.client.in_version(outcome.object or {}, info.kind), None

    def _make(self, live: Object, modified: Object) -> dict[str, Any]:
        original = original_configuration(live)
        if not isinstance(original, dict):
            raise BadPatch("invalid JSON document")
        if self._kind == MERGE:
            return create_three_way_merge(original, modified, live)
        return create_three_way_patch(original, modified, live, self._schema())

    def _schema(self) -> PatchSchema:
        return PatchSchema(self.client.server.catalog, self.info.kind.definition)

    def _unmade(self, live: Object, modified: Object, problem: Exception) -> Failure:
        why = problem.message if isinstance(problem, BadPatch) else "invalid JSON document"
        if self._kind == STRATEGIC:
            for spec in ("openapi v3 spec", "openapi spec"):
                self.client.screen.complain(f"warning: error calculating patch from {spec}: {why}")
        original = last_applied(live) or ""
        if self.info.kind.group_kind == "Secret":
            original, modified, live = MASK if original else "", mask_secret(modified), mask_secret(live)
        texts = (original, go_json(modified) + "\n", go_json(live) + "\n")
        return Failure("creating patch with:\noriginal:\n{}\nmodified:\n{}\ncurrent:\n{}\nfor: {}".format(*texts, why))

    def _applied_here(self, live: Object, body: dict[str, Any]) -> Object:
        return apply_merge(live, body) if self._kind == MERGE else apply_strategic(live, body, self._schema())

    def _recreate(self, live: Object, modified: Object) -> tuple[str, Object, AnyFailure | None]:
        """Delete the object and create it anew; put the old one back where that is refused."""
        info, text = self.info, go_json(modified) + "\n"
        grace = self.grace if self.grace >= 0 else None
        gone = self.client.delete(info.kind, info.namespace, info.name, propagation=self.cascade, grace=grace)
        if gone.error is not None:
            return text, live, of_status(gone.error)
        if self.client.get(info.kind, info.namespace, info.name).ok:
            self.client.settle()
        if self.client.get(info.kind, info.namespace, info.name).ok:
            return text, live, Failure("timed out waiting for the condition")
        made = self.client.create(info.kind, info.namespace, modified, manager=self.manager, validation=self.validation)
        if made.error is None:
            return text, self.client.in_version(made.object or {}, info.kind), None
        error: AnyFailure = of_status(made.error)
        again = self.client.create(
            info.kind, info.namespace, with_metadata(live, resourceVersion=None), manager=self.manager, validation=self.validation
        )
        if again.error is not None:
            error = Failure(
                "An error occurred force-replacing the existing object with the newly provided one:\n\n"
                f"{error}.\n\nAdditionally, an error occurred attempting to restore the original object:\n\n{again.error.message}"
            )
        return text, live, error
