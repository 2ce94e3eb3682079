"""CSIStorageCapacity.

Mirrors: pkg/apis/storage/validation/validation.go (ValidateCSIStorageCapacity), pkg/api/storage/util.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.apiserver.field import ROOT, Errors, invalid
from kplan.apiserver.rules.metadata import IMMUTABLE, semantically_equal, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import each_invalid, name_is_dns_subdomain
from kplan.apiserver.rules.nodeselectors import node_label_selector_warnings
from kplan.apiserver.rules.quantities import validate_nonnegative_quantity
from kplan.apiserver.rules.selectors import selector_json, validate_label_selector
from kplan.apiserver.strategy import Strategy, StrategyContext
from kplan.model.objects import Object

_TOPOLOGY = ROOT.child("nodeTopology")


def _validate(obj: Object, context: StrategyContext, allow_invalid_values: bool = False) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    yield from validate_label_selector(obj.get("nodeTopology"), _TOPOLOGY, allow_invalid_values=allow_invalid_values)
    name = obj.get("storageClassName") or ""
    yield from each_invalid(ROOT.child("storageClassName"), name, name_is_dns_subdomain(name, False))
    if obj.get("capacity") is not None:
        yield from validate_nonnegative_quantity(obj["capacity"], ROOT.child("capacity"))


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from _validate(new, context, any(validate_label_selector(old.get("nodeTopology"), ROOT)))
    yield from validate_update_of(new, old)
    topology, before = new.get("nodeTopology"), old.get("nodeTopology")
    if (topology is None) != (before is None) or not semantically_equal(topology, before):
        yield invalid(_TOPOLOGY, None if topology is None else selector_json(topology), IMMUTABLE)
    if (new.get("storageClassName") or "") != (old.get("storageClassName") or ""):
        yield invalid(ROOT.child("storageClassName"), new.get("storageClassName") or "", IMMUTABLE)


def _warnings(obj: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    return node_label_selector_warnings(obj.get("nodeTopology"), _TOPOLOGY)


STRATEGY = Strategy(
    kind="CSIStorageCapacity.storage.k8s.io",
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    generation_fields=(),
)
