"""``kubectl rollout resume``.

Mirrors: staging/src/k8s.io/kubectl/pkg/polymorphichelpers/objectresumer.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure
from kplan.kubectl.info import Info
from kplan.kubectl.podspecs import Draft
from kplan.kubectl.rollout.changing import FLAGS, change_all

__all__ = ["FLAGS", "run"]


def run(command: Command) -> AnyFailure | None:
    """Resume Deployments."""
    return change_all(command, _resume, "resumed", lambda _: "already resumed")


def _resume(draft: Draft, info: Info) -> str:
    if info.kind.group_kind != "Deployment.apps":
        return "resuming is not supported"
    if not draft["spec"].pop("paused", False):
        return "is not paused"
    return ""
