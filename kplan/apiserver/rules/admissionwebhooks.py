"""The webhooks of ValidatingWebhookConfiguration and MutatingWebhookConfiguration.

Mirrors: pkg/apis/admissionregistration/validation/validation.go (validateValidatingWebhook, validateMutatingWebhook),
         pkg/apis/admissionregistration/v1/defaults.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.field import ROOT, Errors, FieldPath, duplicate, invalid, required
from kplan.apiserver.rules.matchresources import (
    FAILURE_POLICIES,
    MATCH_POLICIES,
    REINVOCATION_POLICIES,
    default_match,
    default_rules,
    supported,
    validate_match_conditions,
    validate_rule,
)
from kplan.apiserver.rules.metadata import validate_object_meta
from kplan.apiserver.rules.names import each_invalid, is_dns1035_label, is_fully_qualified_name, name_is_dns_subdomain
from kplan.apiserver.rules.policies import static_suffix_warnings
from kplan.apiserver.rules.selectors import validate_label_selector
from kplan.apiserver.rules.webhooks import validate_client_config
from kplan.apiserver.strategy import Draft, Strategy
from kplan.model.objects import Object

_NO_SIDE_EFFECTS = ("None", "NoneOnDryRun")
_SIDE_EFFECTS = ("None", "NoneOnDryRun", "Some", "Unknown")
_REVIEW_VERSIONS = ("v1", "v1beta1")
_SELECTORS = ("namespaceSelector", "objectSelector")

Hook = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Leniency:
    """What an update may keep because the object already had it."""

    same_conditions: bool = False
    side_effects: bool = False
    unknown_versions: bool = False
    repeated_names: bool = False
    invalid_values: bool = False

    @staticmethod
    def of(new: Sequence[Hook], old: Sequence[Hook]) -> Leniency:
        """What the old webhooks already have."""
        names = [h.get("name") or "" for h in old]
        same = len(new) == len(old) and all(a.get("matchConditions") == b.get("matchConditions") for a, b in zip(new, old, strict=True))
        return Leniency(
            same_conditions=same,
            side_effects=any(h.get("sideEffects") not in _NO_SIDE_EFFECTS for h in old),
            unknown_versions=any(v and not set(v) & set(_REVIEW_VERSIONS) for v in (h.get("admissionReviewVersions") for h in old)),
            repeated_names=len(set(names)) < len(names),
            invalid_values=any(any(validate_label_selector(h.get(s), ROOT)) for h in old for s in _SELECTORS),
        )


def webhook_configuration(kind: str, *, mutating: bool) -> Strategy:
    """What the server does for one of the two kinds."""
    return Strategy(
        kind=f"{kind}.admissionregistration.k8s.io",
        default=lambda draft, context: _default(draft, mutating),
        validate=lambda obj, context: _validate(obj, None, mutating),
        validate_update=lambda new, old, context: _validate(new, old, mutating),
        warnings=static_suffix_warnings,
        generation_fields=("webhooks",),
        empty_counts=True,
    )


def _default(draft: Draft, mutating: bool) -> None:
    for hook in draft.get("webhooks") or ():
        if hook.get("failurePolicy") is None:
            hook["failurePolicy"] = "Fail"
        default_match(hook)
        if hook.get("timeoutSeconds") is None:
            hook["timeoutSeconds"] = 10
        if mutating and hook.get("reinvocationPolicy") is None:
            hook["reinvocationPolicy"] = "Never"
        service = (hook.get("clientConfig") or {}).get("service")
        if service is not None and service.get("port") is None:
            service["port"] = 443
        default_rules(hook.get("rules"))


def _validate(obj: Object, old: Object | None, mutating: bool) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=False, name_rule=name_is_dns_subdomain, kube_finalizers=False)
    hooks, before = obj.get("webhooks") or [], (old or {}).get("webhooks") or []
    lenient = Leniency() if old is None else Leniency.of(hooks, before)
    names: set[str] = set()
    for i, hook in enumerate(hooks):
        path, name = ROOT.child("webhooks").index(i), hook.get("name") or ""
        yield from _validate_hook(hook, path, lenient, mutating)
        versions = hook.get("admissionReviewVersions") or []
        yield from _validate_versions(versions, path.child("admissionReviewVersions"), lenient)
        if not lenient.repeated_names and name:
            if name in names:
                yield duplicate(path.child("name"), name)
            names.add(name)


def _validate_hook(hook: Hook, path: FieldPath, lenient: Leniency, mutating: bool) -> Errors:
    yield from is_fully_qualified_name(path.child("name"), hook.get("name") or "")
    for i, rule in enumerate(hook.get("rules") or ()):
        yield from validate_rule(rule, path.child("rules").index(i))
    yield from supported(hook.get("failurePolicy"), path.child("failurePolicy"), FAILURE_POLICIES)
    yield from supported(hook.get("matchPolicy"), path.child("matchPolicy"), MATCH_POLICIES)
    allowed = _SIDE_EFFECTS if lenient.side_effects else _NO_SIDE_EFFECTS
    if hook.get("sideEffects") is None:
        yield required(path.child("sideEffects"), f"must specify one of {', '.join(allowed)}")
    yield from supported(hook.get("sideEffects"), path.child("sideEffects"), allowed)
    timeout = hook.get("timeoutSeconds")
    if timeout is not None and not 1 <= timeout <= 30:
        yield invalid(path.child("timeoutSeconds"), timeout, "the timeout value must be between 1 and 30 seconds")
    for field in _SELECTORS:
        yield from validate_label_selector(hook.get(field), path.child(field), allow_invalid_values=lenient.invalid_values)
    if mutating:
        yield from supported(hook.get("reinvocationPolicy"), path.child("reinvocationPolicy"), REINVOCATION_POLICIES)
    yield from validate_client_config(hook.get("clientConfig") or {}, path.child("clientConfig"), swapped=True)
    if not lenient.same_conditions:
        yield from validate_match_conditions(hook.get("matchConditions") or (), path.child("matchConditions"), params=False)


def _validate_versions(versions: list[str], path: FieldPath, lenient: Leniency) -> Errors:
    known = ", ".join(_REVIEW_VERSIONS)
    if not versions:
        yield required(path, f"must specify one of {known}")
        return
    for i, version in enumerate(versions):
        if version in versions[:i]:
            yield invalid(path.index(i), version, "duplicate version")
        else:
            yield from each_invalid(path.index(i), version, is_dns1035_label(version))
    if not lenient.unknown_versions and not set(versions) & set(_REVIEW_VERSIONS):
        yield invalid(path, versions, f"must include at least one of {known}")
