"""ClusterRoleBindings.

Mirrors: pkg/registry/rbac/clusterrolebinding/strategy.go, pkg/apis/rbac/validation/validation.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import Errors
from kplan.apiserver.rules.rbac import default_binding, validate_binding, validate_binding_update
from kplan.apiserver.strategy import Strategy, StrategyContext
from kplan.model.objects import Object


def _validate(binding: Object, _: StrategyContext) -> Errors:
    return validate_binding(binding, ("ClusterRole",), namespaced=False)


def _validate_update(binding: Object, old: Object, ctx: StrategyContext) -> Errors:
    yield from _validate(binding, ctx)
    yield from validate_binding_update(binding, old)


STRATEGY = Strategy(
    kind="ClusterRoleBinding.rbac.authorization.k8s.io",
    default=default_binding,
    validate=_validate,
    validate_update=_validate_update,
    generation_fields=(),
    allow_create_on_update=True,
)
