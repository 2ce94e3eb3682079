"""Names of certificate signers: ``example.com/my-signer``.

Mirrors: pkg/apis/core/validation/names.go: ValidateSignerName (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import Errors, FieldPath, go_quote, invalid, required, too_long
from kplan.apiserver.rules.names import (
    MAX_LABEL,
    MAX_SUBDOMAIN,
    byte_length,
    is_dns1123_label,
    is_dns1123_subdomain,
)


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
    if byte_length(rest) > MAX_SUBDOMAIN + MAX_LABEL + 1:
        yield too_long(path, rest, MAX_SUBDOMAIN + MAX_LABEL + 1)
