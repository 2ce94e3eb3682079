"""Namespaces say which Pod Security Standard they want in labels that can be read.

Mirrors: k8s.io/pod-security-admission/admission/admission.go, plugin/pkg/admission/security/podsecurity/admission.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.admission.contract import CREATE, UPDATE, AdmissionContext, Attributes, Plugin
from kplan.apiserver.outcome import Status, invalid_status
from kplan.apiserver.podsecurity.levels import policy_of
from kplan.model.objects import labels_of


def validate(attributes: Attributes, _: AdmissionContext) -> Status | None:
    """Refuse labels that say nothing; on update only where they have changed."""
    assert attributes.object is not None
    errors = policy_of(labels_of(attributes.object))[1]
    if not errors or (attributes.old is not None and policy_of(labels_of(attributes.old))[1] == errors):
        return None
    return invalid_status(attributes.kind, attributes.name, errors)


PLUGIN = Plugin("PodSecurity", frozenset((CREATE, UPDATE)), frozenset(("Namespace",)), validate=validate)
