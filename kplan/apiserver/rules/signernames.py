"""Names of certificate signers: ``example.com/my-signer``.

Mirrors: pkg/apis/core/validation/names.go: ValidateSignerName (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import Errors, FieldPath, invalid, required, too_long
from kplan.apiserver.rules.names import (
    MAX_LABEL,
    MAX_SUBDOMAIN,
    Messages,
    byte_length,
    is_dns1123_label,
    is_dns1123_subdomain,
    name_is_dns_subdomain,
)
from kplan.model.gotext import go_quote

_MAX_NAME = MAX_SUBDOMAIN + 1 + MAX_SUBDOMAIN + 1 + MAX_LABEL
"""A domain, a slash, and a path with room for a subdomain, a dot and a label."""


def validate_signer_name(path: FieldPath, name: str) -> Errors:
    """A domain of at least two labels, a slash, and a path."""
    if not name:
        yield required(path)
        return
    if name.count("/") != 1:
        yield invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")
        return
    domain, _, rest = name.partition("/")
    if byte_length(domain) > MAX_SUBDOMAIN:
        yield too_long(path, "", MAX_SUBDOMAIN)
    labels = domain.split(".")
    for label in labels:
        if said := is_dns1123_label(label):
            for message in said:
                yield invalid(path, domain, f"validating label {go_quote(label)}: {message}")
            break
    if len(labels) < 2:
        yield invalid(path, domain, "should be a domain with at least two segments separated by dots")
    for label in rest.split("."):
        if said := is_dns1123_subdomain(label):
            for message in said:
                yield invalid(path, rest, f"validating label {go_quote(label)}: {message}")
            break
    if byte_length(name) > _MAX_NAME:
        yield too_long(path, "", _MAX_NAME)


def is_kubernetes_signer(name: str) -> bool:
    """Whether a signer is one of Kubernetes' own."""
    host = name.partition("/")[0]
    return host == "kubernetes.io" or host.endswith(".kubernetes.io")


def cluster_trust_bundle_name_errors(name: str) -> Messages:
    """The name of a ClusterTrustBundle: what comes before its last colon must be its signer."""
    signer, colon, _ = name.rpartition(":")
    if not colon:
        return name_is_dns_subdomain(name, False)
    if not signer:
        return ('ClusterTrustBundle without signer name must not have ":" in its name',)
    return name_is_dns_subdomain(name.removeprefix(signer + ":"), False)
