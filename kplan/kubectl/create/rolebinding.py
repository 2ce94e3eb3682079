"""``kubectl create rolebinding``.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create_rolebinding.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import ARRAY, flag
from kplan.kubectl.generating import SHARED, create, given_name, made

RBAC = "rbac.authorization.k8s.io"
BINDING = (*SHARED, flag("clusterrole"), flag("user", ARRAY), flag("group", ARRAY), flag("serviceaccount", ARRAY))
FLAGS = (*BINDING, flag("role"))


def run(command: Command) -> AnyFailure | None:
    """Create a RoleBinding."""
    a = command.arguments
    name = given_name(command)
    if isinstance(name, Failure):
        return name
    if bool(a["clusterrole"]) == bool(a["role"]):
        return Failure("exactly one of clusterrole or role must be specified")
    return bind(command, "RoleBinding", name, *(("Role", a["role"]) if a["role"] else ("ClusterRole", a["clusterrole"])))


def bind(command: Command, kind: str, name: str, role_kind: str, role: str) -> AnyFailure | None:
    """Create a binding of a role to users, groups and ServiceAccounts."""
    a = command.arguments
    subjects: list[dict[str, Any]] = []
    for who, names in (("User", a["user"]), ("Group", a["group"])):
        subjects += [{"kind": who, "apiGroup": RBAC, "name": n} for n in names]
    for account in a["serviceaccount"]:
        parts = account.split(":")
        if len(parts) != 2 or not all(parts):
            return Failure("serviceaccount must be <namespace>:<name>")
        subjects.append({"kind": "ServiceAccount", "namespace": parts[0], "name": parts[1]})
    obj = made(f"{RBAC}/v1", kind, name, subjects=subjects)
    return create(command, {**obj, "roleRef": {"apiGroup": RBAC, "kind": role_kind, "name": role}}, f"failed to create {kind.lower()}: ")
