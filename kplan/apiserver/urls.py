"""URLs as Go reads them.

Mirrors: net/url (Go)
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kplan.model.gotext import go_quote

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*", re.ASCII)
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2}).{0,2}")
_PORT = re.compile(r"(:\d*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Url:
    """A parsed URL."""

    text: str
    scheme: str
    host: str
    path: str
    query: str
    user: str = ""
    fragment: str = ""


class UrlError(ValueError):
    """A text that is no URL; its text is Go's."""


def parse_request_uri(text: str) -> Url:
    """An absolute URL or path: what Go's ``url.ParseRequestURI`` accepts, read as ``url.Parse`` reads it.

    Raises: UrlError.
    """
    return _told(text, strict=True)


def parse_url(text: str) -> Url:
    """A URL, as Go's ``url.Parse`` reads it.

    Raises: UrlError.
    """
    return _told(text, strict=False)


def _told(text: str, *, strict: bool) -> Url:
    try:
        return _parse(text, strict)
    except UrlError as refused:
        raise UrlError(f"parse {go_quote(text)}: {refused}") from None


def _parse(text: str, strict: bool) -> Url:
    if any(ord(c) < 0x20 or ord(c) == 0x7F for c in text):
        raise UrlError("net/url: invalid control character in URL")
    if text == "" and strict:
        raise UrlError("empty url")
    if text == "*":
        return Url(text, "", "", "*", "")
    body, _, fragment = text.partition("#")
    scheme, rest = _split_scheme(body)
    rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        if scheme:
            return Url(text, scheme, "", "", query, "", fragment)
        if strict:
            raise UrlError("invalid URI for request")
        if ":" in rest.partition("/")[0]:
            raise UrlError("first path segment in URL cannot contain colon")
    host = user = ""
    if rest.startswith("//") and (scheme or (not strict and not rest.startswith("///"))):
        authority, slash, path = rest[2:].partition("/")
        user, host = _host(authority)
        rest = slash + path
    if bad := _BAD_ESCAPE.search(rest):
        raise UrlError(f"invalid URL escape {go_quote(bad.group(0))}")
    return Url(text, scheme, host, rest, query, user, fragment)


def _split_scheme(text: str) -> tuple[str, str]:
    if text.startswith(":"):
        raise UrlError("missing protocol scheme")
    match = _SCHEME.match(text)
    if match is None or text[match.end() : match.end() + 1] != ":":
        return "", text
    return match.group(0).lower(), text[match.end() + 1 :]


def _host(authority: str) -> tuple[str, str]:
    """User information and host."""
    user, at, host = authority.rpartition("@")
    if at and re.fullmatch(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*", user) is None:
        raise UrlError("net/url: invalid userinfo")
    if host.startswith("["):
        end = host.rfind("]")
        if end < 0:
            raise UrlError("missing ']' in host")
        if _PORT.fullmatch(host[end + 1 :]) is None:
            raise UrlError(f"invalid port {go_quote(host[end + 1 :])} after host")
        return user, host
    name, colon, port = host.rpartition(":")
    if colon and _PORT.fullmatch(":" + port) is None:
        raise UrlError(f"invalid port {go_quote(':' + port)} after host")
    for c in name if colon else host:
        if c in ' "<>\\^`{|}':
            raise UrlError(f"invalid character {go_quote(c)} in host name")
    return user, host
