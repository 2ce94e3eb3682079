"""ValidatingAdmissionPolicies refuse requests, or warn of them.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating/dispatcher.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from kplan.apiserver.admission.contract import (
    CONNECT,
    CREATE,
    DELETE,
    UPDATE,
    AdmissionContext,
    Attributes,
    Plugin,
    refuse,
)
from kplan.apiserver.outcome import Cause, Status
from kplan.apiserver.policies.matching import EXEMPT, SUBRESOURCES, MatchError, match
from kplan.apiserver.policies.params import ParamsError, collect_params, param_kind
from kplan.model.objects import Object, name_of
from kplan.model.secrets import values_of, without_values

if TYPE_CHECKING:
    from kplan.apiserver.policies.hooks import Hook
    from kplan.apiserver.policies.validating import Denial, ValidatingPolicy

KIND = "ValidatingAdmissionPolicy"
_CODES = {"Forbidden": 403, "Unauthorized": 401, "RequestEntityTooLarge": 413}


def validate(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Ask every policy; the first that denies is told of."""
    if attributes.kind in EXEMPT or not context.view.objects(f"{KIND}.admissionregistration.k8s.io"):
        return None
    from kplan.apiserver.policies.hooks import hooks
    from kplan.apiserver.policies.validating import ValidatingPolicy

    denied = None
    for hook in hooks(KIND, context, ValidatingPolicy):
        for said, reason in _denials(hook, attributes, context):
            denied = denied or (said, reason)
    if denied is None:
        return None
    said, reason = denied
    refusal, info = refuse(attributes, said), attributes.info
    details = {**refusal.details, "kind": info.plural, "group": info.group}
    return replace(refusal, code=_CODES.get(reason, 422), reason=reason, causes=(Cause("", said, ""),), details=details)


def _denials(hook: Hook[ValidatingPolicy], attributes: Attributes, context: AdmissionContext) -> Iterator[tuple[str, str]]:
    """What a policy denies with, and the reason. Bindings that only warn do so."""
    policy = hook.policy
    fails = policy["spec"].get("failurePolicy") != "Ignore"
    try:
        matched = match(policy["spec"].get("matchConstraints") or {}, attributes, context)
        if matched is None:
            return
        info = param_kind(policy, context)
    except (MatchError, ParamsError) as error:
        if fails:
            yield f"ValidatingAdmissionPolicy '{name_of(policy)}' denied request: failed to configure policy: {error}", "Invalid"
        return
    from kplan.apiserver.policies.objects import bindings_of

    for binding in hook.bindings:
        resources = binding["spec"].get("matchResources")
        try:
            if resources is not None and match(resources, attributes, context) is None:
                continue
            found = collect_params(info, binding["spec"].get("paramRef"), attributes.namespace, context)
        except (MatchError, ParamsError) as error:
            if fails:
                yield _said(policy, binding, f"failed to configure binding: {error}"), "Invalid"
            continue
        for params in found:
            hidden = values_of(attributes.object, attributes.old, params)
            for denial in hook.compiled.decide(bindings_of(attributes, context, matched, params)):
                yield from _act(replace(denial, message=without_values(denial.message, hidden)), policy, binding, context)


def _act(denial: Denial, policy: Object, binding: Object, context: AdmissionContext) -> Iterator[tuple[str, str]]:
    if denial.audit:
        yield _said(policy, binding, denial.message), "Invalid"
        return
    for action in binding["spec"].get("validationActions") or ():
        if action == "Deny":
            yield _said(policy, binding, denial.message), denial.reason or "Invalid"
        elif action == "Warn":
            names = f"'{name_of(policy)}' with binding '{name_of(binding)}'"
            context.warnings.append(f"Validation failed for ValidatingAdmissionPolicy {names}: {denial.message}")


def _said(policy: Object, binding: Object, why: str) -> str:
    return f"ValidatingAdmissionPolicy '{name_of(policy)}' with binding '{name_of(binding)}' denied request: {why}"


PLUGIN = Plugin(
    KIND,
    frozenset((CREATE, UPDATE, DELETE, CONNECT)),
    subresources=SUBRESOURCES,
    validate=validate,
)
