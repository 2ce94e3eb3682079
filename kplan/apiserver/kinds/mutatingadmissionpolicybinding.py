"""MutatingAdmissionPolicyBinding.

Mirrors: pkg/apis/admissionregistration/validation/validation.go (ValidateMutatingAdmissionPolicyBinding) (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import SPEC, Errors
from kplan.apiserver.rules.matchresources import MUTATING_OPERATIONS, supported
from kplan.apiserver.rules.metadata import validate_object_meta
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.rules.policies import default_binding, static_suffix_warnings, validate_binding_head
from kplan.apiserver.strategy import Strategy, StrategyContext
from kplan.model.objects import Object, get_in


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=False, name_rule=name_is_dns_subdomain, kube_finalizers=False)
    spec = obj.get("spec") or {}
    yield from validate_binding_head(spec)
    path = SPEC.child("matchResources", "resourceRules", "operations")
    for rule in get_in(spec, ("matchResources", "resourceRules"), ()):
        for operation in rule.get("operations") or ():
            yield from supported(operation, path, MUTATING_OPERATIONS)


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    return _validate(new, context)


STRATEGY = Strategy(
    kind="MutatingAdmissionPolicyBinding.admissionregistration.k8s.io",
    default=default_binding,
    validate=_validate,
    validate_update=_validate_update,
    warnings=static_suffix_warnings,
)
