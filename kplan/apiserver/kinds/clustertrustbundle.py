"""ClusterTrustBundle.

Mirrors: pkg/registry/certificates/clustertrustbundle/strategy.go,
         pkg/apis/certificates/validation/validation.go (ValidateClusterTrustBundle) (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import SPEC, Errors
from kplan.apiserver.rules.metadata import validate_immutable, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import Messages, NameRule, name_is_dns_subdomain
from kplan.apiserver.rules.signernames import validate_signer_name
from kplan.apiserver.rules.trustbundles import validate_trust_bundle
from kplan.apiserver.strategy import Strategy, StrategyContext
from kplan.model.objects import EMPTY, Object

_SIGNER = SPEC.child("signerName")


def _name_rule(signer: str) -> NameRule:
    """A bundle of a signer is named after it: ``example.com:signer:name`` for ``example.com/signer``."""
    prefix = signer.replace("/", ":") + ":"

    def rule(name: str, generating: bool) -> Messages:
        if not signer:
            if ":" in name:
                return ("ClusterTrustBundle without signer name must not have \":\" in its name",)
            return name_is_dns_subdomain(name, generating)
        if not name.startswith(prefix):
            return (f'ClusterTrustBundle for signerName {signer} must be named with prefix {prefix}',)
        return name_is_dns_subdomain(name.removeprefix(prefix), generating)

    return rule


def _validate(bundle: Object, _: StrategyContext) -> Errors:
    yield from _validate_names(bundle)
    yield from validate_trust_bundle((bundle.get("spec") or EMPTY).get("trustBundle") or "", SPEC.child("trustBundle"))


def _validate_names(bundle: Object) -> Errors:
    signer = (bundle.get("spec") or EMPTY).get("signerName") or ""
    yield from validate_object_meta(bundle["metadata"], namespaced=False, name_rule=_name_rule(signer))
    if signer:
        yield from validate_signer_name(_SIGNER, signer)


def _validate_update(bundle: Object, old: Object, context: StrategyContext) -> Errors:
    spec, before = bundle.get("spec") or EMPTY, old.get("spec") or EMPTY
    # What was taken once is not parsed again.
    same = (spec.get("trustBundle") or "") == (before.get("trustBundle") or "")
    yield from _validate_names(bundle) if same else _validate(bundle, context)
    yield from validate_update_of(bundle, old)
    yield from validate_immutable(spec.get("signerName") or "", before.get("signerName") or "", _SIGNER)


STRATEGY = Strategy(
    kind="ClusterTrustBundle.certificates.k8s.io",
    validate=_validate,
    validate_update=_validate_update,
    generation_fields=(),
)
