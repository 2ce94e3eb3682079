"""``kubectl create role``.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create_role.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl import policyrules
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.generating import SHARED, create, given_name, made

FLAGS = (*SHARED, *policyrules.FLAGS)


def run(command: Command) -> AnyFailure | None:
    """Create a Role."""
    a, client = command.arguments, command.client
    name = given_name(command)
    if isinstance(name, Failure):
        return name
    verbs, resources = policyrules.unique_verbs(a["verb"]), policyrules.parse(a["resource"])
    if not verbs:
        return Failure("at least one verb must be specified")
    if not resources:
        return Failure("at least one resource must be specified")
    if error := policyrules.check(client, verbs, resources):
        return error
    rules = policyrules.rules(client, verbs, resources, a["resource-name"])
    return create(command, made("rbac.authorization.k8s.io/v1", "Role", name, rules=rules), "")
