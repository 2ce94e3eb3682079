"""ClusterRoles.

Mirrors: pkg/registry/rbac/clusterrole/strategy.go, pkg/apis/rbac/validation/validation.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import ROOT, Errors, invalid, required
from kplan.apiserver.rules.metadata import validate_update_of
from kplan.apiserver.rules.rbac import validate_policy_rules
from kplan.apiserver.rules.selectors import validate_label_selector
from kplan.apiserver.strategy import Strategy, StrategyContext
from kplan.model.gotext import GoText
from kplan.model.objects import Object

_SELECTORS = ROOT.child("aggregationRule", "clusterRoleSelectors")
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def _selectors(role: Object) -> list[Object]:
    return (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or []


def _validate(role: Object, _: StrategyContext, *, allow_invalid_values: bool = False) -> Errors:
    yield from validate_policy_rules(role, namespaced=False)
    if role.get("aggregationRule") is None:
        return
    if not _selectors(role):
        yield required(_SELECTORS, "at least one clusterRoleSelector required if aggregationRule is non-nil")
    for i, selector in enumerate(_selectors(role)):
        found = list(validate_label_selector(selector, _SELECTORS.index(i), allow_invalid_values=allow_invalid_values))
        yield from found
        if any(_cannot_select(e) for e in selector.get("matchExpressions") or ()) or any(validate_label_selector(selector, ROOT)):
            # The real server shows the selector it failed to make, which is none.
            yield invalid(_SELECTORS.index(i), GoText("null"), "invalid label selector.")


def _cannot_select(expression: Object) -> bool:
    return (expression.get("operator") or "") not in _OPERATORS


def _validate_update(role: Object, old: Object, ctx: StrategyContext) -> Errors:
    tolerated = any(any(validate_label_selector(s, ROOT)) for s in _selectors(old))
    yield from _validate(role, ctx, allow_invalid_values=tolerated)
    yield from validate_update_of(role, old)


STRATEGY = Strategy(
    kind="ClusterRole.rbac.authorization.k8s.io",
    validate=_validate,
    validate_update=_validate_update,
    generation_fields=(),
    allow_create_on_update=True,
)
