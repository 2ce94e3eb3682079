"""Compute resources of pods and containers: their names, their sums, their quality of service.

Mirrors: staging/src/k8s.io/component-helpers/resource/helpers.go, pkg/apis/core/helper/helpers.go,
         pkg/apis/core/helper/qos/qos.go, pkg/apis/core/validation/validation.go (validateResourceRequirements) (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kplan.apiserver.field import Errors, FieldPath, duplicate, forbidden, invalid, not_found, not_supported, required
from kplan.apiserver.rules.names import each_invalid, is_dns1123_label
from kplan.apiserver.rules.quantities import validate_resource_quantity
from kplan.apiserver.rules.resourcenames import (
    HUGE_PAGES,
    is_huge_page_resource,
    is_overcommit_allowed,
    validate_container_resource_name,
    validate_resource_name,
)
from kplan.model.objects import EMPTY, Object
from kplan.model.quantity import Quantity, QuantityError

Resources = Mapping[str, Any]
ResourceList = Mapping[str, Any]
NameRule = Callable[[str, FieldPath], Errors]

_COMPUTE = ("cpu", "memory")


def is_pod_level_resource(name: str) -> bool:
    """Whether a resource can be given to the pod as a whole."""
    return name in _COMPUTE or is_huge_page_resource(name)


# -- sums ----------------------------------------------------------------------------------------------------------------


def aggregate_container_requests(spec: Object) -> dict[str, Quantity]:
    """What the containers of a pod request together, sidecars and the largest init container counted."""
    return _aggregate(spec, "requests")


def aggregate_container_limits(spec: Object) -> dict[str, Quantity]:
    """What the containers of a pod are limited to together."""
    return _aggregate(spec, "limits")


def is_restartable_init_container(container: Object) -> bool:
    """Whether an init container is a sidecar."""
    return container.get("restartPolicy") == "Always"


def _aggregate(spec: Object, what: str) -> dict[str, Quantity]:
    total: dict[str, Quantity] = {}
    for container in spec.get("containers") or ():
        _add(total, _amounts(container, what))
    sidecars: dict[str, Quantity] = {}
    peak: dict[str, Quantity] = {}
    for container in spec.get("initContainers") or ():
        amounts = _amounts(container, what)
        if is_restartable_init_container(container):
            _add(total, amounts)
            _add(sidecars, amounts)
            amounts = sidecars
        else:
            amounts = dict(amounts)
            _add(amounts, sidecars)
        _raise_to(peak, amounts)
    _raise_to(total, peak)
    return total


def _amounts(container: Object, what: str) -> dict[str, Quantity]:
    amounts = (container.get("resources") or EMPTY).get(what) or EMPTY
    return {name: Quantity.parse(amount) for name, amount in amounts.items()}


def _add(total: dict[str, Quantity], more: Mapping[str, Quantity]) -> None:
    for name, amount in more.items():
        total[name] = total[name] + amount if name in total else amount


def _raise_to(total: dict[str, Quantity], other: Mapping[str, Quantity]) -> None:
    for name, amount in other.items():
        if name not in total or amount > total[name]:
            total[name] = amount


# -- quality of service --------------------------------------------------------------------------------------------------


def qos_class(spec: Object) -> str:
    """Guaranteed, Burstable or BestEffort."""
    pod_level = spec.get("resources")
    holders: Iterable[Object]
    if pod_level is not None:
        holders = (spec,)
        guaranteed = not pod_level.get("limits") or _limits_all(spec)
    else:
        holders = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
        guaranteed = all(map(_limits_all, holders))
    requests: dict[str, Quantity] = {}
    limits: dict[str, Quantity] = {}
    for holder in holders:
        _add(requests, _compute(holder, "requests"))
        _add(limits, _compute(holder, "limits"))
    if not requests and not limits:
        return "BestEffort"
    return "Guaranteed" if guaranteed and requests == limits else "Burstable"


def _compute(holder: Object, what: str) -> dict[str, Quantity]:
    return {n: q for n, q in _amounts(holder, what).items() if n in _COMPUTE and q.nano > 0}


def _limits_all(holder: Object) -> bool:
    return len(_compute(holder, "limits")) == len(_COMPUTE)


# -- validation ----------------------------------------------------------------------------------------------------------


def validate_pod_resource_name(name: str, path: FieldPath) -> Errors:
    """The name of a resource a pod as a whole may ask for."""
    errors = list(validate_resource_name(name, path))
    yield from errors
    if not errors and not is_pod_level_resource(name):
        yield not_supported(path, name, ("cpu", HUGE_PAGES, "memory"))


def validate_container_resources(
    resources: Resources, claims: Iterable[str], path: FieldPath, *, allow_indivisible: bool = False
) -> Errors:
    """ResourceRequirements of a container."""
    return validate_resources(resources, validate_container_resource_name, claims, path, allow_indivisible=allow_indivisible)


def validate_resources(
    resources: Resources, name_rule: NameRule, claims: Iterable[str], path: FieldPath, *, allow_indivisible: bool = False
) -> Errors:
    """ResourceRequirements: names, amounts, requests within limits, huge pages, claims.

    The real server walks the resources of a list in random order.
    """
    limits: ResourceList = resources.get("limits") or EMPTY
    requests: ResourceList = resources.get("requests") or EMPTY
    limit_path, request_path = path.child("limits"), path.child("requests")
    for name, amount in limits.items():
        yield from _validate_amount(name, amount, name_rule, limit_path.key(name), allow_indivisible)
    for name, amount in requests.items():
        here = request_path.key(name)
        yield from name_rule(name, here)
        yield from validate_resource_quantity(name, amount, here)
        if name in limits:
            yield from _validate_within(name, Quantity.parse(amount), Quantity.parse(limits[name]), request_path)
        elif not is_overcommit_allowed(name):
            yield required(limit_path, "Limit must be set for non overcommitable resources")
        if not allow_indivisible:
            yield from _validate_huge_pages(name, amount, here)
    named = {*limits, *requests}
    if not named.intersection(_COMPUTE) and any(map(is_huge_page_resource, named)):
        yield forbidden(path, "HugePages require cpu or memory")
    yield from validate_resource_claim_names(resources.get("claims") or (), sorted(claims), path.child("claims"))


def _validate_amount(name: str, amount: Any, name_rule: NameRule, path: FieldPath, allow_indivisible: bool) -> Errors:
    yield from name_rule(name, path)
    yield from validate_resource_quantity(name, amount, path)
    if not allow_indivisible:
        yield from _validate_huge_pages(name, amount, path)


def _validate_within(name: str, amount: Quantity, limit: Quantity, path: FieldPath) -> Errors:
    if amount != limit and not is_overcommit_allowed(name):
        yield invalid(path, str(amount), f"must be equal to {name} limit of {limit}")
    elif amount > limit:
        yield invalid(path, str(amount), f"must be less than or equal to {name} limit of {limit}")


def is_huge_page_value_divisible(name: str, amount: Any) -> bool:
    """Whether an amount of huge pages is whole pages."""
    try:
        size = Quantity.parse(name.removeprefix(HUGE_PAGES))
    except QuantityError:
        return False
    if size.nano <= 0 or size.milli_value() % 1000:
        return False
    return Quantity.parse(amount).value() % size.value() == 0


def _validate_huge_pages(name: str, amount: Any, path: FieldPath) -> Errors:
    if is_huge_page_resource(name) and not is_huge_page_value_divisible(name, amount):
        said = str(Quantity.parse(amount))
        yield invalid(path, said, f"{said} is not positive integer multiple of {name}")


def validate_resource_claim_names(claims: Sequence[Object], known: Sequence[str], path: FieldPath) -> Errors:
    """The claims a container uses: each is one of the pod's, and none is used twice."""
    seen: dict[str, None] = {}
    for i, claim in enumerate(claims):
        here, name, request = path.index(i), claim.get("name") or "", claim.get("request") or ""
        if not name:
            yield required(here)
            continue
        if name in seen:
            yield duplicate(here, name)
        else:
            key = f"{name}/{request}" if request else name
            if request:
                yield from each_invalid(here.child("request"), request, is_dns1123_label(request))
            if key in seen:
                yield duplicate(here, key)
            elif not request:
                for other in seen:
                    if "/" in other and other.partition("/")[0] == name:
                        yield duplicate(here, name)
            seen[key] = None
        if name not in known:
            which = f": {', '.join(known)}" if known else " which is empty"
            yield replace(not_found(here, name), detail=f"must be one of the names in pod.spec.resourceClaims{which}")
