"""``kubectl api-versions``: the API versions the cluster serves.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/apiresources/apiversions.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure

FLAGS = ()


def run(command: Command) -> AnyFailure | None:
    """List the versions."""
    if command.arguments.args:
        return command.usage(f"unexpected arguments: [{' '.join(command.arguments.args)}]")
    for version in sorted({kind.api_version for kind in command.client.kinds()}):
        command.client.screen.say(version)
    return None
