"""``kubectl rollout``: undo, restart, pause or follow a rollout.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/rollout/rollout.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure

FOLDER = "kplan.kubectl.rollout"
FLAGS = ()


def run(command: Command) -> AnyFailure | None:
    """Say which sub-verbs there are."""
    return Failure("must specify one of: history, pause, restart, resume, status, undo")
