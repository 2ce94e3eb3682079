"""Ingresses.

Mirrors: pkg/registry/networking/ingress/strategy.go, pkg/apis/networking/validation/validation.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kplan.apiserver.field import ROOT, SPEC, Errors, FieldPath, invalid, not_supported, required
from kplan.apiserver.rules.addresses import parse_ip_sloppy, warnings_for_ip
from kplan.apiserver.rules.metadata import validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import (
    NameRule,
    each_invalid,
    is_dns1123_subdomain,
    is_valid_port_name,
    is_valid_port_num,
    is_wildcard_dns1123_subdomain,
    name_is_dns1035_label,
    name_is_dns_label,
    name_is_dns_subdomain,
)
from kplan.apiserver.rules.references import validate_typed_reference
from kplan.apiserver.rules.service import validate_ingress_address
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.gotext import go_quote
from kplan.model.objects import Object, annotations_of

_CLASS_ANNOTATION = "kubernetes.io/ingress.class"
_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_BAD_SEQUENCES = ("//", "/./", "/../", "%2f", "%2F")
_BAD_SUFFIXES = ("/..", "/.")
_POINTS = ROOT.child("status", "loadBalancer", "ingress")
_ABSOLUTE = "must be an absolute path"


@dataclass(frozen=True, slots=True)
class _Tolerated:
    """What an old Ingress already had wrong and may keep."""

    secret_name: bool = False
    wildcard_rule: bool = False
    service_rule: NameRule = name_is_dns_label


def _prepare_for_create(ingress: Draft, _: StrategyContext) -> None:
    ingress["status"] = {"loadBalancer": {}}


def _validate(ingress: Object, ctx: StrategyContext) -> Errors:
    yield from _validate_ingress(ingress, _tolerated(None, ctx))
    annotation, name = annotations_of(ingress).get(_CLASS_ANNOTATION), ingress["spec"].get("ingressClassName")
    if annotation is not None and name is not None and annotation != name:
        path = ROOT.child("annotations").child(_CLASS_ANNOTATION)
        yield invalid(path, annotation, "must match `ingressClassName` when both are specified")


def _validate_update(ingress: Object, old: Object, ctx: StrategyContext) -> Errors:
    yield from validate_update_of(ingress, old)
    if ctx.subresource == "status":
        yield from _validate_status(ingress, old, ctx)
    else:
        yield from _validate_ingress(ingress, _tolerated(old, ctx))


def _validate_status(ingress: Object, old: Object, ctx: StrategyContext) -> Errors:
    known = [p["ip"] for p in _points(old) if p.get("ip")]
    for i, point in enumerate(_points(ingress)):
        yield from validate_ingress_address(point, _POINTS.index(i), known, ctx.gates, then=iter(()))


def _points(ingress: Object) -> Sequence[Object]:
    points: Sequence[Object] = ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return points


def _tolerated(old: Object | None, ctx: StrategyContext) -> _Tolerated:
    relaxed = ctx.gates.on("RelaxedServiceNameValidation")
    if old is None:
        return _Tolerated(service_rule=name_is_dns_label if relaxed else name_is_dns1035_label)
    spec = old["spec"]
    backends = [spec.get("defaultBackend") or {}, *(p.get("backend") or {} for r in spec.get("rules") or () for p in _paths(r))]
    names = [(b.get("service") or {}).get("name") or "" for b in backends if b.get("service")]
    relaxed = relaxed or any(not name_is_dns_label(n, False) and name_is_dns1035_label(n, False) for n in names)
    wildcards = [r for r in spec.get("rules") or () if "*" in (r.get("host") or "")]
    strict = _Tolerated(service_rule=name_is_dns1035_label)
    return _Tolerated(
        any(_validate_secret_name(t.get("secretName") or "") for t in spec.get("tls") or ()),
        any(next(_validate_rule_value(r, ROOT, strict), None) for r in wildcards),
        name_is_dns_label if relaxed else name_is_dns1035_label,
    )


def _paths(rule: Object) -> list[Object]:
    return (rule.get("http") or {}).get("paths") or []


def _validate_ingress(ingress: Object, tolerated: _Tolerated) -> Errors:
    yield from validate_object_meta(ingress["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    spec = ingress["spec"]
    rules, backend, name = spec.get("rules") or [], spec.get("defaultBackend"), spec.get("ingressClassName")
    if not rules and backend is None:
        yield invalid(SPEC, spec.get("rules"), "either `defaultBackend` or `rules` must be specified")
    if backend is not None:
        yield from _validate_backend(backend, SPEC.child("defaultBackend"), tolerated)
    for i, rule in enumerate(rules):
        yield from _validate_rule(rule, SPEC.child("rules").index(i), tolerated)
    for i, tls in enumerate(spec.get("tls") or ()):
        yield from _validate_tls(tls, SPEC.child("tls").index(i), tolerated)
    if name is not None:
        yield from each_invalid(SPEC.child("ingressClassName"), name, name_is_dns_subdomain(name, False))


def _validate_host(host: str, path: FieldPath) -> Errors:
    rule = is_wildcard_dns1123_subdomain if "*" in host else is_dns1123_subdomain
    return each_invalid(path, host, rule(host))


def _validate_secret_name(name: str) -> tuple[str, ...]:
    return name_is_dns_subdomain(name, False) if name else ()


def _validate_tls(tls: Object, path: FieldPath, tolerated: _Tolerated) -> Errors:
    for i, host in enumerate(tls.get("hosts") or ()):
        yield from _validate_host(host, path.child("hosts").index(i))
    name = tls.get("secretName") or ""
    if not tolerated.secret_name:
        yield from each_invalid(path.child("secretName"), name, _validate_secret_name(name))


def _validate_rule(rule: Object, path: FieldPath, tolerated: _Tolerated) -> Errors:
    host = rule.get("host") or ""
    if host:
        if parse_ip_sloppy(host) is not None:
            yield invalid(path.child("host"), host, "must be a DNS name, not an IP address")
        yield from _validate_host(host, path.child("host"))
    if "*" not in host or not tolerated.wildcard_rule:
        yield from _validate_rule_value(rule, path, tolerated)


def _validate_rule_value(rule: Object, path: FieldPath, tolerated: _Tolerated) -> Errors:
    if rule.get("http") is None:
        return
    here = path.child("http", "paths")
    if not _paths(rule):
        yield required(here)
    for i, one in enumerate(_paths(rule)):
        yield from _validate_path(one, here.index(i), tolerated)


def _validate_path(one: Object, path: FieldPath, tolerated: _Tolerated) -> Errors:
    kind, text, here = one.get("pathType"), one.get("path") or "", path.child("path")
    if kind is None:
        yield required(path.child("pathType"), "pathType must be specified")
        return
    if kind not in _PATH_TYPES:
        yield not_supported(path.child("pathType"), kind, _PATH_TYPES)
    elif kind == "ImplementationSpecific":
        if text and not text.startswith("/"):
            yield invalid(here, text, _ABSOLUTE)
    else:
        if not text.startswith("/"):
            yield invalid(here, text, _ABSOLUTE)
        for bad in _BAD_SEQUENCES:
            if bad in text:
                yield invalid(here, text, f"must not contain '{bad}'")
        for bad in _BAD_SUFFIXES:
            if text.endswith(bad):
                yield invalid(here, text, f"cannot end with '{bad}'")
    yield from _validate_backend(one.get("backend") or {}, path.child("backend"), tolerated)


def _validate_backend(backend: Object, path: FieldPath, tolerated: _Tolerated) -> Errors:
    resource, service = backend.get("resource"), backend.get("service")
    if resource is not None and service is not None:
        yield invalid(path, "", "cannot set both resource and service backends")
    elif resource is not None:
        yield from validate_typed_reference(resource, path.child("resource"))
    elif service is None:
        yield invalid(path, "", "resource or service backend is required")
    else:
        yield from _validate_service_backend(service, path, tolerated)


def _validate_service_backend(service: Object, path: FieldPath, tolerated: _Tolerated) -> Errors:
    name, port, here = service.get("name") or "", service.get("port") or {}, path.child("service")
    if name:
        yield from each_invalid(here.child("name"), name, tolerated.service_rule(name, False))
    else:
        yield required(here.child("name"))
    port_name, number = port.get("name") or "", port.get("number") or 0
    if port_name and number:
        yield invalid(path, "", "cannot set both port name & port number")
    elif port_name:
        yield from each_invalid(here.child("port", "name"), port_name, is_valid_port_name(port_name))
    elif number:
        yield from each_invalid(here.child("port", "number"), number, is_valid_port_num(number))
    else:
        yield required(path, "port name or number is required")


def _warnings(ingress: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    if old is None and _CLASS_ANNOTATION in annotations_of(ingress) and ingress["spec"].get("ingressClassName") is None:
        yield f"annotation {go_quote(_CLASS_ANNOTATION)} is deprecated, please use 'spec.ingressClassName' instead"
    if context.subresource == "status":
        for i, point in enumerate(_points(ingress)):
            if ip := point.get("ip"):
                yield from warnings_for_ip(_POINTS.index(i), ip)


STRATEGY = Strategy(
    kind="Ingress.networking.k8s.io",
    prepare_for_create=_prepare_for_create,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    has_status=True,
    status_warnings=True,
)
