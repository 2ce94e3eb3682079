"""The string formats of OpenAPI schemas, as CustomResourceDefinitions may name them.

Mirrors: k8s.io/kube-openapi/pkg/validation/strfmt,
         staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/validation/formats.go (1.36)
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import date
from email.utils import parseaddr

from kplan.apiserver.goregexp import matches
from kplan.apiserver.gotimes import parse_duration
from kplan.apiserver.rules.names import byte_length
from kplan.apiserver.urls import UrlError, parse_request_uri

_HOSTNAME = (
    r"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|"
    r"([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$"
)
_SHORT_NAME = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_CARD = (
    r"^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|"
    r"3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11}|6[27][0-9]{14})$"
)
_DURATION_PART = re.compile(r"(\d+)\s*([A-Za-zµ]+)", re.ASCII)
_DURATION_UNITS: tuple[tuple[tuple[str, ...], int], ...] = (
    (("ns", "nano"), 1),
    (("us", "µs", "micro"), 10**3),
    (("ms", "milli"), 10**6),
    (("s", "sec"), 10**9),
    (("m", "min"), 60 * 10**9),
    (("h", "hr", "hour"), 3600 * 10**9),
    (("d", "day"), 86400 * 10**9),
    (("w", "wk", "week"), 7 * 86400 * 10**9),
)
_TIME = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))", re.ASCII)


def _pattern(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda text: compiled.fullmatch(text) is not None


def _is_uri(text: str) -> bool:
    try:
        parse_request_uri(text)
    except UrlError:
        return False
    return True


def _is_hostname(text: str) -> bool:
    return matches(_HOSTNAME, text) and byte_length(text) <= 255 and all(byte_length(p) <= 63 for p in text.split("."))


def _sloppy(text: str) -> str:
    return re.sub(r"(?<![\w:])0+(?=\d)", "", text) if "." in text else text


def _is_ipv4(text: str) -> bool:
    return "." in text and _is_address(_sloppy(text))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _is_ipv6(text: str) -> bool:
    return ":" in text and _is_address(text)


def _is_cidr(text: str) -> bool:
    host, _, bits = text.partition("/")
    if not _is_address(_sloppy(host)) or not re.fullmatch("[0-9]{1,9}", bits):
        return False
    return int(bits) <= (128 if ":" in host else 32)


def _is_base64(text: str) -> bool:
    if not text or len(text) % 4:
        return False
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_email(text: str) -> bool:
    _, address = parseaddr(text)
    local, at, domain = address.rpartition("@")
    return bool(at and local and domain) and " " not in address and not local.startswith(".") and ".." not in local


def _digits(text: str) -> str:
    return re.sub(r"[\s-]+", "", text)


def _is_isbn10(text: str) -> bool:
    digits = _digits(text)
    if re.fullmatch(r"[0-9]{9}[0-9X]", digits, re.ASCII) is None:
        return False
    return sum((i + 1) * (10 if c == "X" else int(c)) for i, c in enumerate(digits)) % 11 == 0


def _is_isbn13(text: str) -> bool:
    digits = _digits(text)
    if re.fullmatch(r"[0-9]{13}", digits, re.ASCII) is None:
        return False
    return sum((3 if i % 2 else 1) * int(c) for i, c in enumerate(digits)) % 10 == 0


def _is_card(text: str) -> bool:
    digits = re.sub(r"[^0-9]+", "", text)
    if re.fullmatch(_CARD[1:-1], digits, re.ASCII) is None:
        return False
    doubled = (int(c) * (1 + i % 2) for i, c in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def is_date(text: str) -> bool:
    """A full-date of RFC 3339."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_datetime(text: str) -> bool:
    """A date-time of RFC 3339, as strfmt reads it."""
    day, t, time = text.lower().partition("t")
    if len(text) < 4 or not t or not is_date(day):
        return False
    match = _TIME.fullmatch(time.split("t")[0])
    return match is not None and match[1] <= "23" and match[2] <= "59" and match[3] <= "59"


def is_duration(text: str) -> bool:
    """A Go duration, or a Scala one such as ``22 ns``."""
    return duration_nanos(text) is not None


def duration_nanos(text: str) -> int | None:
    """The length of such a duration; None where it is none."""
    if (nanos := parse_duration(text)) is not None:
        return nanos
    found = [int(number) * length for number, unit in _DURATION_PART.findall(text) if (length := _unit_nanos(unit.lower()))]
    return sum(found) if found else None


def _unit_nanos(unit: str) -> int:
    matching = (nanos for names, nanos in _DURATION_UNITS if unit in names or unit.startswith(names[-1]))
    return next(matching, 0)


_UUID = "(?i:[0-9a-f]{8}-?[0-9a-f]{4}-?%s[0-9a-f]{3}-?%s[0-9a-f]{3}-?[0-9a-f]{12})"

_FORMATS: dict[str, Callable[[str], bool]] = {
    "bsonobjectid": _pattern("[0-9a-fA-F]{24}"),
    "uri": _is_uri,
    "email": _is_email,
    "hostname": _is_hostname,
    "ipv4": _is_ipv4,
    "ipv6": _is_ipv6,
    "cidr": _is_cidr,
    "mac": _pattern("([0-9a-fA-F]{2}[:-]){5,19}[0-9a-fA-F]{2}|([0-9a-fA-F]{4}\\.){2,9}[0-9a-fA-F]{4}"),
    "uuid": _pattern(_UUID % ("[0-9a-f]", "[0-9a-f]")),
    "uuid3": _pattern(_UUID % ("3", "[0-9a-f]")),
    "uuid4": _pattern(_UUID % ("4", "[89ab]")),
    "uuid5": _pattern(_UUID % ("5", "[89ab]")),
    "isbn": lambda text: _is_isbn10(text) or _is_isbn13(text),
    "isbn10": _is_isbn10,
    "isbn13": _is_isbn13,
    "creditcard": _is_card,
    "ssn": _pattern(r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    "hexcolor": _pattern("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "rgbcolor": _pattern(
        r"rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,"
        r"\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\)"
    ),
    "byte": _is_base64,
    "password": lambda text: True,
    "date": is_date,
    "duration": is_duration,
    "datetime": is_datetime,
    "k8sshortname": lambda text: byte_length(text) <= 63 and re.fullmatch(_SHORT_NAME, text, re.ASCII) is not None,
    "k8slongname": lambda text: byte_length(text) <= 253
    and re.fullmatch(rf"{_SHORT_NAME}(\.{_SHORT_NAME})*", text, re.ASCII) is not None,
}


def normalized(name: str) -> str:
    """The name of a format without dashes: ``date-time`` and ``datetime`` are one."""
    return name.replace("-", "")


def is_known(name: str) -> bool:
    """Whether there is such a format for strings."""
    return normalized(name) in _FORMATS


def is_format(name: str, text: str) -> bool:
    """Whether a text has a format; a format nobody knows allows everything."""
    test = _FORMATS.get(normalized(name))
    return test is None or test(text)
