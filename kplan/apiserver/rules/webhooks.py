"""Where a webhook listens: a URL or a service. Admission webhooks, conversion webhooks and API services share it.

Mirrors: staging/src/k8s.io/apiserver/pkg/util/webhook/validation.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.field import Errors, FieldPath, invalid, required
from kplan.apiserver.rules.names import is_dns1123_subdomain, is_valid_port_num
from kplan.apiserver.urls import UrlError, parse_url

_FORM = "; desired format: https://host[/path]"


def validate_client_config(config: Mapping[str, Any], path: FieldPath, *, swapped: bool = False) -> Errors:
    """Exactly one of url and service. ``swapped``: the server mixes up name and namespace in admission webhooks."""
    url, service = config.get("url"), config.get("service")
    if (url is None) == (service is None):
        yield required(path, "exactly one of url or service is required")
    elif url is not None:
        yield from validate_webhook_url(url, path.child("url"))
    elif service is not None:
        yield from validate_webhook_service(service, path.child("service"), swapped=swapped)


def validate_webhook_url(text: str, path: FieldPath) -> Errors:
    """An https URL with a host and nothing after the path."""
    try:
        url = parse_url(text)
    except UrlError as refused:
        yield required(path, f"url must be a valid URL: {refused}{_FORM}")
        return
    if url.scheme != "https":
        yield invalid(path, url.scheme, f"'https' is the only allowed URL scheme{_FORM}")
    if not url.host:
        yield invalid(path, url.host, f"host must be specified{_FORM}")
    if url.user:
        yield invalid(path, url.user, "user information is not permitted in the URL")
    if url.fragment:
        yield invalid(path, url.fragment, "fragments are not permitted in the URL")
    if url.query:
        yield invalid(path, url.query, "query parameters are not permitted in the URL")


def validate_webhook_service(service: Mapping[str, Any], path: FieldPath, *, swapped: bool = False) -> Errors:
    """A service with a port and a path of DNS names."""
    fields = ("namespace", "name") if swapped else ("name", "namespace")
    for shown, field in zip(("name", "namespace"), fields, strict=True):
        if not service.get(field):
            yield required(path.child(shown))
    port = service.get("port") or 0
    if said := is_valid_port_num(port):
        yield invalid(path.child("port"), port, f"port is not valid: {', '.join(said)}")
    where = service.get("path")
    if where is not None:
        yield from _validate_service_path(where, path.child("path"))


def _validate_service_path(where: str, path: FieldPath) -> Errors:
    if where in ("", "/"):
        return
    if where == "//":
        yield invalid(path, where, "segment[0] may not be empty")
        return
    if not where.startswith("/"):
        yield invalid(path, where, "must start with a '/'")
    for i, step in enumerate(where[1:].removesuffix("/").split("/")):
        if not step:
            yield invalid(path, where, f"segment[{i}] may not be empty")
            continue
        for said in is_dns1123_subdomain(step):
            yield invalid(path, where, f"segment[{i}]: {said}")
