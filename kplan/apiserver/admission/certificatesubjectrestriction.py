"""Nobody asks for a client certificate of the group that may do everything.

Mirrors: plugin/pkg/admission/certificates/subjectrestriction/admission.go (1.36)
"""

from __future__ import annotations

import base64

from kplan.apiserver.admission.contract import CREATE, AdmissionContext, Attributes, Plugin, refuse
from kplan.apiserver.outcome import Status
from kplan.apiserver.rules.certificaterequests import organizations_of
from kplan.model.objects import get_in

SIGNER = "kubernetes.io/kube-apiserver-client"
MASTERS = "system:masters"


def validate(attributes: Attributes, _: AdmissionContext) -> Status | None:
    """Refuse the group for the signer whose certificates the API server trusts."""
    request = attributes.object
    assert request is not None
    if get_in(request, ("spec", "signerName")) != SIGNER:
        return None
    if MASTERS in organizations_of(base64.b64decode(get_in(request, ("spec", "request")) or "")):
        return refuse(attributes, f"use of {SIGNER} signer with {MASTERS} group is not allowed")
    return None


PLUGIN = Plugin(
    "CertificateSubjectRestriction",
    frozenset((CREATE,)),
    frozenset(("CertificateSigningRequest.certificates.k8s.io",)),
    validate=validate,
)
