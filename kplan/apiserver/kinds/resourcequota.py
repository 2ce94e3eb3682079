"""ResourceQuotas.

Mirrors: pkg/registry/core/resourcequota/strategy.go, pkg/apis/core/validation/validation.go: ValidateResourceQuota (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.apiserver.field import ROOT, SPEC, Errors, FieldPath, invalid, required
from kplan.apiserver.rules.metadata import IMMUTABLE, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.rules.persistentvolumes import round_resource_list
from kplan.apiserver.rules.quantities import validate_resource_quantity
from kplan.apiserver.rules.resourcenames import is_standard_quota_resource, validate_quota_resource_name
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.gotext import GoText, go_struct
from kplan.model.objects import Object
from kplan.model.quantity import Quantity

_POD_COMPUTE = frozenset(p + n for p in ("", "requests.", "limits.") for n in ("cpu", "memory")) | {"pods"}
_SCOPE_RESOURCES = {
    "Terminating": _POD_COMPUTE,
    "NotTerminating": _POD_COMPUTE,
    "BestEffort": frozenset(("pods",)),
    "NotBestEffort": _POD_COMPUTE,
    "PriorityClass": _POD_COMPUTE,
    "CrossNamespacePodAffinity": _POD_COMPUTE,
    "VolumeAttributesClass": frozenset(("persistentvolumeclaims", "requests.storage")),
}
"""The scopes there are, and the standard resources each can be applied to."""
_EXISTS_ONLY = ("BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity")
_EXISTS_SAID = (
    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
    "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)
_CONFLICTS = (frozenset(("BestEffort", "NotBestEffort")), frozenset(("Terminating", "NotTerminating")))
_UNSUITED = "unsupported scope applied to resource"


def _default(quota: Draft, _: StrategyContext) -> None:
    round_resource_list((quota.get("spec") or {}).get("hard"))
    for field in ("hard", "used"):
        round_resource_list((quota.get("status") or {}).get(field))


def _prepare_for_create(quota: Draft, _: StrategyContext) -> None:
    quota["status"] = {}


def _validate(quota: Object, _: StrategyContext) -> Errors:
    yield from validate_object_meta(quota["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    yield from _validate_spec(quota.get("spec") or {})
    yield from _validate_status(quota.get("status") or {})


def _validate_update(quota: Object, old: Object, ctx: StrategyContext) -> Errors:
    yield from validate_update_of(quota, old)
    if ctx.subresource == "status":
        yield from _validate_status(quota.get("status") or {})
        return
    yield from _validate_spec(quota.get("spec") or {})
    given, before = ((o.get("spec") or {}).get("scopes") or [] for o in (quota, old))
    if set(given) != set(before):
        yield invalid(SPEC.child("scopes"), (quota.get("spec") or {}).get("scopes"), IMMUTABLE)


def _validate_amounts(amounts: Object | None, path: FieldPath) -> Errors:
    for name, amount in (amounts or {}).items():
        yield from validate_quota_resource_name(name, path.key(name))
        yield from validate_resource_quantity(name, amount, path.key(name))


def _validate_status(status: Object) -> Errors:
    for field in ("hard", "used"):
        yield from _validate_amounts(status.get(field), ROOT.child("status", field))


def _validate_spec(spec: Object) -> Errors:
    yield from _validate_amounts(spec.get("hard"), SPEC.child("hard"))
    yield from _validate_scopes(spec)
    if spec.get("scopeSelector") is not None:
        yield from _validate_scope_selector(spec, SPEC.child("scopeSelector", "matchExpressions"))


def _unsuited(scope: str, spec: Object) -> int:
    """How many standard resources of the quota a scope cannot be applied to."""
    allowed = _SCOPE_RESOURCES.get(scope)
    return sum(allowed is not None and is_standard_quota_resource(n) and n not in allowed for n in spec.get("hard") or ())


def _validate_conflicts(scopes: set[str], spec: Object, path: FieldPath) -> Errors:
    for pair in _CONFLICTS:
        if pair <= scopes:
            yield invalid(path, spec.get("scopes"), "conflicting scopes")


def _validate_scopes(spec: Object) -> Errors:
    path, scopes = SPEC.child("scopes"), spec.get("scopes") or []
    for scope in scopes:
        if scope not in _SCOPE_RESOURCES:
            yield invalid(path, scopes, "unsupported scope")
        for _ in range(_unsuited(scope, spec)):
            yield invalid(path, scopes, _UNSUITED)
    yield from _validate_conflicts(set(scopes), spec, path)


def _validate_scope_selector(spec: Object, path: FieldPath) -> Errors:
    expressions = spec["scopeSelector"].get("matchExpressions") or []
    for one in expressions:
        scope, operator, values = one.get("scopeName") or "", one.get("operator") or "", one.get("values") or []
        if scope not in _SCOPE_RESOURCES:
            yield invalid(path.child("scopeName"), scope, "unsupported scope")
        for _ in range(_unsuited(scope, spec)):
            yield invalid(path, _shown_selector(spec["scopeSelector"]), _UNSUITED)
        if scope in _EXISTS_ONLY and operator != "Exists":
            yield invalid(path.child("operator"), operator, _EXISTS_SAID)
        if operator in ("In", "NotIn"):
            if not values:
                said = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
                yield required(path.child("values"), said)
        elif operator in ("Exists", "DoesNotExist"):
            if values:
                said = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
                yield invalid(path.child("values"), values, said)
        else:
            yield invalid(path.child("operator"), operator, "not a valid selector operator")
    yield from _validate_conflicts({e.get("scopeName") or "" for e in expressions}, spec, path)


def _shown_selector(selector: Object) -> GoText:
    """A scope selector as the server's internal type prints."""
    shown = []
    for one in selector.get("matchExpressions") or ():
        row = {"ScopeName": one.get("scopeName") or "", "Operator": one.get("operator") or "", "Values": one.get("values")}
        shown.append(go_struct(row, row))
    return go_struct({"MatchExpressions": shown}, ("MatchExpressions",))


def _warnings(quota: Object, old: Object | None, _: StrategyContext) -> Iterator[str]:
    hard = {} if old is not None else (quota.get("spec") or {}).get("hard") or {}
    for name in ("cpu", "memory", "storage", "ephemeral-storage"):
        asked = f"requests.{name}"
        if asked not in hard and name in ("cpu", "memory"):
            asked = name
        limit = f"limits.{name}"
        if asked in hard and limit in hard and Quantity.parse(hard[asked]) > Quantity.parse(hard[limit]):
            yield f"ResourceQuota {asked} ({hard[asked]}) should be less than {limit} ({hard[limit]})"


STRATEGY = Strategy(
    kind="ResourceQuota",
    default=_default,
    prepare_for_create=_prepare_for_create,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    has_status=True,
    generation_fields=(),
)
