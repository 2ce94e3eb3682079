"""``kubectl create priorityclass``.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create_priorityclass.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import BOOL, INT, flag
from kplan.kubectl.generating import SHARED, create, given_name, made

FLAGS = (
    *SHARED,
    flag("value", INT),
    flag("global-default", BOOL),
    flag("description"),
    flag("preemption-policy", default="PreemptLowerPriority"),
)


def run(command: Command) -> AnyFailure | None:
    """Create a PriorityClass."""
    a = command.arguments
    name = given_name(command)
    if isinstance(name, Failure):
        return name
    obj = made(
        "scheduling.k8s.io/v1",
        "PriorityClass",
        name,
        globalDefault=a["global-default"],
        description=a["description"],
        preemptionPolicy=a["preemption-policy"],
    )
    return create(command, {**obj, "value": a["value"]}, "failed to create priorityclass: ")
