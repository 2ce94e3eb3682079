"""``kubectl create deployment``.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create_deployment.go (1.36)
"""

from __future__ import annotations

import re
from typing import Any

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import INT, LIST, flag
from kplan.kubectl.generating import SHARED, create, given_name, made

FLAGS = (*SHARED, flag("image", LIST), flag("port", INT, default=-1), flag("replicas", INT, default=1, short="r"))


def run(command: Command) -> AnyFailure | None:
    """Create a Deployment with one container for each image."""
    a = command.arguments
    if "image" not in a.changed:
        return Failure('required flag(s) "image" not set')
    name = given_name(command)
    if isinstance(name, Failure):
        return name
    words = a.args[1:]
    if len(a["image"]) > 1 and words:
        return Failure("cannot specify multiple --image options and command")
    containers = [_container(command, image, words) for image in a["image"]]
    if a["port"] >= 0 and containers:
        containers[0]["ports"] = [{"containerPort": a["port"]}]
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    spec = {"replicas": a["replicas"], "selector": {"matchLabels": labels}, "template": template}
    return create(command, made("apps/v1", "Deployment", name, metadata={"labels": labels}, spec=spec), "failed to create deployment: ")


def _container(command: Command, image: str, words: list[str]) -> dict[str, Any]:
    name = image.rpartition("/")[2].partition(":")[0].partition("@")[0]
    if re.search(r"[_.]", name):
        name = f"{re.sub('[_.]', '-', name)}-{command.client.server.names.suffix(image)}"
    return {"name": name, "image": image} | ({"command": words} if words else {})
