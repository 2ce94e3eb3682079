"""Leases.

Mirrors: pkg/registry/coordination/lease/strategy.go, pkg/apis/coordination/validation/validation.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.apiserver.field import SPEC, Errors, FieldPath, forbidden, invalid, not_supported
from kplan.apiserver.rules.metadata import validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import each_invalid, is_qualified_name, name_is_dns_subdomain
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object

_GATE = "CoordinatedLeaderElection"
_GATED = ("strategy", "preferredHolder")
_STRATEGIES = ("OldestEmulationVersion",)


def _spec(lease: Object) -> dict[str, Any]:
    return lease.get("spec") or {}


def _prepare_for_create(lease: Draft, ctx: StrategyContext) -> None:
    _drop_gated(_spec(lease), {}, ctx)


def _prepare_for_update(lease: Draft, old: Object, ctx: StrategyContext) -> None:
    _drop_gated(_spec(lease), _spec(old), ctx)


def _drop_gated(spec: dict[str, Any], before: Object, ctx: StrategyContext) -> None:
    if not ctx.gates.on(_GATE):
        for field in _GATED:
            if before.get(field) is None:
                spec.pop(field, None)


def _validate(lease: Object, _: StrategyContext) -> Errors:
    meta = lease["metadata"]
    yield from validate_object_meta(meta, namespaced=True, name_rule=name_is_dns_subdomain, kube_finalizers=False)
    yield from _validate_spec(_spec(lease))


def _validate_update(lease: Object, old: Object, _: StrategyContext) -> Errors:
    yield from validate_update_of(lease, old, kube_finalizers=False)
    yield from _validate_spec(_spec(lease))


def _validate_spec(spec: Object) -> Errors:
    duration, transitions, strategy = (spec.get(f) for f in ("leaseDurationSeconds", "leaseTransitions", "strategy"))
    if duration is not None and duration <= 0:
        yield invalid(SPEC.child("leaseDurationSeconds"), duration, "must be greater than 0")
    if transitions is not None and transitions < 0:
        yield invalid(SPEC.child("leaseTransitions"), transitions, "must be greater than or equal to 0")
    if strategy is not None:
        # The real server names the field twice.
        yield from _validate_strategy(strategy, SPEC.child("strategy", "strategy"))
    if spec.get("preferredHolder") and not strategy:
        yield forbidden(SPEC.child("preferredHolder"), "may only be specified if `strategy` is defined")


def _validate_strategy(strategy: str, path: FieldPath) -> Errors:
    if "/" in strategy:
        yield from each_invalid(path, strategy, is_qualified_name(strategy))
    elif strategy not in _STRATEGIES:
        yield not_supported(path, strategy, _STRATEGIES)


STRATEGY = Strategy(
    kind="Lease.coordination.k8s.io",
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    generation_fields=(),
    allow_create_on_update=True,
)
