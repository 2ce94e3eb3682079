"""PKCS #10 certificate requests: their form, and whether the key in them signed them.

Mirrors: crypto/x509: ParseCertificateRequest, CertificateRequest.CheckSignature; encoding/asn1
Differs: of the extensions only the alternative names are read; Ed25519 and RSA-PSS signatures are taken as good.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from kplan.apiserver.rules import der
from kplan.apiserver.rules.pem import blocks

_RSA_KEY, _EC_KEY = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"
_RSA_SIGNATURES = {f"1.2.840.113549.1.1.{n}": h for n, h in ((5, "sha1"), (11, "sha256"), (12, "sha384"), (13, "sha512"))}
_EC_SIGNATURES = {"1.2.840.10045.4.1": "sha1"} | {
    f"1.2.840.10045.4.3.{n}": h for n, h in ((2, "sha256"), (3, "sha384"), (4, "sha512"))
}
_DIGEST_PREFIXES = {
    "sha1": "3021300906052b0e03021a05000414",
    "sha256": "3031300d060960864801650304020105000420",
    "sha384": "3041300d060960864801650304020205000430",
    "sha512": "3051300d060960864801650304020305000440",
}
_ORGANIZATION = "2.5.4.10"
_EXTENSIONS, _ALTERNATIVE_NAMES = "1.2.840.113549.1.9.14", "2.5.29.17"
_NAMES = {0x81: "email", 0x82: "dns", 0x86: "uri", 0x87: "ip"}
_BAD_RSA, _BAD_EC = "crypto/rsa: verification error", "x509: ECDSA verification failure"
_Point = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class _Curve:
    """y² = x³ - 3x + b over p, with a base point of order n."""

    p: int
    b: int
    n: int
    base: tuple[int, int]

    def add(self, a: _Point, b: _Point) -> _Point:
        if a is None or b is None:
            return a or b
        if a[0] == b[0]:
            if (a[1] + b[1]) % self.p == 0:
                return None
            slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, self.p)
        else:
            slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, self.p)
        x = (slope * slope - a[0] - b[0]) % self.p
        return x, (slope * (a[0] - x) - a[1]) % self.p

    def times(self, k: int, point: _Point) -> _Point:
        found: _Point = None
        while k:
            if k & 1:
                found = self.add(found, point)
            point, k = self.add(point, point), k >> 1
        return found


_CURVES = {
    "1.2.840.10045.3.1.7": _Curve(
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        (
            0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
            0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        ),
    ),
    "1.3.132.0.34": _Curve(
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        (
            0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
            0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
        ),
    ),
}


def request_error(pem: bytes) -> str:
    """What is wrong with a PEM-encoded request; "" where nothing is."""
    block = next(blocks(pem), None)
    if block is None or block.type != "CERTIFICATE REQUEST":
        return "PEM block type must be CERTIFICATE REQUEST"
    return der_request_error(block.body)


def der_request_error(data: bytes) -> str:
    """What is wrong with a request that is not wrapped in PEM; "" where nothing is."""
    try:
        _check(data)
    except der.DerError as error:
        return str(error)
    return ""


def is_bad_signature(said: str) -> bool:
    """Whether a request is well-formed, but not signed by its key."""
    return said in (_BAD_RSA, _BAD_EC)


def _info(pem: bytes) -> list[tuple[int, bytes, bytes]]:
    """Version, subject, key and attributes of a request that has no errors."""
    block = next(blocks(pem))
    start, end, _ = der.read(block.body, 0, der.SEQUENCE)
    return der.sequence(der.sequence(block.body[start:end], der.SEQUENCE)[0][1], der.INTEGER, der.SEQUENCE)


def subject_of(pem: bytes) -> dict[str, list[str]]:
    """The texts in the subject of a request that has no errors, by the identifiers of their types."""
    found: dict[str, list[str]] = {}
    for _, names, _ in der.values(_info(pem)[1][1]):
        for _, part, _ in der.values(names):
            name, value, *_ = der.sequence(part, der.OID)
            found.setdefault(der.oid(name[1]), []).append(value[1].decode(errors="replace"))
    return found


def organizations_of(pem: bytes) -> list[str]:
    """The organizations (groups, to Kubernetes) in the subject of a request that has no errors."""
    return subject_of(pem).get(_ORGANIZATION, [])


def alternative_names_of(pem: bytes) -> list[tuple[str, bytes]]:
    """(what kind of name, its bytes) that a request without errors asks for besides its subject."""
    found: list[tuple[str, bytes]] = []
    for _, attributes, _ in _info(pem)[3:]:
        for _, attribute, _ in der.values(attributes):
            name, values, *_ = der.sequence(attribute, der.OID)
            if der.oid(name[1]) == _EXTENSIONS:
                found += (n for _, extensions, _ in der.values(values[1]) for _, e, _ in der.values(extensions) for n in _names_in(e))
    return found


def _names_in(extension: bytes) -> Iterator[tuple[str, bytes]]:
    parts = der.sequence(extension, der.OID)
    if der.oid(parts[0][1]) == _ALTERNATIVE_NAMES:
        for _, names, _ in der.values(parts[-1][1]):
            yield from ((_NAMES[tag], content) for tag, content, _ in der.values(names) if tag in _NAMES)


def _algorithm(content: bytes) -> tuple[str, bytes]:
    parts = der.sequence(content, der.OID)
    return der.oid(parts[0][1]), parts[1][1] if len(parts) > 1 else b""


def _check(data: bytes) -> None:
    start, end, _ = der.read(data, 0, der.SEQUENCE)
    if end != len(data):
        raise der.DerError("asn1: syntax error: trailing data")
    info, algorithm, signature = der.sequence(data[start:end], der.SEQUENCE, der.SEQUENCE, der.BITS)[:3]
    key = der.sequence(info[1], der.INTEGER, der.SEQUENCE, der.SEQUENCE)[2]
    key_algorithm, public = der.sequence(key[1], der.SEQUENCE, der.BITS)[:2]
    kind, parameters = _algorithm(key_algorithm[1])
    name, _ = _algorithm(algorithm[1])
    if name in _RSA_SIGNATURES and kind == _RSA_KEY:
        good = _rsa_signed(_RSA_SIGNATURES[name], info[2], public[1][1:], signature[1][1:])
        if not good:
            raise der.DerError(_BAD_RSA)
    elif name in _EC_SIGNATURES and kind == _EC_KEY and der.oid(parameters) in _CURVES:
        curve = _CURVES[der.oid(parameters)]
        if not _ec_signed(curve, _EC_SIGNATURES[name], info[2], public[1][1:], signature[1][1:]):
            raise der.DerError(_BAD_EC)


def _rsa_signed(digest: str, message: bytes, key: bytes, signature: bytes) -> bool:
    start, end, _ = der.read(key, 0, der.SEQUENCE)
    modulus, exponent = (int.from_bytes(v[1], "big") for v in der.sequence(key[start:end], der.INTEGER, der.INTEGER)[:2])
    size = (modulus.bit_length() + 7) // 8
    info = bytes.fromhex(_DIGEST_PREFIXES[digest]) + hashlib.new(digest, message).digest()
    padded = b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info
    return len(signature) == size and pow(int.from_bytes(signature, "big"), exponent, modulus) == int.from_bytes(padded, "big")


def _ec_signed(curve: _Curve, digest: str, message: bytes, key: bytes, signature: bytes) -> bool:
    start, end, _ = der.read(signature, 0, der.SEQUENCE)
    r, s = (int.from_bytes(v[1], "big") for v in der.sequence(signature[start:end], der.INTEGER, der.INTEGER)[:2])
    size = (curve.p.bit_length() + 7) // 8
    x, y = int.from_bytes(key[1 : 1 + size], "big"), int.from_bytes(key[1 + size :], "big")
    if key[:1] != b"\4" or (y * y - x**3 + 3 * x - curve.b) % curve.p or not (0 < r < curve.n and 0 < s < curve.n):
        return False
    hashed = hashlib.new(digest, message).digest()
    number = int.from_bytes(hashed, "big") >> max(0, 8 * len(hashed) - curve.n.bit_length())
    inverse = pow(s, -1, curve.n)
    point = curve.add(curve.times(number * inverse % curve.n, curve.base), curve.times(r * inverse % curve.n, (x, y)))
    return point is not None and point[0] % curve.n == r


def certificate_error(pem: bytes) -> str:
    """What is wrong with the certificate of a request's status; "" where nothing is."""
    count = 0
    for block in blocks(pem):
        count += 1
        if block.type != "CERTIFICATE":
            return f'only CERTIFICATE PEM blocks are allowed, found "{block.type}"'
        if block.has_headers:
            return "no PEM block headers are permitted"
        if not block.body:
            return "found CERTIFICATE PEM block containing 0 certificates"
    return "" if count or not pem else "must contain at least one CERTIFICATE PEM block"
