"""``apply --prune``: deletes what was applied before, matches the selector, and is no longer among the files.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/apply/prune.go, staging/src/k8s.io/kubectl/pkg/util/prune/prune.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kplan.catalog.kinds import KindInfo
from kplan.kubectl.annotation import LAST_APPLIED, read_annotations
from kplan.kubectl.client import CLIENT, Client
from kplan.kubectl.failure import AnyFailure, Failure, of_status
from kplan.kubectl.info import Info, printed_name, text_in
from kplan.model.selectors import EVERYTHING, parse_selector

if TYPE_CHECKING:
    from kplan.kubectl.apply import Apply

DEFAULT = (
    "core/v1/ConfigMap",
    "core/v1/Endpoints",
    "core/v1/PersistentVolumeClaim",
    "core/v1/Pod",
    "core/v1/ReplicationController",
    "core/v1/Secret",
    "core/v1/Service",
    "batch/v1/Job",
    "batch/v1/CronJob",
    "networking.k8s.io/v1/Ingress",
    "apps/v1/DaemonSet",
    "apps/v1/Deployment",
    "apps/v1/ReplicaSet",
    "apps/v1/StatefulSet",
    "core/v1/Namespace",
    "core/v1/PersistentVolume",
)
"""What is pruned where no ``--prune-allowlist`` says otherwise."""


def parse_allowlist(words: Iterable[str], client: Client) -> list[KindInfo] | Failure:
    """The kinds of ``--prune-allowlist`` (``apps/v1/Deployment``, ``core/v1/Pod``)."""
    found = []
    for word in words:
        parts = word.split("/")
        if len(parts) != 3:
            return Failure(f"invalid GroupVersionKind format: {word}, please follow <group/version/kind>")
        group, version, kind = parts
        api_version = version if group == "core" else f"{group}/{version}"
        info = client.resolve(api_version, kind)
        if info is None:
            return Failure(f'no matches for kind "{kind}" in version "{api_version}"')
        found.append(info)
    return found


@dataclass(slots=True)
class Pruner:
    """Prunes after one apply."""

    apply: Apply
    kinds: list[KindInfo]

    def before(self, _: list[Info]) -> AnyFailure | None:
        """Nothing: only an ApplySet prepares."""
        return None

    def after(self) -> AnyFailure | None:
        """Prune in every namespace the apply visited, then among the cluster-scoped objects."""
        for namespace in self.apply.visited_namespaces:
            for kind in self.kinds:
                if kind.namespaced and (error := self._prune(kind, namespace)):
                    return Failure(f"error pruning namespaced object {_shown(kind)}: {error}")
        for kind in self.kinds:
            if not kind.namespaced and (error := self._prune(kind, "")):
                return Failure(f"error pruning nonNamespaced object {_shown(kind)}: {error}")
        return None

    def _prune(self, kind: KindInfo, namespace: str) -> AnyFailure | None:
        apply, client = self.apply, self.apply.client
        selector = parse_selector(apply.selector) if apply.selector else EVERYTHING
        for obj in client.list(kind, namespace, selector):
            if LAST_APPLIED not in read_annotations(obj) or text_in(obj, "uid") in apply.visited_uids:
                continue
            if apply.dry_run != CLIENT:
                grace = apply.grace if apply.grace >= 0 else None
                gone = client.delete(kind, namespace, text_in(obj, "name"), propagation=apply.cascade, grace=grace, dry_run=apply.dry_run)
                if gone.error is not None:
                    return of_status(gone.error)
            client.screen.say(printed_name(obj, "pruned", apply.dry_run))
        return None


def _shown(kind: KindInfo) -> str:
    return f"{kind.group}/{kind.version}, Kind={kind.kind}"
