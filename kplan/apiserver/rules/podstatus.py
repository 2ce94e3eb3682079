"""What the status of a pod may say when somebody writes it, and what it may not take back.

Mirrors: pkg/apis/core/validation/validation.go (ValidatePodStatusUpdate),
         pkg/registry/core/pod/strategy.go (podStatusStrategy) (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.field import Errors, FieldPath, duplicate, forbidden, internal, invalid, required
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.addresses import is_valid_ip_for_legacy_field, parse_ip_sloppy, warnings_for_ip
from kplan.apiserver.rules.containerstatus import validate_container_statuses, validate_image_volumes
from kplan.apiserver.rules.metadata import IMMUTABLE, validate_object_meta_update
from kplan.apiserver.rules.names import NameRule, is_qualified_name, name_is_dns_label, name_is_dns_subdomain
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.podupdates import validate_annotation_updates
from kplan.apiserver.rules.quantities import is_native_resource
from kplan.apiserver.rules.restarts import is_sidecar, starts_again
from kplan.apiserver.rules.statuses import STATUS
from kplan.apiserver.strategy import Draft, StrategyContext
from kplan.model.objects import EMPTY, Object, get_in
from kplan.model.quantity import canonical, parse_or_zero

_STATUSES = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
_OF_THE_SYSTEM = ("PodScheduled", "Ready", "Initialized")
_NEGATIVE = "must be a non-negative integer"
_REVIVED = "may not be transitioned to non-terminated state"
_NO_SUCH_RESOURCE = (
    "must match the extended resource name of an entry in spec.initContainers.resources.requests or "
    "spec.containers.resources.requests"
)
_NO_SUCH_CONTAINER = "must match the name of an entry in spec.initContainers.name or spec.containers.name"


@dataclass(frozen=True, slots=True)
class _Addresses:
    """One of the two lists of addresses in a pod's status."""

    field: str
    type_name: str


_POD_IPS, _HOST_IPS = _Addresses("podIPs", "core.PodIP"), _Addresses("hostIPs", "core.HostIP")


def prepare_pod_status(draft: Draft, old: Object, context: StrategyContext) -> None:
    """What old kubelets forget to say stays as it was: owners, the quality of service, observed generations."""
    before = old.get("status") or EMPTY
    status = draft["status"] = dict(draft.get("status") or EMPTY)
    draft["metadata"].pop("ownerReferences", None)
    if owners := old["metadata"].get("ownerReferences"):
        draft["metadata"]["ownerReferences"] = owners
    for field in ("qosClass", "observedGeneration"):
        if not status.get(field) and before.get(field):
            status[field] = before[field]
    if conditions := status.get("conditions"):
        status["conditions"] = list(_with_generations(conditions, before.get("conditions") or ()))


def _with_generations(conditions: Sequence[Object], before: Sequence[Object]) -> Iterator[Object]:
    known: dict[str, list[int]] = {}
    for condition in before:
        known.setdefault(condition.get("type") or "", []).append(condition.get("observedGeneration") or 0)
    for condition in conditions:
        generations = known.get(condition.get("type") or "")
        generation = generations.pop(0) if generations else 0
        forgotten = generation and not condition.get("observedGeneration")
        yield {**condition, "observedGeneration": generation} if forgotten else condition


def validate_pod_status_update(new: Object, old: Object, options: PodOptions, context: StrategyContext) -> Errors:
    """The status of a pod, on update."""
    status, before, spec = new.get("status") or EMPTY, old.get("status") or EMPTY, new["spec"]
    yield from validate_object_meta_update(new["metadata"], old["metadata"])
    yield from validate_annotation_updates(new, old, options)
    yield from _validate_conditions(status.get("conditions") or ())
    yield from _validate_nomination(status, old, context)
    if (generation := status.get("observedGeneration") or 0) < 0:
        yield invalid(STATUS.child("observedGeneration"), generation, _NEGATIVE)
    if (quality := status.get("qosClass") or "") != (before.get("qosClass") or ""):
        yield invalid(STATUS.child("qosClass"), quality, IMMUTABLE)
    yield from _validate_transitions(status, before, old["spec"], options)
    yield from _validate_claims(status.get("resourceClaimStatuses") or (), spec)
    yield from _validate_extended_claim(status.get("extendedResourceClaimStatus"), spec)
    yield from _validate_allocatable_claims(status, spec)
    yield from _validate_addresses(_POD_IPS, status, before, options)
    yield from _validate_host_addresses(status, before, options)
    yield from validate_container_statuses(status, spec)
    if context.gates.on("ImageVolumeWithDigest"):
        for field in _STATUSES:
            yield from validate_image_volumes(status.get(field) or (), STATUS.child(field))


