"""``kubectl rollout pause``.

Mirrors: staging/src/k8s.io/kubectl/pkg/polymorphichelpers/objectpauser.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure
from kplan.kubectl.info import Info
from kplan.kubectl.podspecs import Draft
from kplan.kubectl.rollout.changing import FLAGS, change_all

__all__ = ["FLAGS", "run"]


def run(command: Command) -> AnyFailure | None:
    """Pause Deployments."""
    return change_all(command, _pause, "paused", lambda _: "already paused")


def _pause(draft: Draft, info: Info) -> str:
    if info.kind.group_kind != "Deployment.apps":
        return "pausing is not supported"
    if draft["spec"].get("paused"):
        return "is already paused"
    draft["spec"]["paused"] = True
    return ""
