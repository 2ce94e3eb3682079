"""``kubectl create serviceaccount``.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create_serviceaccount.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.generating import SHARED, create, given_name, made

FLAGS = SHARED


def run(command: Command) -> AnyFailure | None:
    """Create a ServiceAccount."""
    name = given_name(command)
    return name if isinstance(name, Failure) else create(command, made("v1", "ServiceAccount", name), "failed to create serviceaccount: ")
