"""VolumeAttributesClass.

Mirrors: pkg/apis/storage/validation/validation.go (ValidateVolumeAttributesClass) (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import ROOT, Errors, forbidden
from kplan.apiserver.rules.metadata import validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.rules.provisioners import validate_parameters, validate_provisioner
from kplan.apiserver.strategy import Strategy, StrategyContext
from kplan.model.objects import Object


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=False, name_rule=name_is_dns_subdomain)
    yield from validate_provisioner(obj.get("driverName") or "", ROOT.child("driverName"))
    yield from validate_parameters(obj.get("parameters") or {}, ROOT.child("parameters"), may_be_empty=False)


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from validate_update_of(new, old)
    for field in ("driverName", "parameters"):
        if new.get(field) != old.get(field):
            yield forbidden(ROOT.child(field), f"updates to {field} are forbidden.")
    yield from _validate(new, context)


STRATEGY = Strategy(
    kind="VolumeAttributesClass.storage.k8s.io",
    validate=_validate,
    validate_update=_validate_update,
    generation_fields=(),
)
