"""CertificateSigningRequests.

Mirrors: pkg/registry/certificates/certificates/strategy.go, pkg/apis/certificates/validation/validation.go (1.36)
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.field import ROOT, SPEC, Errors, duplicate, forbidden, invalid, not_supported, required
from kplan.apiserver.internalform import internal_diff
from kplan.apiserver.rules.certificaterequests import certificate_error, request_error
from kplan.apiserver.rules.metadata import validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import Messages
from kplan.apiserver.rules.signernames import validate_signer_name
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.gotext import go_quote
from kplan.model.instants import write_instant
from kplan.model.objects import Object

_LEGACY_SIGNER = "kubernetes.io/legacy-unknown"
_SHORTEST = 600
_TRUE_ONLY = ("Approved", "Denied", "Failed")
_CONDITIONS = ROOT.child("status", "conditions")
_USAGES = (
    *("any", "cert sign", "client auth", "code signing", "content commitment", "crl sign"),
    *("data encipherment", "decipher only", "digital signature", "email protection", "encipher only"),
    *("ipsec end system", "ipsec tunnel", "ipsec user", "key agreement", "key encipherment", "microsoft sgc"),
    *("netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", "timestamping"),
)
_ASKED_BY = {"username": "admin", "uid": "admin", "groups": ["system:masters", "system:authenticated"]}
"""Who the server takes the user of kplan for."""


@dataclass(frozen=True, slots=True)
class _Tolerated:
    """What an old request already had wrong and may keep."""

    both: bool = False
    legacy_signer: bool = False
    duplicate_conditions: bool = False
    empty_condition: bool = False
    certificate: bool = False
    unknown_usages: bool = False
    duplicate_usages: bool = False


def _prepare_for_create(request: Draft, _: StrategyContext) -> None:
    spec = request["spec"] = request.get("spec") or {}
    spec.pop("extra", None)
    spec.update(_ASKED_BY)
    request["status"] = {}


def _prepare_for_update(request: Draft, old: Object, ctx: StrategyContext) -> None:
    """A request changes in its status and its approval only."""
    request["spec"] = old["spec"]
    if not ctx.subresource:
        request["status"] = old.get("status") or {}
        return
    status, before = request.get("status") or {}, old.get("status") or {}
    if ctx.subresource == "approval":
        status = {**before, "conditions": status.get("conditions") or []}
    else:
        for kind in ("Approved", "Denied"):
            _keep_conditions(status, before, kind)
    request["status"] = status
    for condition in status.get("conditions") or ():
        _set_missing(condition, "lastUpdateTime", write_instant(ctx.now))
        same = [
            c["lastTransitionTime"]
            for c in _conditions(old)
            if (c.get("type"), c.get("status")) == (condition.get("type"), condition.get("status")) and c.get("lastTransitionTime")
        ]
        _set_missing(condition, "lastTransitionTime", same[0] if same else write_instant(ctx.now))


def _set_missing(condition: Draft, field: str, value: str) -> None:
    if condition.get(field) is None:
        condition[field] = value


def _keep_conditions(status: dict[str, Any], before: Object, kind: str) -> None:
    given, known = status.get("conditions") or [], [c for c in before.get("conditions") or () if c.get("type") == kind]
    places = [i for i, c in enumerate(given) if c.get("type") == kind]
    if len(places) == len(known):
        for i, condition in zip(places, known, strict=True):
            given[i] = dict(condition)


def _conditions(request: Object, kind: str = "") -> list[Any]:
    found = (request.get("status") or {}).get("conditions") or []
    return [c for c in found if c.get("type") == kind] if kind else found


def _certificate(request: Object) -> str:
    return (request.get("status") or {}).get("certificate") or ""


def _any_name(_: str, __: bool) -> Messages:
    return ()


def _validate(request: Object, _: StrategyContext) -> Errors:
    return _validate_request(request, _Tolerated())


def _validate_request(request: Object, tolerated: _Tolerated) -> Errors:
    yield from validate_object_meta(request["metadata"], namespaced=False, name_rule=_any_name)
    spec = request.get("spec") or {}
    asked, usages = spec.get("request") or "", spec.get("usages") or []
    if said := request_error(base64.b64decode(asked)):
        yield invalid(SPEC.child("request"), spec.get("request"), said)
    path = SPEC.child("usages")
    if not usages:
        yield required(path)
    if not tolerated.unknown_usages:
        for i, usage in enumerate(usages):
            if usage not in _USAGES:
                yield not_supported(path.index(i), usage, _USAGES)
    if not tolerated.duplicate_usages:
        for i, usage in enumerate(usages):
            if usage in usages[:i]:
                yield duplicate(path.index(i), usage)
    signer, seconds = spec.get("signerName") or "", spec.get("expirationSeconds")
    if signer == _LEGACY_SIGNER and not tolerated.legacy_signer:
        yield invalid(SPEC.child("signerName"), signer, "the legacy signerName is not allowed via this API version")
    else:
        yield from validate_signer_name(SPEC.child("signerName"), signer)
    if seconds is not None and seconds < _SHORTEST:
        said = "may not specify a duration less than 600 seconds (10 minutes)"
        yield invalid(SPEC.child("expirationSeconds"), seconds, said)
    yield from _validate_conditions(request, tolerated)
    if not tolerated.certificate and (said := certificate_error(base64.b64decode(_certificate(request)))):
        yield invalid(ROOT.child("status", "certificate"), "<certificate data>", said)


def _validate_conditions(request: Object, tolerated: _Tolerated) -> Errors:
    seen: set[str] = set()
    for i, condition in enumerate(_conditions(request)):
        path, kind, status = _CONDITIONS.index(i), condition.get("type") or "", condition.get("status") or ""
        if not kind and not tolerated.empty_condition:
            yield required(path.child("type"))
        allowed = ("True",) if kind in _TRUE_ONLY else ("False", "True", "Unknown")
        if not status:
            yield required(path.child("status"))
        elif status not in allowed:
            yield not_supported(path.child("status"), status, allowed)
        other = {"Approved": "Denied", "Denied": "Approved"}.get(kind)
        if other in seen and not tolerated.both:
            yield invalid(_CONDITIONS, kind, "Approved and Denied conditions are mutually exclusive")
        if kind in seen and not tolerated.duplicate_conditions:
            yield duplicate(path.child("type"), kind)
        seen.add(kind)


def _validate_update(request: Object, old: Object, ctx: StrategyContext) -> Errors:
    yield from _validate_request(request, _tolerated(request, old))
    for kind in _TRUE_ONLY:
        if len(_conditions(request, kind)) < len(_conditions(old, kind)):
            yield forbidden(_CONDITIONS, f"updates may not remove a condition of type {go_quote(kind)}")
    for kind in ("Approved", "Denied") if ctx.subresource != "approval" else ():
        now, then = _conditions(request, kind), _conditions(old, kind)
        if len(now) > len(then):
            yield forbidden(_CONDITIONS, f"updates may not add a condition of type {go_quote(kind)}")
        elif len(now) == len(then) and now != then:
            changes = internal_diff("certificates.CertificateSigningRequestCondition", then, now)
            yield forbidden(_CONDITIONS, f"updates may not modify a condition of type {go_quote(kind)}\n{changes}")
    if _certificate(request) != _certificate(old):
        path = ROOT.child("status", "certificate")
        if ctx.subresource != "status":
            yield forbidden(path, "updates may not set certificate content")
        elif _certificate(old):
            yield forbidden(path, "updates may not modify existing certificate content")
    yield from validate_update_of(request, old)


def _tolerated(request: Object, old: Object) -> _Tolerated:
    kinds = [c.get("type") or "" for c in _conditions(old)]
    spec, certificate = old.get("spec") or {}, _certificate(old)
    usages = spec.get("usages") or []
    return _Tolerated(
        both={"Approved", "Denied"} <= set(kinds),
        legacy_signer=spec.get("signerName") == _LEGACY_SIGNER,
        duplicate_conditions=len(set(kinds)) < len(kinds),
        empty_condition="" in kinds,
        certificate=certificate == _certificate(request) or bool(certificate_error(base64.b64decode(certificate))),
        unknown_usages=not set(usages) <= set(_USAGES),
        duplicate_usages=len(set(usages)) < len(usages),
    )


STRATEGY = Strategy(
    kind="CertificateSigningRequest.certificates.k8s.io",
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    has_status=True,
    generation_fields=(),
)
