"""PriorityLevelConfigurations.

Mirrors: pkg/registry/flowcontrol/prioritylevelconfiguration/strategy.go,
         pkg/apis/flowcontrol/validation/validation.go, pkg/apis/flowcontrol/v1/defaults.go,
         staging/src/k8s.io/apiserver/pkg/util/shufflesharding/shufflesharding.go (1.36)
"""

from __future__ import annotations

from math import ceil, log2

from kplan.apiserver.field import METADATA, SPEC, Errors, FieldPath, forbidden, invalid, not_supported, required
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.flowcontrol import MANDATORY_PRIORITY_LEVELS, same_spec, validate_status
from kplan.apiserver.rules.metadata import validate_object_meta
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object, annotations_of, name_of

_ROUNDTRIP = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares"
_DEFAULT_QUEUING = {"handSize": 8, "queues": 64, "queueLengthLimit": 50}
_MOST_QUEUES, _MOST_HASH_BITS = 10_000_000, 60
_NOT_NEGATIVE = "must be a non-negative integer"


def _default(level: Draft, _: StrategyContext) -> None:
    spec = level["spec"] = level.get("spec") or {}
    for field, shares in (("exempt", 0), ("limited", 30)):
        if spec.get(field) is not None:
            for key, value in (("nominalConcurrencyShares", shares), ("lendablePercent", 0)):
                if spec[field].get(key) is None:
                    spec[field][key] = value
    queuing = ((spec.get("limited") or {}).get("limitResponse") or {}).get("queuing")
    if queuing is not None:
        for field, value in _DEFAULT_QUEUING.items():
            queuing[field] = queuing.get(field) or value


def _prepare_for_create(level: Draft, _: StrategyContext) -> None:
    level["status"] = {}


def _validate(level: Object, _: StrategyContext) -> Errors:
    yield from validate_object_meta(level["metadata"], namespaced=False, name_rule=name_is_dns_subdomain)
    if _ROUNDTRIP in annotations_of(level):
        yield forbidden(METADATA.child("annotations"), f"annotation '{_ROUNDTRIP}' is forbidden")
    name, spec = name_of(level), level["spec"]
    yield from _validate_spec(name, spec)
    yield from _validate_mandatory(name, spec)
    yield from validate_status(level.get("status") or {})


def _validate_update(level: Object, _: Object, ctx: StrategyContext) -> Errors:
    return validate_status(level.get("status") or {}) if ctx.subresource == "status" else _validate(level, ctx)


def _validate_mandatory(name: str, spec: Object) -> Errors:
    """Of the level ``exempt`` only what is exempt may change; ``catch-all`` stays."""
    if name not in MANDATORY_PRIORITY_LEVELS:
        return
    fixed = {k: v for k, v in spec.items() if name != "exempt" or k != "exempt"}
    if not same_spec(fixed, MANDATORY_PRIORITY_LEVELS[name]):
        but = " except the 'spec.exempt' field" if name == "exempt" else ""
        shown = internal_json("flowcontrol.PriorityLevelConfigurationSpec", spec)
        yield invalid(SPEC, shown, f"spec of '{name}'{but} must equal the fixed value")


def _validate_spec(name: str, spec: Object) -> Errors:
    kind, limited, exempt = spec.get("type") or "", spec.get("limited"), spec.get("exempt")
    if (name == "exempt") != (kind == "Exempt"):
        yield invalid(SPEC.child("type"), kind, "must be 'Exempt' if and only if `name` is 'exempt'")
    if kind == "Exempt":
        if limited is not None:
            yield forbidden(SPEC.child("limited"), "must be nil if the type is not Limited")
        if exempt is not None:
            yield from _validate_exempt(exempt, SPEC.child("exempt"))
    elif kind == "Limited":
        if exempt is not None:
            yield forbidden(SPEC.child("exempt"), "must be nil if the type is Limited")
        if limited is None:
            yield required(SPEC.child("limited"), "must not be empty when type is Limited")
        else:
            yield from _validate_limited(limited, SPEC.child("limited"))
    else:
        yield not_supported(SPEC.child("type"), kind, ("Exempt", "Limited"))


def _validate_lendable(given: Object, path: FieldPath) -> Errors:
    lendable = given.get("lendablePercent")
    if lendable is not None and not 0 <= lendable <= 100:
        yield invalid(path.child("lendablePercent"), lendable, "must be between 0 and 100, inclusive")


def _validate_shares(given: Object, path: FieldPath) -> Errors:
    shares = given.get("nominalConcurrencyShares") or 0
    if shares < 0:
        yield invalid(path.child("nominalConcurrencyShares"), shares, _NOT_NEGATIVE)


def _validate_exempt(exempt: Object, path: FieldPath) -> Errors:
    yield from _validate_shares(exempt, path)
    yield from _validate_lendable(exempt, path)


def _validate_limited(limited: Object, path: FieldPath) -> Errors:
    yield from _validate_shares(limited, path)
    yield from _validate_response(limited.get("limitResponse") or {}, path.child("limitResponse"))
    yield from _validate_lendable(limited, path)
    borrowing = limited.get("borrowingLimitPercent")
    if borrowing is not None and borrowing < 0:
        yield invalid(path.child("borrowingLimitPercent"), borrowing, f"if specified, {_NOT_NEGATIVE}")


def _validate_response(response: Object, path: FieldPath) -> Errors:
    kind, queuing = response.get("type") or "", response.get("queuing")
    if kind == "Reject":
        if queuing is not None:
            yield forbidden(path.child("queuing"), "must be nil if limited.limitResponse.type is not Limited")
    elif kind == "Queue":
        if queuing is None:
            yield required(path.child("queuing"), "must not be empty if limited.limitResponse.type is Limited")
        else:
            yield from _validate_queuing(queuing, path.child("queuing"))
    else:
        yield not_supported(path.child("type"), kind, ("Queue", "Reject"))


def _validate_queuing(queuing: Object, path: FieldPath) -> Errors:
    length, queues, hand = (queuing.get(f) or 0 for f in ("queueLengthLimit", "queues", "handSize"))
    if length <= 0:
        yield invalid(path.child("queueLengthLimit"), length, "must be positive")
    if queues <= 0:
        yield invalid(path.child("queues"), queues, "must be positive")
    elif queues > _MOST_QUEUES:
        yield invalid(path.child("queues"), queues, f"must not be greater than {_MOST_QUEUES}")
    if hand <= 0:
        yield invalid(path.child("handSize"), hand, "must be positive")
    elif hand > queues:
        yield invalid(path.child("handSize"), hand, f"should not be greater than queues ({queues})")
    elif ceil(log2(queues) * hand) > _MOST_HASH_BITS:
        said = f"required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {_MOST_HASH_BITS}"
        yield invalid(path.child("handSize"), hand, said)


STRATEGY = Strategy(
    kind="PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io",
    default=_default,
    prepare_for_create=_prepare_for_create,
    validate=_validate,
    validate_update=_validate_update,
    has_status=True,
)
