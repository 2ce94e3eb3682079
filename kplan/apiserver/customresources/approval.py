"""What both the door and the control loop ask of a CustomResourceDefinition.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apihelpers/helpers.go, staging/src/k8s.io/apiserver/pkg/util/webhook/validation.go (1.36)
"""

from __future__ import annotations

import base64

from kplan.apiserver.rules.pem import blocks
from kplan.apiserver.urls import UrlError, parse_request_uri
from kplan.model.gotext import go_quote
from kplan.model.objects import Object

APPROVAL = "api-approved.kubernetes.io"


def is_certificate_bundle(bundle: str) -> bool:
    """Whether there are certificates in base64 text."""
    return any(block.type == "CERTIFICATE" for block in blocks(base64.b64decode(bundle)))


def approval_state(crd: Object) -> tuple[str, str]:
    """Whether an API in a community's group was approved (``approved``, ``bypassed``, ``missing``, ``invalid``), and why."""
    annotation = (crd["metadata"].get("annotations") or {}).get(APPROVAL) or ""
    link = "see https://github.com/kubernetes/enhancements/pull/1111"
    if not annotation:
        return "missing", f"protected groups must have approval annotation {go_quote(APPROVAL)}, {link}"
    if annotation.startswith("unapproved"):
        return "bypassed", f"not approved: {go_quote(annotation)}"
    try:
        url = parse_request_uri(annotation)
        if url.host and url.scheme:
            return "approved", f"approved in {annotation}"
    except UrlError:
        pass
    hint = 'with either a URL or a reason starting with "unapproved"'
    return "invalid", f"protected groups must have approval annotation {go_quote(APPROVAL)} {hint}, {link}"


def is_protected(group: str) -> bool:
    """Whether a group is Kubernetes' own."""
    return any(group == own or group.endswith(f".{own}") for own in ("k8s.io", "kubernetes.io"))
