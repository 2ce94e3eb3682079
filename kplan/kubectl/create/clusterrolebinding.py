"""``kubectl create clusterrolebinding``.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create_clusterrolebinding.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.command import Command
from kplan.kubectl.create.rolebinding import BINDING, bind
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.generating import given_name

FLAGS = BINDING


def run(command: Command) -> AnyFailure | None:
    """Create a ClusterRoleBinding."""
    if "clusterrole" not in command.arguments.changed:
        return Failure('required flag(s) "clusterrole" not set')
    name = given_name(command)
    return name if isinstance(name, Failure) else bind(command, "ClusterRoleBinding", name, "ClusterRole", command.arguments["clusterrole"])
