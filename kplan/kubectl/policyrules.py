"""RBAC rules of flags: verbs, ``resource.group/subresource``, names.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create_role.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kplan.catalog.kinds import KindInfo
from kplan.kubectl.client import Client
from kplan.kubectl.failure import Failure
from kplan.kubectl.flags import ARRAY, LIST, flag

FLAGS = (flag("verb", LIST), flag("resource", LIST), flag("resource-name", ARRAY))
VERBS = (
    *("*", "get", "delete", "list", "create", "update", "patch", "watch", "proxy"),
    *("deletecollection", "use", "bind", "approve", "sign", "escalate", "impersonate"),
)
_SIGNING = (("certificates.k8s.io", "signers"),)
SPECIAL: dict[str, tuple[tuple[str, str], ...]] = {
    "use": (),
    "bind": (("rbac.authorization.k8s.io", "roles"), ("rbac.authorization.k8s.io", "clusterroles")),
    "escalate": (("rbac.authorization.k8s.io", "roles"), ("rbac.authorization.k8s.io", "clusterroles")),
    "impersonate": (("", "users"), ("", "serviceaccounts"), ("", "groups"), ("authentication.k8s.io", "userextras")),
    "approve": _SIGNING,
    "sign": _SIGNING,
}
"""Verbs that go only with certain (group, resource)s."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One ``--resource``."""

    group: str
    resource: str
    subresource: str


def parse(resources: Iterable[str]) -> list[Wanted]:
    """The resources of ``pods,deployments.apps/scale``; a plain ``*`` stands for all and ends the list."""
    out: list[Wanted] = []
    for word in resources:
        head, slash, sub = word.partition("/")
        name, dot, group = head.partition(".")
        wanted = Wanted(group, name, sub)
        if name == "*" and not dot and not slash:
            return [wanted]
        out.append(wanted)
    return out


def unique_verbs(verbs: Iterable[str]) -> list[str]:
    """Each verb once; ``*`` stands for all."""
    found = list(dict.fromkeys(verbs))
    return ["*"] if "*" in found else found


def check(client: Client, verbs: list[str], resources: list[Wanted]) -> Failure | None:
    """What is wrong with verbs and resources; an unusual verb is only warned about."""
    for verb in verbs:
        if verb not in VERBS:
            client.screen.complain(f"Warning: '{verb}' is not a standard resource verb")
    for wanted in resources:
        if not wanted.resource:
            return Failure("resource must be specified if apiGroup/subresource specified")
        if wanted.resource == "*":
            return None
        kind = _find(client, wanted)
        group, name = (kind.group, kind.plural) if kind else (wanted.group, wanted.resource)
        special = False
        for verb in verbs:
            if verb in SPECIAL and (group, name) not in SPECIAL[verb]:
                return Failure(f"can not perform '{verb}' on '{name}' in group '{group}'")
            special = special or verb in SPECIAL
        if kind is None and not special:
            where = f" in group {wanted.group!r}" if wanted.group else ""
            shown = where.replace("'", '"')
            return Failure(f'the server doesn\'t have a resource type "{wanted.resource}"{shown}')
    return None


def _find(client: Client, wanted: Wanted) -> KindInfo | None:
    return client.resource(f"{wanted.resource}.{wanted.group}" if wanted.group else wanted.resource)


def rules(client: Client, verbs: list[str], resources: list[Wanted], names: list[str]) -> list[dict[str, Any]]:
    """One rule for each API group."""
    by_group: dict[str, list[str]] = {}
    for wanted in resources:
        kind = _find(client, wanted)
        group, name = (kind.group, kind.plural) if kind else (wanted.group, wanted.resource)
        full = f"{name}/{wanted.subresource}" if wanted.subresource else name
        found = by_group.setdefault(group, [])
        if full not in found:
            found.append(full)
    unique = list(dict.fromkeys(names))
    return [
        {"verbs": verbs, "apiGroups": [group], "resources": by_group[group]} | ({"resourceNames": unique} if unique else {})
        for group in sorted(by_group)
    ]
