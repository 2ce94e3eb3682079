"""``kubectl create quota``.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create_quota.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import flag
from kplan.kubectl.generating import SHARED, create, given_name, made
from kplan.kubectl.set.resources import parse_resources

FLAGS = (*SHARED, flag("hard"), flag("scopes"))


def run(command: Command) -> AnyFailure | None:
    """Create a ResourceQuota."""
    a = command.arguments
    name = given_name(command)
    if isinstance(name, Failure):
        return name
    hard = parse_resources(a["hard"])
    if isinstance(hard, Failure):
        return hard
    spec: dict[str, Any] = {}
    if hard:
        spec["hard"] = hard
    if a["scopes"]:
        spec["scopes"] = a["scopes"].split(",")
    return create(command, {**made("v1", "ResourceQuota", name), "spec": spec}, "failed to create quota: ")
