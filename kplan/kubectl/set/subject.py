"""``kubectl set subject``: more subjects for a RoleBinding or ClusterRoleBinding.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/set/set_subject.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.kubectl.client import SERVER
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import ARRAY, flag
from kplan.kubectl.info import Info
from kplan.kubectl.podspecs import Draft, patch_all
from kplan.kubectl.set.image import SHARED, found

FLAGS = (*SHARED, flag("user", ARRAY), flag("group", ARRAY), flag("serviceaccount", ARRAY))
RBAC = "rbac.authorization.k8s.io"


def run(command: Command) -> AnyFailure | None:
    """Add subjects."""
    a = command.arguments
    infos = found(command, a.args)
    if not isinstance(infos, list):
        return infos
    if error := _conflicting(command, infos):
        return error
    wanted = subjects(a["user"], a["group"], a["serviceaccount"], command.client.namespace)

    def change(draft: Draft, info: Info) -> AnyFailure | None:
        if info.kind.kind not in ("RoleBinding", "ClusterRoleBinding"):
            return Failure("setting subjects is only supported for RoleBinding/ClusterRoleBinding")
        existing = draft.get("subjects") or []
        added = [s for s in wanted if s not in existing]
        if added:
            draft["subjects"] = existing + added
        return None

    return patch_all(command, infos, change, "subjects updated", "failed to patch subjects to rolebinding: ")


def _conflicting(command: Command, infos: list[Info]) -> Failure | None:
    a = command.arguments
    if a["local"] and command.dry_run == SERVER:
        return Failure("cannot specify --local and --dry-run=server - did you mean --dry-run=client?")
    if a["all"] and a["selector"]:
        return Failure("cannot set --all and --selector at the same time")
    if not (a["user"] or a["group"] or a["serviceaccount"]):
        return Failure("you must specify at least one value of user, group or serviceaccount")
    for account in a["serviceaccount"]:
        parts = account.split(":")
        if len(parts) != 2 or not parts[1]:
            return Failure("serviceaccount must be <namespace>:<name>")
        if not parts[0] and any(i.kind.kind == "ClusterRoleBinding" for i in infos):
            return Failure("serviceaccount must be <namespace>:<name>, namespace must be specified")
    return None


def subjects(users: list[str], groups: list[str], accounts: list[str], namespace: str) -> list[dict[str, Any]]:
    """The subjects of users, groups and ``namespace:name`` ServiceAccounts, each sort in order and once."""
    out: list[dict[str, Any]] = []
    for kind, names in (("User", users), ("Group", groups)):
        out += [{"kind": kind, "apiGroup": RBAC, "name": name} for name in sorted(set(names))]
    for account in sorted(set(accounts)):
        place, _, name = account.partition(":")
        out.append({"kind": "ServiceAccount", "namespace": place or namespace, "name": name})
    return out
