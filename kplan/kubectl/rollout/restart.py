"""``kubectl rollout restart``: an annotation with the time makes a new template of an old one.

Mirrors: staging/src/k8s.io/kubectl/pkg/polymorphichelpers/objectrestarter.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.info import Info
from kplan.kubectl.podspecs import Draft
from kplan.kubectl.rollout.changing import FLAGS, change_all
from kplan.model.instants import write_instant

__all__ = ["FLAGS", "RESTARTED_AT", "run"]

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
_KINDS = ("Deployment.apps", "DaemonSet.apps", "StatefulSet.apps")


def run(command: Command) -> AnyFailure | None:
    """Restart workloads."""
    moment = write_instant(command.client.server.now)

    def restart(draft: Draft, info: Info) -> str:
        if info.kind.group_kind not in _KINDS:
            return "restarting is not supported"
        if info.kind.group_kind == "Deployment.apps" and draft["spec"].get("paused"):
            return "can't restart paused deployment (run rollout resume first)"
        metadata = draft["spec"]["template"].setdefault("metadata", {})
        metadata.setdefault("annotations", {})[RESTARTED_AT] = moment
        return ""

    return change_all(command, restart, "restarted", _too_soon)


def _too_soon(info: Info) -> Failure:
    return Failure(
        f"failed to create patch for {info.name}: if restart has already been triggered within the past second, "
        "please wait before attempting to trigger another"
    )
