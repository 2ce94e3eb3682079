"""Which pods of a node ``drain`` takes away, which it leaves, and which it will not touch without being told.

Mirrors: staging/src/k8s.io/kubectl/pkg/drain/filters.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kplan.apiserver.outcome import not_found
from kplan.kubectl.failure import Failure
from kplan.model.objects import Object, Ref, annotations_of, controller_of, get_in, name_of, namespace_of
from kplan.store.view import View

OKAY, SKIP, WARNING, ERROR = "Okay", "Skip", "Warning", "Error"
MIRROR = "kubernetes.io/config.mirror"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one filter says of one pod."""

    delete: bool = True
    reason: str = OKAY
    message: str = ""


_OKAY = Verdict()


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters with what the command line allows."""

    view: View
    force: bool = False
    ignore_daemonsets: bool = False
    delete_emptydir: bool = False

    def judge(self, pod: Object) -> Verdict:
        """The verdict on a pod: the first that spares it, else that of the last filter (which drops earlier warnings)."""
        verdict = _OKAY
        for test in (self._daemonset, self._mirror, self._local_storage, self._unmanaged):
            verdict = test(pod)
            if not verdict.delete:
                break
        return verdict

    def _daemonset(self, pod: Object) -> Verdict:
        owner = controller_of(pod)
        if owner is None or (owner["kind"], owner["apiVersion"]) != ("DaemonSet", "apps/v1") or _finished(pod):
            return _OKAY
        if self.view.get(Ref("DaemonSet.apps", namespace_of(pod), owner["name"])) is None:
            missing = not_found("daemonsets.apps", owner["name"]).message
            return Verdict(True, WARNING, missing) if self.force else Verdict(False, ERROR, missing)
        if not self.ignore_daemonsets:
            return Verdict(False, ERROR, "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)")
        return Verdict(False, WARNING, "ignoring DaemonSet-managed Pods")

    def _mirror(self, pod: Object) -> Verdict:
        return Verdict(False, SKIP) if MIRROR in annotations_of(pod) else _OKAY

    def _local_storage(self, pod: Object) -> Verdict:
        if _finished(pod) or not any("emptyDir" in v for v in get_in(pod, ("spec", "volumes")) or ()):
            return _OKAY
        if not self.delete_emptydir:
            return Verdict(False, ERROR, "Pods with local storage (use --delete-emptydir-data to override)")
        return Verdict(True, WARNING, "deleting Pods with local storage")

    def _unmanaged(self, pod: Object) -> Verdict:
        if _finished(pod) or controller_of(pod) is not None:
            return _OKAY
        if self.force:
            return Verdict(True, WARNING, "deleting Pods that declare no controller")
        return Verdict(False, ERROR, "Pods that declare no controller (use --force to override)")


def _finished(pod: Object) -> bool:
    return get_in(pod, ("status", "phase")) in ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Judged:
    """The pods of a node, each with its verdict."""

    pods: tuple[tuple[Object, Verdict], ...]

    @property
    def doomed(self) -> list[Object]:
        """The pods to take away."""
        return [pod for pod, verdict in self.pods if verdict.delete]

    @property
    def warnings(self) -> str:
        """All warnings in one line."""
        return "; ".join(f"{message}: {', '.join(names)}" for message, names in self._by_message(WARNING).items())

    @property
    def errors(self) -> list[Failure]:
        """What forbids to drain the node."""
        return [Failure(f"cannot delete {message or 'unexpected error'}: {', '.join(names)}") for message, names in self._by_message(ERROR).items()]

    def _by_message(self, reason: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for pod, verdict in self.pods:
            if verdict.reason == reason:
                found.setdefault(verdict.message, []).append(f"{namespace_of(pod)}/{name_of(pod)}")
        return found


def judge_all(filters: Filters, pods: Iterable[Object]) -> Judged:
    """The verdicts on all pods."""
    return Judged(tuple((pod, filters.judge(pod)) for pod in pods))
