"""Roles.

Mirrors: pkg/registry/rbac/role/strategy.go, pkg/apis/rbac/validation/validation.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import Errors
from kplan.apiserver.rules.metadata import validate_update_of
from kplan.apiserver.rules.rbac import validate_policy_rules
from kplan.apiserver.strategy import Strategy, StrategyContext
from kplan.model.objects import Object


def _validate(role: Object, _: StrategyContext) -> Errors:
    return validate_policy_rules(role, namespaced=True)


def _validate_update(role: Object, old: Object, ctx: StrategyContext) -> Errors:
    yield from _validate(role, ctx)
    yield from validate_update_of(role, old)


STRATEGY = Strategy(
    kind="Role.rbac.authorization.k8s.io",
    validate=_validate,
    validate_update=_validate_update,
    generation_fields=(),
    allow_create_on_update=True,
)
