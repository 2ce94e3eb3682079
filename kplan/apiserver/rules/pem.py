"""PEM blocks, and what Go's TLS says of a certificate and key that are none.

Mirrors: encoding/pem, crypto/tls: X509KeyPair
Differs: what is inside the blocks is not parsed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

_BLOCK = re.compile(rb"(?:^|\n)-----BEGIN ([^\n]*?)-----[ \t\r]*\n(.*?)-----END \1-----[ \t\r]*(?=\n|$)", re.DOTALL)
_HEADER = re.compile(rb"[^\n:]*:[^\n]*\n")


@dataclass(frozen=True, slots=True)
class Block:
    """One PEM block."""

    type: str
    body: bytes
    has_headers: bool = False


def blocks(data: bytes) -> Iterator[Block]:
    """The well-formed blocks of a text, in order; others are passed over."""
    at = 0
    while match := _BLOCK.search(data, at):
        at = match.end()
        inside = match[2]
        headers = False
        while header := _HEADER.match(inside):
            headers, inside = True, inside[header.end() :]
        try:
            body = base64.b64decode(re.sub(rb"[ \t\r\n]", b"", inside), validate=True)
        except binascii.Error:
            at = match.start() + 1
            continue
        yield Block(match[1].decode("utf-8", "replace"), body, headers)


def key_pair_error(certificate: bytes, key: bytes) -> str:
    """Why two texts are no certificate and its key, as far as their PEM blocks tell; "" where they may be."""
    skipped = [b.type for b in blocks(certificate)]
    if "CERTIFICATE" not in skipped:
        if not skipped:
            return "tls: failed to find any PEM data in certificate input"
        if len(skipped) == 1 and skipped[0].endswith("PRIVATE KEY"):
            return (
                "tls: failed to find certificate PEM data in certificate input, but did find a private key; "
                "PEM inputs may have been switched"
            )
        said = 'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: '
        return f"{said}[{' '.join(skipped)}]"
    skipped = [b.type for b in blocks(key)]
    if any(t == "PRIVATE KEY" or t.endswith(" PRIVATE KEY") for t in skipped):
        return ""
    if not skipped:
        return "tls: failed to find any PEM data in key input"
    if skipped == ["CERTIFICATE"]:
        return "tls: found a certificate rather than a key in the PEM for the private key"
    said = 'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: '
    return f"{said}[{' '.join(skipped)}]"
