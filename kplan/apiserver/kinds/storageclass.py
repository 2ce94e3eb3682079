"""StorageClass.

Mirrors: pkg/apis/storage/validation/validation.go, pkg/apis/storage/v1/defaults.go, pkg/registry/storage/storageclass/strategy.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.apiserver.field import ROOT, Errors, not_supported, required
from kplan.apiserver.rules.metadata import validate_immutable, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.rules.nodeselectors import DEPRECATED_NODE_LABELS, validate_topology_selector_terms
from kplan.apiserver.rules.provisioners import validate_parameters, validate_provisioner
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.gotext import GoText, go_json
from kplan.model.objects import Object

_RECLAIM_POLICIES = ("Delete", "Retain")
_BINDING_MODES = ("Immediate", "WaitForFirstConsumer")


def _default(draft: Draft, context: StrategyContext) -> None:
    if draft.get("reclaimPolicy") is None:
        draft["reclaimPolicy"] = "Delete"
    if draft.get("volumeBindingMode") is None:
        draft["volumeBindingMode"] = "Immediate"


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=False, name_rule=name_is_dns_subdomain)
    yield from validate_provisioner(obj.get("provisioner") or "", ROOT.child("provisioner"))
    yield from validate_parameters(obj.get("parameters") or {}, ROOT.child("parameters"), may_be_empty=True)
    policy = obj.get("reclaimPolicy") or ""
    if policy and policy not in _RECLAIM_POLICIES:
        yield not_supported(ROOT.child("reclaimPolicy"), GoText(go_json(policy)), _RECLAIM_POLICIES)
    mode = obj.get("volumeBindingMode")
    if mode is None:
        yield required(ROOT.child("volumeBindingMode"))
    elif mode not in _BINDING_MODES:
        yield not_supported(ROOT.child("volumeBindingMode"), GoText(go_json(mode)), _BINDING_MODES)
    yield from validate_topology_selector_terms(obj.get("allowedTopologies") or (), ROOT.child("allowedTopologies"))


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from _validate(new, context)
    yield from validate_update_of(new, old)
    for field in ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"):
        yield from validate_immutable(new.get(field), old.get(field), ROOT.child(field))


def _warnings(obj: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    for i, term in enumerate(obj.get("allowedTopologies") or ()):
        for j, expression in enumerate(term.get("matchLabelExpressions") or ()):
            if said := DEPRECATED_NODE_LABELS.get(expression.get("key") or ""):
                where = ROOT.child("allowedTopologies").index(i).child("matchLabelExpressions").index(j).child("key")
                yield f"{where}: {said}"


STRATEGY = Strategy(
    kind="StorageClass.storage.k8s.io",
    default=_default,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    generation_fields=(),
)
