"""A request as policies see it: the variable ``request``, and who the user is.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/cel/condition.go (CreateAdmissionRequest, CreateNamespaceObject) (1.36)
Differs: kubectl is kubeadm's administrator, controllers use their service accounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kplan.apiserver.admission.contract import CREATE, UPDATE, AdmissionContext, Attributes
from kplan.catalog.kinds import KindInfo
from kplan.model.objects import Object, Ref

_OPTIONS = {CREATE: "CreateOptions", UPDATE: "UpdateOptions"}
_NAMESPACE_META = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "finalizers",
)
_COMPONENTS = {
    "scheduler": "system:kube-scheduler",
    "default-scheduler": "system:kube-scheduler",
    "kube-scheduler": "system:kube-scheduler",
    "apiextensions-apiserver": "system:apiserver",
}


@dataclass(frozen=True, slots=True)
class User:
    """Who asks."""

    name: str
    groups: tuple[str, ...]


ADMINISTRATOR = User("kubernetes-admin", ("kubeadm:cluster-admins", "system:authenticated"))


def user_of(actor: str) -> User:
    """The user behind an actor of the journal."""
    if actor in ("", "kubectl"):
        return ADMINISTRATOR
    if actor.startswith("kubelet"):
        node = actor.partition("/")[2]
        return User(f"system:node:{node}", ("system:nodes", "system:authenticated"))
    if component := _COMPONENTS.get(actor):
        return User(component, ("system:masters" if component == "system:apiserver" else "system:authenticated",))
    return service_account("kube-system", actor)


def service_account(namespace: str, name: str) -> User:
    """The user that a service account is."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    return User(f"system:serviceaccount:{namespace}:{name}", groups)


def namespace_of(attributes: Attributes, context: AdmissionContext) -> Object | None:
    """The namespace of a request, without what policies need not know."""
    if not attributes.namespace or attributes.kind == "Namespace":
        return None
    found = context.view.get(Ref("Namespace", "", attributes.namespace))
    if found is None:
        return None
    metadata = {k: found["metadata"][k] for k in _NAMESPACE_META if k in found["metadata"]}
    return {"metadata": metadata, "spec": found.get("spec") or {}, "status": found.get("status") or {}}


def request_of(attributes: Attributes, context: AdmissionContext, matched: KindInfo) -> dict[str, Any]:
    """The variable ``request``; ``matched`` is the version in which a policy matches."""
    asked, user = attributes.info, user_of(attributes.user)
    request: dict[str, Any] = {
        "uid": "",
        "kind": _kind(matched),
        "resource": _resource(matched),
        "requestKind": _kind(asked),
        "requestResource": _resource(asked),
        "operation": attributes.operation,
        "userInfo": {"username": user.name, "groups": list(user.groups)},
        "object": None,
        "oldObject": None,
        "dryRun": context.dry_run,
        "options": {"kind": _OPTIONS.get(attributes.operation, "DeleteOptions"), "apiVersion": "meta.k8s.io/v1", **attributes.options},
    }
    if attributes.subresource:
        request["subResource"] = request["requestSubResource"] = attributes.subresource
    if attributes.name:
        request["name"] = attributes.name
    if attributes.namespace:
        request["namespace"] = attributes.namespace
    return request


def _kind(info: KindInfo) -> dict[str, str]:
    return {"group": info.group, "version": info.version, "kind": info.kind}


def _resource(info: KindInfo) -> dict[str, str]:
    return {"group": info.group, "version": info.version, "resource": info.plural}
