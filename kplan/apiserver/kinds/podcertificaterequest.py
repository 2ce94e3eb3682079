"""PodCertificateRequest.

Mirrors: pkg/registry/certificates/podcertificaterequest/strategy.go,
         pkg/apis/certificates/validation/validation.go (ValidatePodCertificateRequestCreate) (1.36)
Differs: an issued chain of certificates is not parsed, so its key and its times are not compared.
"""

from __future__ import annotations

import base64

from kplan.apiserver.field import OMITTED, ROOT, SPEC, Errors, FieldError, invalid, not_supported, required, too_long
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.certificaterequests import der_request_error, is_bad_signature
from kplan.apiserver.rules.metadata import (
    IMMUTABLE,
    semantically_equal,
    validate_annotations_size,
    validate_object_meta,
    validate_update_of,
)
from kplan.apiserver.rules.names import byte_length, each_invalid, is_domain_prefixed_key, name_is_dns_subdomain
from kplan.apiserver.rules.selectors import validate_conditions
from kplan.apiserver.rules.signernames import is_kubernetes_signer, validate_signer_name
from kplan.apiserver.rules.statuses import keep_metadata
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import EMPTY, Object

_STATUS = ROOT.child("status")
_CONDITIONS = _STATUS.child("conditions")
_HOUR = 60 * 60
_DAY = 24 * _HOUR
_MOST_UID, _MOST_REQUEST = 128, 10 * 1024
_KINDS = ("Denied", "Failed", "Issued")
_HOLDERS = (("podName", "podUID"), ("serviceAccountName", "serviceAccountUID"), ("nodeName", "nodeUID"))


def _default(request: Draft, _: StrategyContext) -> None:
    spec = request.setdefault("spec", {})
    if spec.get("maxExpirationSeconds") is None:
        spec["maxExpirationSeconds"] = _DAY


def _validate(request: Object, _: StrategyContext) -> Errors:
    yield from validate_object_meta(request["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    spec = request["spec"]
    signer = spec.get("signerName") or ""
    yield from validate_signer_name(SPEC.child("signerName"), signer)
    yield from _validate_annotations(spec.get("unverifiedUserAnnotations") or EMPTY)
    for name, uid in _HOLDERS:
        yield from _validate_holder(spec, name, uid)
    seconds, most = spec["maxExpirationSeconds"], _DAY if is_kubernetes_signer(signer) else 91 * _DAY
    if not _HOUR <= seconds <= most:
        yield invalid(SPEC.child("maxExpirationSeconds"), seconds, f"must be in the range [{_HOUR}, {most}]")
    yield from _validate_stub(base64.b64decode(spec.get("stubPKCS10Request") or ""))


def _validate_annotations(annotations: Object) -> Errors:
    path = SPEC.child("unverifiedUserAnnotations")
    for key in annotations:
        yield from is_domain_prefixed_key(path, key.lower())
    yield from validate_annotations_size(annotations, path)


def _validate_holder(spec: Object, name: str, uid: str) -> Errors:
    value, identity = spec.get(name) or "", spec.get(uid) or ""
    yield from each_invalid(SPEC.child(name), value, name_is_dns_subdomain(value, False))
    if not identity:
        yield invalid(SPEC.child(uid), identity, "must not be empty")
    if byte_length(identity) > _MOST_UID:
        yield too_long(SPEC.child(uid), identity, _MOST_UID)


def _validate_stub(stub: bytes) -> Errors:
    path = SPEC.child("stubPKCS10Request")
    if not stub:
        said = "exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set"
        yield invalid(SPEC, OMITTED, said)
    elif len(stub) > _MOST_REQUEST:
        yield too_long(path, "", _MOST_REQUEST)
    elif said := der_request_error(stub):
        yield invalid(path, OMITTED, "invalid signature" if is_bad_signature(said) else "must be a valid PKCS#10 CSR")


def _validate_update(request: Object, old: Object, _: StrategyContext) -> Errors:
    yield from validate_update_of(request, old)
    if not semantically_equal(request["spec"], old.get("spec")):
        yield invalid(SPEC, internal_json("certificates.PodCertificateRequestSpec", request["spec"]), IMMUTABLE)


def _validate_status(request: Object, old: Object, _: StrategyContext) -> Errors:
    errors = [*validate_update_of(request, old)] or [*_condition_errors(request)]
    if errors:
        yield from errors
        return
    status, before = request.get("status") or EMPTY, old.get("status") or EMPTY
    if any(_is_true(before, kind) for kind in _KINDS):
        if not semantically_equal(status, before):
            yield _not_that("immutable after PodCertificateRequest is issued, denied, or failed")
    elif _is_true(status, "Denied") or _is_true(status, "Failed"):
        if any(status.get(field) for field in status if field != "conditions"):
            said = "non-condition status fields must be empty when denying or failing the PodCertificateRequest"
            yield _not_that(said)
    elif _is_true(status, "Issued"):
        for field in ("notBefore", "notAfter"):
            if status.get(field) is None:
                yield required(_STATUS.child(field), "must be present and consistent with the issued certificate")
        if status.get("beginRefreshAt") is None:
            said = "must be present and in the range [notbefore+10min, notafter-10min]"
            yield required(_STATUS.child("beginRefreshAt"), said)
    elif not semantically_equal(status, before):
        yield _not_that('status is immutable unless transitioning to "Issued", "Denied", or "Failed"')


def _not_that(said: str) -> FieldError:
    return invalid(_STATUS, OMITTED, said)


def _condition_errors(request: Object) -> Errors:
    conditions, known = (request.get("status") or EMPTY).get("conditions") or (), 0
    for i, condition in enumerate(conditions):
        path, kind = _CONDITIONS.child(f"[{i}]"), condition.get("type") or ""
        if kind not in _KINDS:
            yield not_supported(path.child("type"), kind, ("Issued", "Denied", "Failed"))
            continue
        known += 1
        if known > 1:
            said = 'There may be at most one condition with type "Issued", "Denied", or "Failed"'
            yield invalid(path.child("type"), kind, said)
        if condition.get("status") != "True":
            yield not_supported(path.child("status"), condition.get("status") or "", ("True",))
    yield from validate_conditions(conditions, _CONDITIONS)


def _is_true(status: Object, kind: str) -> bool:
    return any(c.get("type") == kind and c.get("status") == "True" for c in status.get("conditions") or ())


STRATEGY = Strategy(
    kind="PodCertificateRequest.certificates.k8s.io",
    default=_default,
    prepare_for_status=keep_metadata,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    has_status=True,
    generation_fields=(),
)
