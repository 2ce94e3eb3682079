"""What a command works on: an object of a file or of the cluster, with its kind, place and source.

Mirrors: staging/src/k8s.io/cli-runtime/pkg/resource/visitor.go (Info) (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.outcome import Status, not_found
from kplan.catalog.kinds import KindInfo
from kplan.kubectl.client import Client
from kplan.kubectl.failure import Failure, of_status
from kplan.model.objects import Object, Ref


@dataclass(slots=True)
class Info:
    """One object in the course of a command; refreshed with what the server answers."""

    kind: KindInfo
    namespace: str
    name: str
    object: Object | None = None
    source: str = ""
    """The file as the user named it, "" where the object came from the cluster."""
    subresource: str = ""
    replaced_because: Status | None = None
    """Why the object was deleted and created anew."""

    def get(self, client: Client) -> Failure | None:
        """Fetch the object. Where neither it nor its namespace exists, the namespace is what is missing."""
        if error := self._unnamed():
            return error
        outcome = client.get_subresource(self.kind, self.namespace, self.name, self.subresource)
        if outcome.error is not None:
            if self.namespace not in ("", "default") and client.server.view.get(Ref("Namespace", "", self.namespace)) is None:
                return of_status(not_found("namespaces", self.namespace))
            return of_status(outcome.error)
        self.object = outcome.object
        return None

    def _unnamed(self) -> Failure | None:
        """What the client library refuses before it asks the server."""
        if not self.name:
            return Failure("resource name may not be empty")
        bad = [f"may not contain '{c}'" for c in "/%" if c in self.name]
        if self.name in (".", ".."):
            bad = [f"may not be '{self.name}'"]
        return Failure(f'invalid resource name "{self.name}": [{" ".join(bad)}]') if bad else None

    def move(self, namespace: str) -> None:
        """Put the object into a namespace, or with "" into none."""
        self.namespace = namespace
        if self.object is not None:
            self.object = with_metadata(self.object, namespace=namespace or None)

    def refresh(self, obj: Object) -> None:
        """Take over what the server answered."""
        self.object = obj
        self.name = text_in(obj, "name")
        self.namespace = text_in(obj, "namespace")

    @property
    def object_name(self) -> str:
        """``deployments/web``."""
        return f"{self.kind.plural}/{self.name}"

    def __str__(self) -> str:
        kind = self.kind
        resource = f"{kind.group}/{kind.version}, Resource={kind.plural}"
        return (
            f'Resource: "{resource}", GroupVersionKind: "{kind.group}/{kind.version}, Kind={kind.kind}"\n'
            f'Name: "{self.name}", Namespace: "{self.namespace}"'
        )


def text_in(obj: Object, key: str) -> str:
    """A text of metadata; "" where it is absent or no text."""
    metadata = obj.get("metadata")
    value = metadata.get(key) if isinstance(metadata, Mapping) else None
    return value if isinstance(value, str) else ""


def printed_name(obj: Object, operation: str = "", dry_run: str = "none") -> str:
    """kubectl's line about an object: ``deployment.apps/web configured (server dry run)``."""
    group, _, _ = str(obj.get("apiVersion") or "").rpartition("/")
    kind = str(obj.get("kind") or "").lower() or "<unknown>"
    name = text_in(obj, "name") or "<unknown>"
    said = f"{kind}.{group}/{name}" if group else f"{kind}/{name}"
    note = {"client": " (dry run)", "server": " (server dry run)"}.get(dry_run, "")
    return f"{said} {operation}{note}" if operation else said


def with_metadata(obj: Object, **changes: Any) -> dict[str, Any]:
    """The object with fields of its metadata set, or removed where None is given."""
    metadata = obj.get("metadata")
    merged = {**(metadata if isinstance(metadata, Mapping) else {}), **changes}
    return {**obj, "metadata": {k: v for k, v in merged.items() if v is not None or k not in changes}}
