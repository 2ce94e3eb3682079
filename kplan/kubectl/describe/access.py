"""Roles and their bindings, described.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go, staging/src/k8s.io/kubectl/pkg/util/rbac/rbac.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kplan.kubectl.describe.parts import Case, head, marks

Rule = Mapping[str, Any]
Key = tuple[str, str, str, str]
"""(group, resource, resource name, URL): what verbs are gathered by."""


def role(case: Case) -> None:
    """A Role or ClusterRole: what may be done to what."""
    paper = case.paper
    head(case, namespace=False)
    marks(case)
    paper.write(0, "PolicyRule:\n")
    paper.write(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs\n")
    paper.write(1, "---------\t-----------------\t--------------\t-----\n")
    for (group, resource, name, url), verbs in sorted(_gathered(case.object.get("rules") or ()).items(), key=_order):
        base, slash, subresource = resource.partition("/")
        what = base + (f".{group}" if group and resource else "") + slash + subresource
        paper.write(1, f"{what}\t[{url}]\t[{name}]\t[{' '.join(verbs)}]\n")


def _gathered(rules: Iterable[Rule]) -> dict[Key, list[str]]:
    found: dict[Key, list[str]] = {}
    for rule in rules:
        for key in _keys(rule):
            found.setdefault(key, []).extend(rule.get("verbs") or ())
    return {key: list(dict.fromkeys(verbs)) for key, verbs in found.items()}


def _keys(rule: Rule) -> Iterator[Key]:
    for group in rule.get("apiGroups") or ():
        for resource in rule.get("resources") or ():
            for name in rule.get("resourceNames") or ("",):
                yield group, resource, name, ""
    for url in rule.get("nonResourceURLs") or ():
        yield "", "", "", url


def _order(item: tuple[Key, list[str]]) -> str:
    """Rules are in the order of their Go texts: by verbs, then groups, resources, names, URLs."""
    (group, resource, name, url), verbs = item
    lists = [verbs, [] if url else [group], [] if url else [resource], [name] if name else [], [url] if url else []]
    return ",".join("[" + " ".join(values) + "]" for values in lists)


def binding(case: Case) -> None:
    """A RoleBinding or ClusterRoleBinding: who has the role."""
    paper, ref = case.paper, case.object.get("roleRef") or {}
    head(case, namespace=False)
    marks(case)
    paper.line(0, "Role")
    paper.line(1, "Kind", ref.get("kind") or "")
    paper.line(1, "Name", ref.get("name") or "")
    paper.line(0, "Subjects")
    paper.write(1, "Kind\tName\tNamespace\n")
    paper.write(1, "----\t----\t---------\n")
    for subject in case.object.get("subjects") or ():
        paper.write(1, f"{subject['kind']}\t{subject['name']}\t{subject.get('namespace') or ''}\n")


DESCRIBE = {
    "Role.rbac.authorization.k8s.io": role,
    "ClusterRole.rbac.authorization.k8s.io": role,
    "RoleBinding.rbac.authorization.k8s.io": binding,
    "ClusterRoleBinding.rbac.authorization.k8s.io": binding,
}
