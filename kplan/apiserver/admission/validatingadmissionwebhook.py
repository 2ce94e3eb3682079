"""Validating webhooks are not called; one that nobody can call refuses what it should have been asked about.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/validating/plugin.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.admission.contract import CONNECT, CREATE, DELETE, UPDATE, AdmissionContext, Attributes, Plugin
from kplan.apiserver.outcome import Status
from kplan.apiserver.policies.matching import SUBRESOURCES

_KIND = "ValidatingWebhookConfiguration.admissionregistration.k8s.io"


def validate(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Try to call every webhook that is about the request."""
    if not context.view.objects(_KIND):
        return None
    from kplan.apiserver.policies.webhooks import call

    return call(_KIND, attributes, context)


PLUGIN = Plugin("ValidatingAdmissionWebhook", frozenset((CREATE, UPDATE, DELETE, CONNECT)), subresources=SUBRESOURCES, validate=validate)
