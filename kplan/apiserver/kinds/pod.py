"""Pod.

Mirrors: pkg/registry/core/pod/strategy.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kplan.apiserver.field import ROOT, Errors
from kplan.apiserver.rules.names import is_dns1123_label
from kplan.apiserver.rules.poddefaults import alias_service_account, default_pod
from kplan.apiserver.rules.podfields import drop_disabled_fields
from kplan.apiserver.rules.podleniency import pod_options
from kplan.apiserver.rules.podresources import qos_class
from kplan.apiserver.rules.podstatus import pod_status_warnings, prepare_pod_status, validate_pod_status_update
from kplan.apiserver.rules.podtemplates import APP_ARMOR, validate_pod_create
from kplan.apiserver.rules.podupdates import validate_pod_update
from kplan.apiserver.rules.podwarnings import pod_warnings
from kplan.apiserver.rules.securitycontexts import validate_app_armor_profile
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.instants import write_instant
from kplan.model.objects import EMPTY, Object, annotations_of, get_in, labels_of

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def _default(draft: Draft, context: StrategyContext) -> None:
    default_pod(draft)


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    spec = draft["spec"]
    alias_service_account(spec)
    draft["metadata"]["generation"] = 1
    draft["status"] = {"phase": "Pending", "qosClass": get_in(draft, ("status", "qosClass")) or qos_class(spec)}
    drop_disabled_fields(spec, None, context.gates)
    if spec.get("schedulingGates"):
        draft["status"]["conditions"] = [_gated(context)]
    labels = labels_of(draft)
    if context.gates.on("MatchLabelKeysInPodAffinity"):
        for term in _affinity_terms(spec):
            _merge_label_keys(term, labels)
    if context.gates.on("MatchLabelKeysInPodTopologySpread") and context.gates.on("MatchLabelKeysInPodTopologySpreadSelectorMerge"):
        for constraint in spec.get("topologySpreadConstraints") or ():
            _merge_label_keys(constraint, labels)
    _apply_app_armor_annotations(draft, context.warnings)


def _gated(context: StrategyContext) -> dict[str, Any]:
    return {
        "type": "PodScheduled",
        "status": "False",
        "lastTransitionTime": write_instant(context.now),
        "reason": "SchedulingGated",
        "message": "Scheduling is blocked due to non-empty scheduling gates",
    }


def _affinity_terms(spec: Object) -> Iterator[Draft]:
    for kind in ("podAffinity", "podAntiAffinity"):
        affinity = get_in(spec, ("affinity", kind), EMPTY)
        for weighted in affinity.get(_PREFERRED) or ():
            yield weighted.get("podAffinityTerm") or {}
        yield from affinity.get(_REQUIRED) or ()


def _merge_label_keys(holder: Draft, labels: Object) -> None:
    """What the pod itself is labelled becomes part of the selector."""
    selector = holder.get("labelSelector")
    if selector is None:
        return
    for field, operator in (("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")):
        for key in holder.get(field) or ():
            if key in labels:
                expression = {"key": key, "operator": operator, "values": [labels[key]]}
                selector["matchExpressions"] = [*(selector.get("matchExpressions") or ()), expression]


def _apply_app_armor_annotations(pod: Draft, warnings: list[str]) -> None:
    """The old annotations become fields where there is no field yet.

    Mirrors: applyAppArmorVersionSkew.
    """
    spec = pod["spec"]
    if get_in(spec, ("os", "name")) == "windows":
        return
    of_pod = get_in(spec, ("securityContext", "appArmorProfile"))
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        key = APP_ARMOR + (container.get("name") or "")
        said = annotations_of(pod).get(key)
        if said is None or get_in(container, ("securityContext", "appArmorProfile")) is not None:
            continue
        profile = _app_armor_field(said)
        if profile is not None and profile != of_pod:
            container["securityContext"] = {**(container.get("securityContext") or {}), "appArmorProfile": profile}
        if profile is None or profile != of_pod:
            warnings.append(f'metadata.annotations[{key}]: deprecated since v1.30; use the "appArmorProfile" field instead')


def _app_armor_field(annotation: str) -> dict[str, str] | None:
    known = {"unconfined": "Unconfined", "runtime/default": "RuntimeDefault"}
    if annotation in known:
        return {"type": known[annotation]}
    local = annotation.removeprefix("localhost/")
    if local == annotation or not local:
        return None
    profile = {"type": "Localhost", "localhostProfile": local}
    return None if any(validate_app_armor_profile(profile, ROOT)) else profile


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    alias_service_account(draft["spec"])
    drop_disabled_fields(draft["spec"], old["spec"], context.gates)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    return validate_pod_create(obj, pod_options(context.gates, resource_is_pod=True))


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    options = pod_options(context.gates, old["spec"], old["metadata"], resource_is_pod=True)
    return validate_pod_update(new, old, options, context.subresource)


def _validate_status(new: Object, old: Object, context: StrategyContext) -> Errors:
    options = pod_options(context.gates, old["spec"], old["metadata"], resource_is_pod=True)
    return validate_pod_status_update(new, old, options, context)


def _warnings(new: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    if context.subresource == "status":
        yield from pod_status_warnings(new)
    if old is not None:
        return
    name = new["metadata"].get("name") or ""
    if said := is_dns1123_label(name):
        listed = " ".join(said)
        yield (
            "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; "
            f"a DNS label is recommended: [{listed}]"
        )
    yield from pod_warnings(new, None, context.gates)


def _grace_period(pod: Object) -> int | None:
    if not get_in(pod, ("spec", "nodeName")) or get_in(pod, ("status", "phase")) in ("Failed", "Succeeded"):
        return 0
    seconds = get_in(pod, ("spec", "terminationGracePeriodSeconds"), 0)
    return 1 if seconds < 0 else int(seconds)


STRATEGY = Strategy(
    kind="Pod",
    default=_default,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    prepare_for_status=prepare_pod_status,
    validate_status=_validate_status,
    warnings=_warnings,
    status_warnings=True,
    has_status=True,
    prepares_status=True,
    default_grace_period=_grace_period,
)
