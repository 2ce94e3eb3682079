"""Base64 as Go reads it.

Mirrors: encoding/base64
"""

from __future__ import annotations

import base64
import binascii
import re


def base64_error(text: str) -> str:
    """What Go says of a text that is no standard base64; "" where it is. Line breaks do not count."""
    body = re.sub("[\r\n]", "", text)
    if len(body) % 4 == 0 and re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", body, re.ASCII):
        try:
            base64.b64decode(body, validate=True)
        except binascii.Error:
            pass
        else:
            return ""
    return f"illegal base64 data at input byte {_corrupt_at(text)}"


def _corrupt_at(text: str) -> int:
    """The offset encoding/base64 names."""
    data, at, quantum = text.encode(errors="surrogatepass"), 0, 0
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    while at < len(data):
        c = data[at]
        at += 1
        if c in b"\r\n":
            continue
        if c in alphabet:
            quantum = (quantum + 1) % 4
            continue
        if c != ord("=") or quantum < 2:
            return at - 1
        if quantum == 2:
            while at < len(data) and data[at] in b"\r\n":
                at += 1
            if at == len(data):
                return len(data)
            if data[at] != ord("="):
                return at - 1
            at += 1
        while at < len(data) and data[at] in b"\r\n":
            at += 1
        return at
    return at - quantum
