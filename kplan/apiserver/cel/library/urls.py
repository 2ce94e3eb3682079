"""URLs.

Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/urls.go (1.36), net/url (Go)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote_plus

from kplan.apiserver.cel.values import EvaluationError, Url
from kplan.apiserver.field import go_quote

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*", re.ASCII)
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2}).{0,2}")
_PORT = re.compile(r"(:\d*)?", re.ASCII)


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


def _url(text: str) -> Url:
    try:
        return parse_request_uri(text)
    except UrlError as refused:
        raise EvaluationError(f"URL parse error during conversion from string: {refused}") from None


def _is_url(text: str) -> bool:
    try:
        parse_request_uri(text)
    except UrlError:
        return False
    return True


def _split_host(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    if colon and "]" not in port:
        return name.strip("[]") if name.startswith("[") else name, port
    return host.strip("[]") if host.startswith("[") else host, ""


def _query(url: Url) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pair in filter(None, url.query.split("&")):
        if ";" in pair:
            continue
        key, _, value = pair.partition("=")
        found.setdefault(unquote_plus(key), []).append(unquote_plus(value))
    return found


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "string_to_url": _url,
    "is_url_string": _is_url,
    "url_get_scheme": lambda u: u.scheme,
    "url_get_host": lambda u: u.host,
    "url_get_hostname": lambda u: _split_host(u.host)[0],
    "url_get_port": lambda u: _split_host(u.host)[1],
    "url_get_escaped_path": lambda u: quote(u.path, safe="/%!$&'()*+,;=:@~"),
    "url_get_query": _query,
}
