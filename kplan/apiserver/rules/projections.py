"""Projected volumes: several sources in one directory.

Mirrors: pkg/apis/core/validation/validation.go (validateProjectionSources) (1.36)
"""

from __future__ import annotations

from collections.abc import Callable

from kplan.apiserver.field import Errors, FieldPath, forbidden, invalid, not_supported, required
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.containerenv import validate_downward_file
from kplan.apiserver.rules.metadata import validate_annotations_size
from kplan.apiserver.rules.names import is_domain_prefixed_key
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.podpaths import validate_local_non_reserved_path
from kplan.apiserver.rules.selectors import selector_json, validate_label_selector
from kplan.apiserver.rules.signernames import (
    cluster_trust_bundle_name_errors,
    is_kubernetes_signer,
    validate_signer_name,
)
from kplan.model.objects import Object

ItemRule = Callable[[Object, FieldPath], Errors]

_KEY_TYPES = ("RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519")
_CONFLICT = "conflicting duplicate paths"
_LEAST_TOKEN, _MOST_TOKEN = 600, 1 << 32
_LEAST_CERTIFICATE, _MOST_CERTIFICATE, _MOST_KUBERNETES_CERTIFICATE = 3600, 91 * 86400, 86400


class _Paths:
    """The paths taken so far in one projected volume."""

    def __init__(self, path: FieldPath) -> None:
        self._taken: set[str] = set()
        self._path = path

    def take(self, where: str, shown: str) -> Errors:
        """Take a path; the error shows ``shown`` where somebody else has it."""
        if where in self._taken:
            yield invalid(self._path, shown, _CONFLICT)
        self._taken.add(where)


def validate_projections(volume: Object, path: FieldPath, options: PodOptions, item_rule: ItemRule) -> Errors:
    """The sources of a projected volume; their paths may not collide."""
    paths = _Paths(path)
    for i, source in enumerate(volume.get("sources") or ()):
        here = path.child("sources").index(i)
        count = 0
        for field in ("secret", "configMap"):
            if (keyed := source.get(field)) is not None:
                count += 1
                yield from _validate_keyed(keyed, here.child(field), paths, item_rule)
        if (downward := source.get("downwardAPI")) is not None:
            count += 1
            for file in downward.get("items") or ():
                yield from validate_downward_file(file, here.child("downwardAPI"))
                if where := file.get("path") or "":
                    yield from paths.take(where, where)
        if (token := source.get("serviceAccountToken")) is not None:
            count += 1
            yield from _validate_token(token, path, here.child("serviceAccountToken"), options)
        if (bundle := source.get("clusterTrustBundle")) is not None:
            count += 1
            yield from _validate_trust_bundle(bundle, here.child("clusterTrustBundle"), paths)
        if (certificate := source.get("podCertificate")) is not None:
            count += 1
            yield from _validate_certificate(certificate, here.child("podCertificate"), paths)
        if count > 1:
            yield forbidden(here, "may not specify more than 1 volume type per source")


def _validate_keyed(source: Object, path: FieldPath, paths: _Paths, item_rule: ItemRule) -> Errors:
    name = source.get("name") or ""
    if not name:
        yield required(path.child("name"))
    for i, item in enumerate(source.get("items") or ()):
        yield from item_rule(item, path.child("items").index(i))
        if item.get("path"):
            yield from paths.take(item["path"], name)


def _validate_token(token: Object, volume_path: FieldPath, path: FieldPath, options: PodOptions) -> Errors:
    seconds, where = token.get("expirationSeconds") or 0, token.get("path") or ""
    if seconds < _LEAST_TOKEN:
        yield invalid(path.child("expirationSeconds"), seconds, "may not specify a duration less than 10 minutes")
    if seconds > _MOST_TOKEN:
        yield invalid(path.child("expirationSeconds"), seconds, "may not specify a duration larger than 2^32 seconds")
    if not where:
        yield required(volume_path.child("path"))
    elif not options.allow_non_local_token_path:
        yield from validate_local_non_reserved_path(where, volume_path.child("path"))


def _validate_trust_bundle(bundle: Object, path: FieldPath, paths: _Paths) -> Errors:
    name, signer, selector = bundle.get("name"), bundle.get("signerName"), bundle.get("labelSelector")
    if name is not None and signer is not None:
        yield invalid(path, internal_json("core.ClusterTrustBundleProjection", bundle), "only one of name and signerName may be used")
    elif name is not None:
        if not name:
            yield required(path.child("name"), "must be a valid object name")
        for said in cluster_trust_bundle_name_errors(name):
            yield invalid(path.child("name"), name, f"not a valid clustertrustbundlename: {said}")
        if selector is not None:
            yield invalid(path.child("labelSelector"), selector_json(selector), "labelSelector must be unset if name is specified")
    elif signer is not None:
        if not signer:
            yield required(path.child("signerName"), "must be a valid signer name")
        yield from validate_signer_name(path.child("signerName"), signer)
        yield from validate_label_selector(selector, path.child("labelSelector"))
    else:
        yield required(path, "either name or signerName must be specified")
    where = bundle.get("path") or ""
    if not where:
        yield required(path.child("path"))
    yield from validate_local_non_reserved_path(where, path.child("path"))
    yield from paths.take(where, where)


def _validate_certificate(certificate: Object, path: FieldPath, paths: _Paths) -> Errors:
    signer, key_type = certificate.get("signerName") or "", certificate.get("keyType") or ""
    yield from validate_signer_name(path.child("signerName"), signer)
    annotations = certificate.get("userAnnotations")
    if annotations is not None:
        for key in annotations:
            yield from is_domain_prefixed_key(path.child("userAnnotations"), key.lower())
        yield from validate_annotations_size(annotations, path.child("userAnnotations"))
    if key_type not in _KEY_TYPES:
        yield not_supported(path.child("keyType"), key_type, _KEY_TYPES)
    seconds, here = certificate.get("maxExpirationSeconds"), path.child("maxExpirationSeconds")
    if seconds is not None:
        most = _MOST_KUBERNETES_CERTIFICATE if is_kubernetes_signer(signer) else _MOST_CERTIFICATE
        if seconds < _LEAST_CERTIFICATE:
            yield invalid(here, seconds, f"if provided, maxExpirationSeconds must be >= {_LEAST_CERTIFICATE}")
        if seconds > most:
            yield invalid(here, seconds, f"if provided, maxExpirationSeconds must be <= {most}")
    files = [f for f in ("credentialBundlePath", "keyPath", "certificateChainPath") if certificate.get(f)]
    for field in files:
        where = certificate[field]
        yield from validate_local_non_reserved_path(where, path.child(field))
        yield from paths.take(where, where)
    if not files:
        yield required(path, "specify at least one of credentialBundlePath, keyPath, and certificateChainPath")
