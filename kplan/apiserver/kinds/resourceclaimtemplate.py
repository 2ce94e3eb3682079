"""ResourceClaimTemplate.

Mirrors: pkg/apis/resource/validation/validation.go (ValidateResourceClaimTemplate),
         pkg/registry/resource/resourceclaimtemplate/strategy.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import SPEC, Errors, invalid
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.devices import (
    authorized_for_admin,
    default_requests,
    drop_disabled_fields,
    validate_claim_spec,
)
from kplan.apiserver.rules.metadata import IMMUTABLE, semantically_equal, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.rules.templatemetadata import validate_template_object_meta
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object, get_in


def _default(draft: Draft, context: StrategyContext) -> None:
    default_requests(draft.setdefault("spec", {}).setdefault("spec", {}))


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    drop_disabled_fields(draft["spec"]["spec"], None, context.gates)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    drop_disabled_fields(draft["spec"]["spec"], get_in(old, ("spec", "spec")), context.gates)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    spec = obj.get("spec") or {}
    yield from authorized_for_admin(obj, spec.get("spec") or {}, context)
    yield from _validate_template(obj, context)


def _validate_template(obj: Object, context: StrategyContext) -> Errors:
    spec = obj.get("spec") or {}
    yield from validate_object_meta(obj["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    yield from validate_template_object_meta(spec.get("metadata") or {}, SPEC.child("metadata"))
    yield from validate_claim_spec(spec.get("spec") or {}, SPEC.child("spec"), context.gates)


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from _validate_template(new, context)
    yield from validate_update_of(new, old)
    if not semantically_equal(new.get("spec"), old.get("spec")):
        yield invalid(SPEC, internal_json("resource.ResourceClaimTemplateSpec", new.get("spec")), IMMUTABLE)


STRATEGY = Strategy(
    kind="ResourceClaimTemplate.resource.k8s.io",
    default=_default,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    generation_fields=(),
)
