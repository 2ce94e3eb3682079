"""What of this cluster no controller of ours looks after, in words for the plan.

Mirrors: cmd/kube-controller-manager/app/controller_descriptor.go, cmd/kube-controller-manager/names/controller_names.go (1.36)
Differs: what is off by default is not run: bootstrap-signer, token-cleaner, selinux-warning, and whatever belongs to a gate
         that is off. legacy-serviceaccount-token-cleaner works by years and is not played. The cloud's controllers are outside.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.model.objects import EMPTY
from kplan.store.view import View

_REQUESTS = "CertificateSigningRequest.certificates.k8s.io"


def unmodelled(view: View) -> Iterator[str]:
    """Lines for requests nobody will answer, and for policies whose types nobody checks."""
    waiting = [r for r in view.objects(_REQUESTS) if not (r.get("status") or EMPTY).get("certificate")]
    approved = [r for r in waiting if any(c["type"] == "Approved" for c in (r.get("status") or EMPTY).get("conditions") or ())]
    if len(waiting) > len(approved):
        yield f"{len(waiting) - len(approved)} CertificateSigningRequests: kubelets' are not approved by themselves"
    if approved:
        yield f"{len(approved)} CertificateSigningRequests are approved: no certificates are made"
