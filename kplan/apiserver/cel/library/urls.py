"""URLs.

Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/urls.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote_plus

from kplan.apiserver.cel.values import EvaluationError
from kplan.apiserver.urls import Url, UrlError, parse_request_uri


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
