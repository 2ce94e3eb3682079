"""``kubectl set``: change a part of a workload, a Service or a binding.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/set/set.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure

FOLDER = "kplan.kubectl.set"
ALIASES = {"sa": "serviceaccount"}
FLAGS = ()


def run(command: Command) -> AnyFailure | None:
    """Say which sub-verbs there are."""
    return Failure("must specify one of: env, image, resources, selector, serviceaccount, subject")
