"""What expressions may ask of authorization: ``authorizer``.

Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/authz.go, plugin/pkg/auth/authorizer/rbac/rbac.go (1.36)
Differs: the administrator, the system's own users and members of system:masters may do everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from kplan.apiserver.admission.contract import Attributes
from kplan.apiserver.policies.requests import ADMINISTRATOR, User, service_account
from kplan.model.gotext import go_quote
from kplan.model.objects import Object, Ref
from kplan.store.view import View

_RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer."""

    cel_type: ClassVar[str] = "kubernetes.authorization.Decision"
    allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Authorizer:
    """``authorizer``: who asks for a user."""

    cel_type: ClassVar[str] = "kubernetes.authorization.Authorizer"
    view: View
    user: User

    def path(self, path: str) -> PathCheck:
        """``authorizer.path(path)``."""
        return PathCheck(self, path)

    def group(self, group: str) -> GroupCheck:
        """``authorizer.group(group)``."""
        return GroupCheck(self, group)

    def as_service_account(self, namespace: str, name: str) -> Authorizer:
        """``authorizer.serviceAccount(namespace, name)``."""
        return replace(self, user=service_account(namespace, name))

    def request_resource(self, attributes: Attributes) -> ResourceCheck:
        """``authorizer.requestResource``."""
        info = attributes.info
        return ResourceCheck(self, info.group, info.plural, attributes.subresource, attributes.namespace, attributes.name)


@dataclass(frozen=True, slots=True)
class PathCheck:
    """A question about a path that is no resource."""

    cel_type: ClassVar[str] = "kubernetes.authorization.PathCheck"
    authorizer: Authorizer
    path: str

    def check(self, verb: str) -> Decision:
        """Whether the user may do that."""
        return _check_path(self, verb)


@dataclass(frozen=True, slots=True)
class GroupCheck:
    """A question about a group, not yet complete."""

    cel_type: ClassVar[str] = "kubernetes.authorization.GroupCheck"
    authorizer: Authorizer
    group: str

    def resource(self, resource: str) -> ResourceCheck:
        """``.resource(resource)``."""
        return ResourceCheck(self.authorizer, self.group, resource)


@dataclass(frozen=True, slots=True)
class ResourceCheck:
    """A question about a resource."""

    cel_type: ClassVar[str] = "kubernetes.authorization.ResourceCheck"
    authorizer: Authorizer
    group: str
    resource: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""

    def about(self, *, subresource: str = "", namespace: str = "", name: str = "") -> ResourceCheck:
        """The question about something more special."""
        return replace(
            self,
            subresource=subresource or self.subresource,
            namespace=namespace or self.namespace,
            name=name or self.name,
        )

    def check(self, verb: str) -> Decision:
        """Whether the user may do that."""
        return _check(self, verb)


def _is_trusted(user: User) -> bool:
    own = user.name.startswith(("system:serviceaccount:kube-system:", "system:kube-", "system:node:", "system:apiserver"))
    return user == ADMINISTRATOR or "system:masters" in user.groups or own


def _check(check: ResourceCheck, verb: str) -> Decision:
    user = check.authorizer.user
    if _is_trusted(user):
        return Decision(True)
    resource = f"{check.resource}/{check.subresource}" if check.subresource else check.resource
    for binding, rule in _rules(check.authorizer.view, user, check.namespace):
        if (
            _has(rule.get("verbs"), verb)
            and _has(rule.get("apiGroups"), check.group)
            and _has_resource(rule.get("resources") or (), resource, check.subresource)
            and (not rule.get("resourceNames") or check.name in rule["resourceNames"])
        ):
            return Decision(True, _reason(binding, user))
    return Decision(False)


def _check_path(check: PathCheck, verb: str) -> Decision:
    user = check.authorizer.user
    if _is_trusted(user):
        return Decision(True)
    for binding, rule in _rules(check.authorizer.view, user, ""):
        paths = rule.get("nonResourceURLs") or ()
        if _has(rule.get("verbs"), verb) and any(p == check.path or (p.endswith("*") and check.path.startswith(p[:-1])) for p in paths):
            return Decision(True, _reason(binding, user))
    return Decision(False)


def _rules(view: View, user: User, namespace: str) -> Iterator[tuple[Object, Mapping[str, Any]]]:
    """The rules that bindings give to a user, with the binding."""
    bindings = [*view.objects(f"ClusterRoleBinding.{_RBAC}")]
    if namespace:
        bindings += view.objects(f"RoleBinding.{_RBAC}", namespace)
    for binding in bindings:
        if not any(_is_subject(s, user, namespace) for s in binding.get("subjects") or ()):
            continue
        reference = binding["roleRef"]
        where = namespace if reference["kind"] == "Role" else ""
        role = view.get(Ref(f"{reference['kind']}.{_RBAC}", where, reference["name"]))
        for rule in (role or {}).get("rules") or ():
            yield binding, rule


def _is_subject(subject: Mapping[str, Any], user: User, namespace: str) -> bool:
    match subject.get("kind"):
        case "User":
            return bool(subject["name"] == user.name)
        case "Group":
            return subject["name"] in user.groups
        case "ServiceAccount":
            return service_account(subject.get("namespace") or namespace, subject["name"]).name == user.name
        case _:
            return False


def _has(items: list[str] | None, wanted: str) -> bool:
    return any(item in ("*", wanted) for item in items or ())


def _has_resource(resources: Any, wanted: str, subresource: str) -> bool:
    return any(r in ("*", wanted) or (subresource and r == f"*/{subresource}") for r in resources)


def _reason(binding: Object, user: User) -> str:
    reference, meta = binding["roleRef"], binding["metadata"]
    name = f"{meta['name']}/{meta['namespace']}" if meta.get("namespace") else meta["name"]
    subject = next(s for s in binding["subjects"] if _is_subject(s, user, meta.get("namespace") or ""))
    shown = f"{subject['name']}/{subject['namespace']}" if subject.get("namespace") else subject["name"]
    return (
        f"RBAC: allowed by {binding['kind']} {go_quote(name)} of {reference['kind']} {go_quote(reference['name'])} "
        f"to {subject['kind']} {go_quote(shown)}"
    )
