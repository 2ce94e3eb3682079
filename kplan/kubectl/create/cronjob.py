"""``kubectl create cronjob``.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create_cronjob.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import flag
from kplan.kubectl.generating import SHARED, create, given_name, made

FLAGS = (*SHARED, flag("image"), flag("schedule"), flag("restart"))


def run(command: Command) -> AnyFailure | None:
    """Create a CronJob."""
    a = command.arguments
    if missing := [f'"{n}"' for n in ("image", "schedule") if n not in a.changed]:
        return Failure(f"required flag(s) {', '.join(missing)} not set")
    name = given_name(command)
    if isinstance(name, Failure):
        return name
    words = a.args[1:]
    container = {"name": name, "image": a["image"]} | ({"command": words} if words else {})
    pod = {"containers": [container], "restartPolicy": a["restart"] or "OnFailure"}
    template = {"metadata": {"name": name}, "spec": {"template": {"spec": pod}}}
    return create(command, made("batch/v1", "CronJob", name, spec={"schedule": a["schedule"], "jobTemplate": template}), "failed to create cronjob: ")
