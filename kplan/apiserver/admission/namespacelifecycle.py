"""Nothing is created in a namespace that does not exist or is going; the system's namespaces stay.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go (1.36)
"""

from __future__ import annotations

from dataclasses import replace

from kplan.apiserver.admission.contract import CREATE, DELETE, UPDATE, AdmissionContext, Attributes, Plugin, refuse
from kplan.apiserver.outcome import Cause, Status, forbidden, not_found
from kplan.model.objects import Ref, get_in

IMMORTAL = frozenset(("default", "kube-system", "kube-public"))
TERMINATING = "unable to create new content in namespace {} because it is being terminated"
CAUSE = "NamespaceTerminating"
_REVIEWS = frozenset(("LocalSubjectAccessReview.authorization.k8s.io",))


def admit(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Refuse by the state of the namespace."""
    if attributes.kind == "Namespace":
        if attributes.operation == DELETE and attributes.name in IMMORTAL:
            return forbidden("namespaces", attributes.name, "this namespace may not be deleted")
        return None
    if not attributes.info.namespaced or attributes.operation == DELETE or attributes.kind in _REVIEWS:
        return None
    namespace = context.view.get(Ref("Namespace", "", attributes.namespace))
    if namespace is None:
        return not_found("namespaces", attributes.namespace)
    if attributes.operation != CREATE or get_in(namespace, ("status", "phase")) != "Terminating":
        return None
    return because_terminating(refuse(attributes, TERMINATING.format(attributes.namespace)), attributes.namespace)


def because_terminating(status: Status, namespace: str) -> Status:
    """The refusal with its cause, by which clients know it."""
    return replace(status, causes=(Cause(CAUSE, f"namespace {namespace} is being terminated", "metadata.namespace"),))


PLUGIN = Plugin(
    "NamespaceLifecycle",
    frozenset((CREATE, UPDATE, DELETE)),
    subresources=frozenset(("", "status", "scale")),
    admit=admit,
)
