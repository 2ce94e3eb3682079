"""CSIDriver.

Mirrors: pkg/apis/storage/validation/validation.go (ValidateCSIDriver), pkg/apis/storage/v1/defaults.go,
         pkg/registry/storage/csidriver/strategy.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kplan.apiserver.field import SPEC, Errors, FieldPath, duplicate, invalid, not_supported, required
from kplan.apiserver.rules.metadata import (
    semantically_equal,
    validate_immutable,
    validate_object_meta,
    validate_update_of,
)
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.gotext import GoText, go_json
from kplan.model.objects import Object

_GATED = {
    "seLinuxMount": "SELinuxMountReadWriteOncePod",
    "nodeAllocatableUpdatePeriodSeconds": "MutableCSINodeAllocatableCount",
    "serviceAccountTokenInSecrets": "CSIServiceAccountTokenSecrets",
    "preventPodSchedulingIfMissing": "VolumeLimitScaling",
}
_GROUP_POLICIES = ("File", "None", "ReadWriteOnceWithFSType")
_LIFECYCLE_MODES = ("Persistent", "Ephemeral")
_TOKENS_IN_SECRETS = (
    "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, "
    "set to true to prevent possible logging of tokens in volume attributes"
)


def _default(draft: Draft, context: StrategyContext) -> None:
    spec = draft.setdefault("spec", {})
    defaults: dict[str, Any] = {
        "attachRequired": True,
        "podInfoOnMount": False,
        "storageCapacity": False,
        "fsGroupPolicy": "ReadWriteOnceWithFSType",
        "requiresRepublish": False,
    }
    for field in ("seLinuxMount", "preventPodSchedulingIfMissing"):
        if context.gates.on(_GATED[field]):
            defaults[field] = False
    for field, value in defaults.items():
        if spec.get(field) is None:
            spec[field] = value
    if not spec.get("volumeLifecycleModes"):
        spec["volumeLifecycleModes"] = ["Persistent"]


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    _drop_disabled(draft, {}, context)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    _drop_disabled(draft, old.get("spec") or {}, context)


def _drop_disabled(draft: Draft, before: Mapping[str, Any], context: StrategyContext) -> None:
    for field, gate in _GATED.items():
        if not context.gates.on(gate) and before.get(field) is None:
            draft["spec"].pop(field, None)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=False, name_rule=name_is_dns_subdomain)
    yield from _validate_spec(obj.get("spec") or {}, context)


def _validate_spec(spec: Mapping[str, Any], context: StrategyContext) -> Errors:
    for field, name in (("attachRequired", "attachedRequired"), ("podInfoOnMount",) * 2, ("storageCapacity",) * 2):
        if spec.get(field) is None:
            yield required(SPEC.child(name))
    policy = spec.get("fsGroupPolicy")
    if policy is not None and policy not in _GROUP_POLICIES:
        yield not_supported(SPEC.child("fsGroupPolicy"), GoText(go_json(policy)), _GROUP_POLICIES)
    requests = spec.get("tokenRequests") or []
    yield from _validate_token_requests(requests, SPEC.child("tokenRequests"))
    for mode in spec.get("volumeLifecycleModes") or ():
        if mode not in _LIFECYCLE_MODES:
            yield not_supported(SPEC.child("volumeLifecycleModes"), GoText(go_json(mode)), _LIFECYCLE_MODES)
    if spec.get("seLinuxMount") is None and context.gates.on(_GATED["seLinuxMount"]):
        yield required(SPEC.child("seLinuxMount"))
    period = spec.get("nodeAllocatableUpdatePeriodSeconds")
    if period is not None and period < 10:
        yield invalid(SPEC.child("nodeAllocatableUpdatePeriodSeconds"), period, "must be greater than or equal to 10 seconds")
    in_secrets = spec.get("serviceAccountTokenInSecrets")
    if in_secrets is not None and not requests:
        said = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
        yield invalid(SPEC.child("serviceAccountTokenInSecrets"), in_secrets, said)
    if spec.get("preventPodSchedulingIfMissing") is None and context.gates.on("VolumeLimitScaling"):
        yield required(SPEC.child("preventPodSchedulingIfMissing"))


def _validate_token_requests(requests: Sequence[Mapping[str, Any]], path: FieldPath) -> Errors:
    audiences: set[str] = set()
    for i, request in enumerate(requests):
        audience, seconds = request.get("audience") or "", request.get("expirationSeconds")
        if audience in audiences:
            yield duplicate(path.index(i).child("audience"), audience)
            continue
        audiences.add(audience)
        if seconds is None:
            continue
        here = path.index(i).child("expirationSeconds")
        if seconds < 600:
            yield invalid(here, seconds, "may not specify a duration less than 10 minutes")
        if seconds > 1 << 32:
            yield invalid(here, seconds, "may not specify a duration larger than 2^32 seconds")


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from validate_update_of(new, old)
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    yield from _validate_spec(spec, context)
    yield from validate_immutable(spec.get("attachRequired"), before.get("attachRequired"), SPEC.child("attachedRequired"))
    modes = (spec.get("volumeLifecycleModes"), before.get("volumeLifecycleModes"))
    yield from validate_immutable(*modes, SPEC.child("volumeLifecycleModes"))


def _warnings(obj: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    spec, before = obj.get("spec") or {}, (old or {}).get("spec") or {}
    requests = spec.get("tokenRequests")
    if not context.gates.on("CSIServiceAccountTokenSecrets") or not requests:
        return
    if spec.get("serviceAccountTokenInSecrets") is not None:
        return
    if old is None or not semantically_equal(requests, before.get("tokenRequests")):
        yield _TOKENS_IN_SECRETS


STRATEGY = Strategy(
    kind="CSIDriver.storage.k8s.io",
    default=_default,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    first_generation=0,
)
