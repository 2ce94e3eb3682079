"""ResourceClaim.

Mirrors: pkg/apis/resource/validation/validation.go (ValidateResourceClaim), pkg/registry/resource/resourceclaim/strategy.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import SPEC, Errors, invalid
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.claimstatus import (
    authorized_for_admin_status,
    drop_disabled_status_fields,
    validate_claim_status,
)
from kplan.apiserver.rules.devices import (
    authorized_for_admin,
    default_requests,
    default_tolerations,
    drop_disabled_fields,
    validate_claim_spec,
)
from kplan.apiserver.rules.metadata import IMMUTABLE, semantically_equal, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.rules.statuses import keep_metadata
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object, get_in


def _default(draft: Draft, context: StrategyContext) -> None:
    default_requests(draft.setdefault("spec", {}))
    for result in get_in(draft, ("status", "allocation", "devices", "results"), ()):
        default_tolerations(result)


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    draft["status"] = {}
    drop_disabled_fields(draft["spec"], None, context.gates)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    drop_disabled_fields(draft["spec"], old.get("spec"), context.gates)


def _prepare_for_status(draft: Draft, old: Object, context: StrategyContext) -> None:
    keep_metadata(draft, old, context)
    drop_disabled_status_fields(draft, old, context)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    spec = obj.get("spec") or {}
    yield from authorized_for_admin(obj, spec, context)
    yield from validate_object_meta(obj["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    yield from validate_claim_spec(spec, SPEC, context.gates)


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(new["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    yield from validate_update_of(new, old)
    if not semantically_equal(new.get("spec"), old.get("spec")):
        yield invalid(SPEC, internal_json("resource.ResourceClaimSpec", new.get("spec")), IMMUTABLE)


def _validate_status(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from authorized_for_admin_status(new, old, context)
    yield from validate_update_of(new, old)
    yield from validate_claim_status(new, old)


STRATEGY = Strategy(
    kind="ResourceClaim.resource.k8s.io",
    default=_default,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    prepare_for_status=_prepare_for_status,
    validate_status=_validate_status,
    has_status=True,
    generation_fields=(),
)
