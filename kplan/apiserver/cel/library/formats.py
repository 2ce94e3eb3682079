"""``format.named("dns1123Label")``.

Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/format.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kplan.apiserver.cel.values import NONE, NamedFormat, OptionalValue
from kplan.apiserver.formats import is_format
from kplan.apiserver.rules import names
from kplan.apiserver.urls import UrlError, parse_request_uri


def _uri(text: str) -> Iterable[str]:
    try:
        parse_request_uri(text)
    except UrlError as refused:
        return (str(refused),)
    return ()


def _openapi(format_name: str, said: str) -> Callable[[str], Iterable[str]]:
    return lambda text: () if is_format(format_name, text) else (said,)


FORMATS: dict[str, Callable[[str], Iterable[str]]] = {
    "dns1123Label": names.is_dns1123_label,
    "dns1123Subdomain": names.is_dns1123_subdomain,
    "dns1035Label": names.is_dns1035_label,
    "qualifiedName": names.is_qualified_name,
    "dns1123LabelPrefix": lambda text: names.name_is_dns_label(text, True),
    "dns1123SubdomainPrefix": lambda text: names.name_is_dns_subdomain(text, True),
    "dns1035LabelPrefix": lambda text: names.name_is_dns1035_label(text, True),
    "labelValue": names.is_valid_label_value,
    "uri": _uri,
    "uuid": _openapi("uuid", "does not match the UUID format"),
    "byte": _openapi("byte", "invalid base64"),
    "date": _openapi("date", "invalid date"),
    "datetime": _openapi("datetime", "invalid datetime"),
}


def _named(name: str) -> OptionalValue:
    return OptionalValue(NamedFormat(name)) if name in FORMATS else NONE


def _validate(named: NamedFormat, text: str) -> OptionalValue:
    said = list(FORMATS[named.name](text))
    return OptionalValue(said) if said else NONE


FUNCTIONS: dict[str, Callable[..., Any]] = {"format-validate": _validate, "format-named": _named}
FUNCTIONS |= {f"format.{name}": (lambda name=name: NamedFormat(name)) for name in FORMATS}
