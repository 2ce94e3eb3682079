"""ControllerRevision.

Mirrors: pkg/registry/apps/controllerrevision/strategy.go, pkg/apis/apps/validation/validation.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import ROOT, Errors, invalid, required
from kplan.apiserver.rules.metadata import IMMUTABLE, validate_nonnegative, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.strategy import Strategy, StrategyContext
from kplan.model.gotext import GoText, go_json
from kplan.model.objects import Object

_DATA = ROOT.child("data")


def _validate_common(obj: Object) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    yield from validate_nonnegative(obj.get("revision") or 0, ROOT.child("revision"))


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from _validate_common(obj)
    data = obj.get("data")
    if data is None:
        yield required(_DATA, "data is mandatory")
    elif not isinstance(data, dict):
        yield required(_DATA, "data must be a valid JSON object")


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from validate_update_of(new, old)
    yield from _validate_common(new)
    if new.get("data") != old.get("data"):
        yield invalid(_DATA, GoText(go_json(new.get("data"))), IMMUTABLE)


STRATEGY = Strategy(
    kind="ControllerRevision.apps", validate=_validate, validate_update=_validate_update, generation_fields=()
)
