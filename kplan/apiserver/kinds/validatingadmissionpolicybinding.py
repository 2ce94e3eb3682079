"""ValidatingAdmissionPolicyBinding.

Mirrors: pkg/apis/admissionregistration/validation/validation.go (ValidateValidatingAdmissionPolicyBinding) (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import SPEC, Errors, duplicate, invalid, required
from kplan.apiserver.rules.matchresources import supported
from kplan.apiserver.rules.metadata import validate_object_meta
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.rules.policies import default_binding, static_suffix_warnings, validate_binding_head
from kplan.apiserver.strategy import Strategy, StrategyContext
from kplan.model.gotext import GoText, go_json
from kplan.model.objects import Object

_ACTIONS = ("Audit", "Deny", "Warn")
_BOTH = (
    "must not contain both Deny and Warn (repeating the same validation failure information "
    "in the API response and headers serves no purpose)"
)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=False, name_rule=name_is_dns_subdomain, kube_finalizers=False)
    spec, path = obj.get("spec") or {}, SPEC.child("validationActions")
    yield from validate_binding_head(spec)
    actions = spec.get("validationActions") or []
    for i, action in enumerate(actions):
        yield from supported(action, path.index(i), _ACTIONS)
        if action in actions[:i]:
            yield duplicate(path.index(i), GoText(go_json(action)))
    if "Deny" in actions and "Warn" in actions:
        yield invalid(path, actions, _BOTH)
    if not actions:
        yield required(path, "at least one validation action is required")


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    return _validate(new, context)


STRATEGY = Strategy(
    kind="ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
    default=default_binding,
    validate=_validate,
    validate_update=_validate_update,
    warnings=static_suffix_warnings,
)
