"""Node.

Mirrors: pkg/registry/core/node/strategy.go, pkg/apis/core/v1/{defaults,conversion}.go, pkg/apis/core/validation/validation.go (1.36)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from kplan.apiserver.field import (
    METADATA,
    ROOT,
    SPEC,
    Errors,
    FieldPath,
    duplicate,
    forbidden,
    internal,
    invalid,
    required,
)
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.addresses import is_valid_cidr_for_legacy_field, parse_cidr_sloppy, warnings_for_cidr
from kplan.apiserver.rules.metadata import validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import (
    MAX_SUBDOMAIN,
    byte_length,
    each_invalid,
    is_config_map_key,
    is_valid_label_value,
    name_is_dns_label,
    name_is_dns_subdomain,
)
from kplan.apiserver.rules.persistentvolumes import round_resource_list
from kplan.apiserver.rules.podscheduling import validate_positive, validate_taint_effect
from kplan.apiserver.rules.quantities import validate_resource_quantity
from kplan.apiserver.rules.selectors import validate_label_name
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import EMPTY, Object, annotations_of, get_in

TAINTS = "scheduler.alpha.kubernetes.io/taints"
PREFER_AVOID = "scheduler.alpha.kubernetes.io/preferAvoidPods"
_STATUS = ROOT.child("status")
_POD_CIDRS = SPEC.child("podCIDRs")
_FEATURE = re.compile(r"[A-Z][a-zA-Z0-9]*(/[a-zA-Z][a-zA-Z0-9]*)*", re.ASCII)


def _default(draft: Draft, context: StrategyContext) -> None:
    status = draft["status"] = draft.get("status") or {}
    if status.get("allocatable") is None and status.get("capacity") is not None:
        status["allocatable"] = dict(status["capacity"])
    for field in ("capacity", "allocatable"):
        round_resource_list(status.get(field))
    _agree_on_cidrs(draft["spec"] if draft.get("spec") else draft.setdefault("spec", {}))


def _agree_on_cidrs(spec: Draft) -> None:
    """podCIDR is the first of podCIDRs; where they differ it has the last word."""
    one, many = spec.get("podCIDR") or "", spec.get("podCIDRs") or []
    if one and (not many or many[0] != one):
        spec["podCIDRs"] = [one]
    elif many and not one:
        spec["podCIDR"] = many[0]


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    (draft.get("spec") or {}).pop("configSource", None)
    (draft.get("status") or {}).pop("config", None)
    _drop_disabled(draft, EMPTY, context)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    if get_in(old, ("spec", "configSource")) is None:
        (draft.get("spec") or {}).pop("configSource", None)
    _drop_disabled(draft, old.get("status") or EMPTY, context)


def _drop_disabled(draft: Draft, before: Object, context: StrategyContext) -> None:
    status = draft.get("status") or {}
    if not context.gates.on("RecursiveReadOnlyMounts") and not context.gates.on("UserNamespacesSupport"):
        status.pop("runtimeHandlers", None)
    for gate, field in (("SupplementalGroupsPolicy", "features"), ("NodeDeclaredFeatures", "declaredFeatures")):
        if not context.gates.on(gate) and before.get(field) is None:
            status.pop(field, None)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    spec, status = obj.get("spec") or EMPTY, obj.get("status") or EMPTY
    yield from validate_object_meta(obj["metadata"], namespaced=False, name_rule=name_is_dns_subdomain)
    yield from _validate_annotations(obj)
    yield from _validate_taints(spec.get("taints") or (), METADATA.child("taints"))
    yield from _validate_resources(status)
    swap = get_in(status, ("nodeInfo", "swap", "capacity"))
    if swap is not None:
        yield from validate_positive(swap, METADATA.child("nodeSwapStatus", "capacity"))
    yield from _validate_features(status.get("declaredFeatures") or ())
    yield from _validate_cidrs(spec.get("podCIDRs") or [], context)


def _validate_annotations(obj: Object) -> Errors:
    annotations, path = annotations_of(obj), METADATA.child("annotations")
    if text := annotations.get(TAINTS):
        try:
            taints = json.loads(text)
        except ValueError as error:
            yield invalid(path, TAINTS, str(error))
        else:
            yield from _validate_taints(taints, path.child(TAINTS))
    if text := annotations.get(PREFER_AVOID):
        try:
            entries = json.loads(text).get("preferAvoidPods") or ()
        except (ValueError, AttributeError) as error:
            yield invalid(path.child("AvoidPods"), PREFER_AVOID, str(error))
            return
        for i, entry in enumerate(entries):
            here, controller = path.child(PREFER_AVOID).index(i).child("PodSignature"), get_in(entry, ("podSignature", "podController"))
            if controller is None:
                yield required(here)
            elif not controller.get("controller"):
                yield invalid(here.child("PodController", "Controller"), False, "must point to a controller")


def _validate_taints(taints: Sequence[Object], path: FieldPath) -> Errors:
    seen: set[tuple[str, str]] = set()
    for i, taint in enumerate(taints):
        here, key, value, effect = path.index(i), *(taint.get(f) or "" for f in ("key", "value", "effect"))
        yield from validate_label_name(key, here.child("key"))
        if said := is_valid_label_value(value):
            yield invalid(here.child("value"), value, ";".join(said))
        if not effect:
            yield required(here.child("effect"))
        else:
            yield from validate_taint_effect(effect, here.child("effect"))
        if (key, effect) in seen:
            shown = internal_json("core.Taint", taint)
            yield replace(duplicate(here, shown), detail="taints must be unique by key and effect pair")
        seen.add((key, effect))


def _validate_resources(status: Object) -> Errors:
    for field in ("capacity", "allocatable"):
        for name, amount in (status.get(field) or EMPTY).items():
            yield from validate_resource_quantity(name, amount, _STATUS.child(field, name))


def _validate_features(features: Sequence[str]) -> Errors:
    path = _STATUS.child("declaredFeatures")
    for i, feature in enumerate(features):
        if byte_length(feature) > MAX_SUBDOMAIN:
            said = f'invalid feature name "{feature}": must be no more than {MAX_SUBDOMAIN} characters'
            yield invalid(path.index(i), feature, said)
        elif not _FEATURE.fullmatch(feature):
            said = (
                f'invalid feature name "{feature}": must start with an UpperCamelCase segment, with subsequent segments '
                "separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes"
            )
            yield invalid(path.index(i), feature, said)
        after = features[i + 1] if i + 1 < len(features) else None
        if after == feature:
            yield duplicate(path.index(i + 1), after)
        elif after is not None and feature > after:
            yield invalid(path.index(i + 1), after, "list must be sorted alphabetically")


def _validate_cidrs(cidrs: list[str], context: StrategyContext) -> Errors:
    for i, cidr in enumerate(cidrs):
        strict = context.gates.on("StrictIPCIDRValidation")
        yield from is_valid_cidr_for_legacy_field(_POD_CIDRS.index(i), cidr, strict=strict)
    if len(cidrs) < 2:
        return
    parsed = [parse_cidr_sloppy(c) for c in cidrs]
    bad = next((i for i, p in enumerate(parsed) if p is None), None)
    if bad is not None:
        why = f"invalid CIDR[{bad}]: <nil> (invalid CIDR address: {cidrs[bad]})"
        yield internal(_POD_CIDRS, f"invalid PodCIDRs. failed to check with dual stack with error:{why}")
    dual = bad is None and {p[0].version for p in parsed if p} == {4, 6}
    if not dual or len(cidrs) > 2:
        yield invalid(_POD_CIDRS, cidrs, "may specify no more than one CIDR for each IP family")


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    if context.subresource == "":
        yield from _validate(new, context)
    spec, before, status = new.get("spec") or EMPTY, old.get("spec") or EMPTY, new.get("status") or EMPTY
    yield from validate_update_of(new, old)
    yield from _validate_annotations(new)
    yield from _validate_resources(status)
    yield from _validate_features(status.get("declaredFeatures") or ())
    addresses: list[Object] = []
    for i, address in enumerate(status.get("addresses") or ()):
        if address in addresses:
            yield duplicate(_STATUS.child("addresses").index(i), internal_json("core.NodeAddress", address))
        addresses.append(address)
    yield from _validate_fixed(spec, before)
    if (source := spec.get("configSource")) is not None:
        yield from _validate_config_source(source, SPEC.child("configSource"))
    yield from _validate_taints(spec.get("taints") or (), METADATA.child("taints"))
    if (spec.get("externalID") or "") != (before.get("externalID") or ""):
        yield forbidden(SPEC.child("externalID"), "may not be updated")


def _validate_fixed(spec: Object, before: Object) -> Errors:
    now, was = spec.get("podCIDRs") or [], before.get("podCIDRs") or []
    if was and now != was:
        changes = 1 if len(now) != len(was) else sum(a != b for a, b in zip(now, was, strict=True))
        for _ in range(changes):
            yield forbidden(_POD_CIDRS, 'node updates may not change podCIDR except from "" to valid')
    if before.get("providerID") and before["providerID"] != (spec.get("providerID") or ""):
        yield forbidden(SPEC.child("providerID"), 'node updates may not change providerID except from "" to valid')


def _validate_config_source(source: Object, path: FieldPath) -> Errors:
    config, here = source.get("configMap"), path.child("configMap")
    if config is None:
        yield invalid(path, internal_json("core.NodeConfigSource", source), "exactly one reference subfield must be non-nil")
        return
    for field in ("uid", "resourceVersion"):
        if config.get(field):
            yield forbidden(here.child(field), f"{field} must not be set in spec")
    for field, rule in (("namespace", name_is_dns_label), ("name", name_is_dns_subdomain)):
        value = config.get(field) or ""
        if not value:
            yield required(here.child(field))
        else:
            yield from each_invalid(here.child(field), value, rule(value, False))
    key = config.get("kubeletConfigKey") or ""
    if not key:
        yield required(here.child("kubeletConfigKey"))
    else:
        yield from each_invalid(here.child("kubeletConfigKey"), key, is_config_map_key(key))


def _warnings(new: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    spec = new.get("spec") or EMPTY
    if spec.get("configSource") is not None:
        yield "spec.configSource: the feature is removed"
    if spec.get("externalID"):
        yield "spec.externalID: this field is deprecated, and is unused by Kubernetes"
    for i, cidr in enumerate(spec.get("podCIDRs") or ()):
        yield from warnings_for_cidr(_POD_CIDRS.index(i), cidr)


STRATEGY = Strategy(
    kind="Node",
    default=_default,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    has_status=True,
    prepares_status=True,
    generation_fields=(),
)
