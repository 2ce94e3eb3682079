"""Bundles of trust anchors: PEM blocks, each an X.509 certificate of an authority, each once.

Mirrors: pkg/apis/certificates/validation/validation.go (validateTrustBundle); crypto/x509: ParseCertificate (1.36)
Differs: of a certificate its frame and its basic constraints are read, not names, times and keys.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.apiserver.field import Errors, FieldPath, invalid, too_long
from kplan.apiserver.rules import der
from kplan.apiserver.rules.names import byte_length
from kplan.apiserver.rules.pem import Block, blocks

_MOST = 1024 * 1024
_BASIC_CONSTRAINTS = "2.5.29.19"
_EXTENSIONS = 0xA3
_VERSION = 0xA0
_HIDDEN = "<value omitted>"


def validate_trust_bundle(bundle: str, path: FieldPath) -> Errors:
    """spec.trustBundle."""
    if byte_length(bundle) > _MOST:
        yield too_long(path, "", _MOST)
        return
    found = list(blocks(bundle.encode()))
    wrong = [f"entry {i} {said}" for i, block in enumerate(found) if (said := _block_error(block))]
    if not wrong:
        wrong = list(_anchor_errors([block.body for block in found]))
    for said in wrong:
        yield invalid(path, _HIDDEN, said)


def _anchor_errors(anchors: list[bytes]) -> Iterator[str]:
    if not anchors:
        yield "at least one trust anchor must be provided"
    for anchor in dict.fromkeys(anchors):
        if anchors.count(anchor) > 1:
            places = " ".join(str(i) for i, other in enumerate(anchors) if other == anchor)
            yield f"duplicate trust anchor (indices [{places}])"


def _block_error(block: Block) -> str:
    if block.type != "CERTIFICATE":
        return f"has bad block type: {block.type}"
    if block.has_headers:
        return "has PEM block headers"
    try:
        authority = is_authority(block.body)
    except der.DerError:
        return "does not parse as X.509"
    return "" if authority else "does not have the CA bit set"


def is_authority(certificate: bytes) -> bool:
    """Whether a certificate says that it may sign others; raises DerError where it is no certificate."""
    start, end, _ = der.read(certificate, 0, der.SEQUENCE)
    if end != len(certificate):
        raise der.DerError("x509: trailing data")
    signed = der.sequence(certificate[start:end], der.SEQUENCE, der.SEQUENCE, der.BITS)[0][1]
    parts = list(der.values(signed))
    if parts and parts[0][0] == _VERSION:
        parts = parts[1:]
    if [tag for tag, _, _ in parts[:6]] != [der.INTEGER] + [der.SEQUENCE] * 5:
        raise der.DerError("x509: malformed tbs certificate")
    return any(_allows_signing(extension) for tag, content, _ in parts[6:] if tag == _EXTENSIONS for extension in _extensions(content))


def _extensions(content: bytes) -> Iterator[list[tuple[int, bytes, bytes]]]:
    for _, inside, _ in der.values(content):
        for _, extension, _ in der.values(inside):
            yield der.sequence(extension, der.OID)


def _allows_signing(extension: list[tuple[int, bytes, bytes]]) -> bool:
    if der.oid(extension[0][1]) != _BASIC_CONSTRAINTS:
        return False
    start, end, _ = der.read(extension[-1][1], 0, der.SEQUENCE)
    constraints = list(der.values(extension[-1][1][start:end]))
    return bool(constraints) and constraints[0][0] == der.BOOLEAN and constraints[0][1] == b"\xff"
