"""Certificate requests: their signatures are checked."""

from __future__ import annotations

import base64

from kplan.apiserver.rules.certificaterequests import certificate_error, request_error

P256 = (
    "MIHcMIGDAgEAMCExDzANBgNVBAMMBnVzZXItMTEOMAwGA1UECgwFdGVhbTEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQfbFzYbkFoB9S7"
    "BVIPqAtOvZsHQpDAOy8fBp2eDCF55hMrV+AFNr9IMajKcxq6usrK8ZfOWgKmFlUpga0coqSpoAAwCgYIKoZIzj0EAwIDSAAwRQIgedDgbMQ3"
    "88lqGpoQPVEueh+KD05ZvJEeBGuavlna1/oCIQDFn3FVcR7nAOnddeNGR3fDrLjHvDXNh7CSRRkkcabapg=="
)


def pem(body: bytes, kind: str = "CERTIFICATE REQUEST") -> bytes:
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (kind.encode(), base64.encodebytes(body), kind.encode())


def test_a_signed_request_is_good() -> None:
    assert request_error(pem(base64.b64decode(P256))) == ""


def test_a_request_somebody_changed_is_not() -> None:
    body = bytearray(base64.b64decode(P256))
    body[20] ^= 1
    assert request_error(pem(bytes(body))) == "x509: ECDSA verification failure"


def test_what_is_no_request() -> None:
    assert request_error(b"ABC") == "PEM block type must be CERTIFICATE REQUEST"
    assert request_error(pem(b"abc", "CERTIFICATE")) == "PEM block type must be CERTIFICATE REQUEST"
    assert request_error(pem(base64.b64decode(P256) + b"\0")) == "asn1: syntax error: trailing data"
    assert request_error(pem(base64.b64decode(P256)[:-1])) == "asn1: syntax error: data truncated"


def test_certificates_of_a_status() -> None:
    assert certificate_error(b"") == ""
    assert certificate_error(b"x") == "must contain at least one CERTIFICATE PEM block"
    assert certificate_error(pem(b"x", "RSA PRIVATE KEY")) == 'only CERTIFICATE PEM blocks are allowed, found "RSA PRIVATE KEY"'