def pod_status_warnings(new: Object) -> Iterator[str]:
    """The warnings of an update of status: addresses of unusual form."""
    for field in ("podIPs", "hostIPs"):
        for i, said in enumerate(get_in(new, ("status", field), ())):
            yield from warnings_for_ip(STATUS.child(field).index(i).child("ip"), said.get("ip") or "")


def _validate_conditions(conditions: Sequence[Object]) -> Errors:
    for i, condition in enumerate(conditions):
        here, kind = STATUS.child("conditions").index(i), condition.get("type") or ""
        if (generation := condition.get("observedGeneration") or 0) < 0:
            yield invalid(here.child("observedGeneration"), generation, _NEGATIVE)
        if kind not in _OF_THE_SYSTEM:
            for said in is_qualified_name(kind):
                yield invalid(here.child("Type"), kind, said)


def _validate_nomination(status: Object, old: Object, context: StrategyContext) -> Errors:
    here, name = STATUS.child("nominatedNodeName"), status.get("nominatedNodeName") or ""
    if not name or name == get_in(old, ("status", "nominatedNodeName")):
        return
    yield from _named(name_is_dns_subdomain, name, here)
    if old["spec"].get("nodeName") and context.gates.on("ClearingNominatedNodeNameAfterBinding"):
        yield forbidden(here, "may not be set on pods that are already bound to a node")


def _named(rule: NameRule, name: str, path: FieldPath) -> Errors:
    for said in rule(name, False):
        yield invalid(path, name, said)


# -- containers that ended -------------------------------------------------------------------------------------------


def _validate_transitions(status: Object, before: Object, spec: Object, options: PodOptions) -> Errors:
    all_may_restart = options.allow_restart_rules and options.allow_restart_all and _any_restarts_all(spec)
    for field in _STATUSES:
        ephemeral = field == "ephemeralContainerStatuses"
        if all_may_restart and not ephemeral:
            continue
        now: dict[str, list[Object]] = {}
        for said in status.get(field) or ():
            now.setdefault(said.get("name") or "", []).append(said)
        for i, said in enumerate(before.get(field) or ()):
            ended = get_in(said, ("state", "terminated"))
            if ended is None or (not ephemeral and _may_restart(said, field, spec, ended.get("exitCode") or 0, options)):
                continue
            revived = [n for n in now.get(said.get("name") or "", ()) if get_in(n, ("state", "terminated")) is None]
            once = options.allow_restart_rules and not ephemeral
            for _ in revived[:1] if once else revived:
                yield forbidden(STATUS.child(field).index(i).child("state"), _REVIVED)


def _any_restarts_all(spec: Object) -> bool:
    containers = (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    return any(r.get("action") == "RestartAllContainers" for c in containers for r in c.get("restartPolicyRules") or ())


def _may_restart(status: Object, field: str, spec: Object, exit_code: int, options: PodOptions) -> bool:
    listed = spec.get("containers" if field == "containerStatuses" else "initContainers") or ()
    container = next((c for c in listed if c.get("name") == status.get("name")), None)
    if options.allow_restart_rules:
        return container is not None and starts_again(container, spec, exit_code)
    policy = spec.get("restartPolicy")
    sidecar = field == "initContainerStatuses" and container is not None and is_sidecar(container)
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0) or sidecar


# -- claims ----------------------------------------------------------------------------------------------------------


def _validate_claims(statuses: Sequence[Object], spec: Object) -> Errors:
    known = {c.get("name") for c in spec.get("resourceClaims") or ()}
    seen: set[str] = set()
    for i, status in enumerate(statuses):
        here, name = STATUS.child("resourceClaimStatuses").index(i), status.get("name") or ""
        if name not in known:
            yield invalid(here.child("name"), name, "must match the name of an entry in `spec.resourceClaims`")
        if name in seen:
            yield duplicate(here.child("name"), name)
        seen.add(name)
        if (claim := status.get("resourceClaimName")) is not None:
            yield from _named(name_is_dns_subdomain, claim, here.child("resourceClaimName"))


