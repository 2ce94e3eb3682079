"""ValidatingWebhookConfiguration.

Mirrors: pkg/registry/admissionregistration/validatingwebhookconfiguration/strategy.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import Errors
from kplan.apiserver.rules.admissionwebhooks import default_webhooks, validate_configuration
from kplan.apiserver.rules.policies import static_suffix_warnings
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object


def _default(draft: Draft, context: StrategyContext) -> None:
    default_webhooks(draft, mutating=False)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    return validate_configuration(obj, context, mutating=False)


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    return validate_configuration(new, context, old, mutating=False)


STRATEGY = Strategy(
    kind="ValidatingWebhookConfiguration.admissionregistration.k8s.io",
    default=_default,
    validate=_validate,
    validate_update=_validate_update,
    warnings=static_suffix_warnings,
    generation_fields=("webhooks",),
    empty_counts=True,
)