def _validate_extended_claim(status: Object | None, spec: Object) -> Errors:
    if status is None:
        return
    here, seen = STATUS.child("extendedResourceClaimStatus"), set()
    mappings, path = status.get("requestMappings") or (), here.child("requestMappings")
    containers = {c.get("name"): c for f in ("initContainers", "containers") for c in spec.get(f) or ()}
    if not mappings:
        yield required(path, "at least one request mapping is required")
    for i, mapping in enumerate(mappings):
        fields = ("containerName", "resourceName", "requestName")
        container, resource, request = key = tuple(mapping.get(f) or "" for f in fields)
        if container not in containers:
            yield invalid(path.index(i).child("containerName"), container, _NO_SUCH_CONTAINER)
        elif resource not in get_in(containers[container], ("resources", "requests"), EMPTY):
            yield invalid(path.index(i).child("resourceName"), resource, _NO_SUCH_RESOURCE)
        yield from _named(name_is_dns_label, request, here.child("requestName"))
        if key in seen:
            for field, value in zip(fields, key, strict=True):
                yield duplicate(path.index(i).child(field), value)
        seen.add(key)
    if claim := status.get("resourceClaimName"):
        yield from _named(name_is_dns_subdomain, claim, here.child("resourceClaimName"))
    else:
        yield required(here.child("resourceClaimName"))


def _validate_allocatable_claims(status: Object, spec: Object) -> Errors:
    listed = (*(spec.get("resourceClaims") or ()), *(status.get("resourceClaimStatuses") or ()))
    known = {c.get("resourceClaimName") for c in listed}
    for i, claim in enumerate(status.get("nodeAllocatableResourceClaimStatuses") or ()):
        here, name = STATUS.child("nodeAllocatableResourceClaimStatuses").index(i), claim.get("resourceClaimName") or ""
        if not name:
            yield required(here.child("resourceClaimName"), "must not be empty")
        if name not in known:
            yield invalid(here.child("resourceClaimName"), name, "no mapping found in pod reference")
        for field in ("containers", "resources"):
            if not claim.get(field):
                yield required(here.child(field), "must not be empty")
        yield from _validate_allocated(claim.get("resources") or EMPTY, here.child("resources"))


def _validate_allocated(resources: Mapping[str, Any], path: FieldPath) -> Errors:
    for resource, amount in resources.items():
        if not is_native_resource(resource):
            yield invalid(path.key(resource), resource, "must be a node allocatable resource name")
        if parse_or_zero(amount).nano < 0:
            yield invalid(path.key(resource), canonical(amount), "must be non-negative")


# -- addresses -------------------------------------------------------------------------------------------------------


def _validate_host_addresses(status: Object, before: Object, options: PodOptions) -> Errors:
    addresses = status.get("hostIPs") or ()
    if addresses:
        first = addresses[0].get("ip") or ""
        if (status.get("hostIP") or "") != first:
            yield invalid(STATUS.child("hostIPs").index(0).child("ip"), first, "must be equal to `hostIP`")
    yield from _validate_addresses(_HOST_IPS, status, before, options)


def _validate_addresses(which: _Addresses, status: Object, before: Object, options: PodOptions) -> Errors:
    """Each is an address, and more than one are one of each family; what was there before may stay."""
    here = STATUS.child(which.field)
    texts, kept = ([a.get("ip") or "" for a in s.get(which.field) or ()] for s in (status, before))
    for i, text in enumerate(texts):
        yield from is_valid_ip_for_legacy_field(here.index(i), text, strict=options.strict_addresses, old=tuple(kept))
    if len(texts) < 2:
        return
    parsed = [parse_ip_sloppy(t) for t in texts]
    bad = next((i for i, p in enumerate(parsed) if p is None), None)
    if bad is not None:
        yield internal(here, f"failed to check for dual stack with error:invalid IP[{bad}]: {texts[bad]}")
    if bad is not None or len(texts) > 2 or {p.version for p in parsed if p} != {4, 6}:
        shown = internal_json(which.type_name, list(status[which.field]))
        yield invalid(here, shown, "may specify no more than one IP for each IP family")
