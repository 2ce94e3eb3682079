"""PriorityClasses.

Mirrors: pkg/registry/scheduling/priorityclass/{strategy,storage/storage}.go, pkg/apis/scheduling/validation/validation.go,
         pkg/apis/scheduling/v1/{defaults,helpers}.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import METADATA, ROOT, Errors, forbidden, not_supported, required
from kplan.apiserver.rules.metadata import validate_immutable, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.gotext import GoText, go_json
from kplan.model.objects import Object, name_of

HIGHEST_USER_DEFINABLE_PRIORITY = 1_000_000_000
_SYSTEM = "system-"
_SYSTEM_CLASSES = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}
_POLICIES = ("PreemptLowerPriority", "Never")


def _default(priority: Draft, _: StrategyContext) -> None:
    priority["value"] = priority.get("value") or 0
    if priority.get("preemptionPolicy") is None:
        priority["preemptionPolicy"] = "PreemptLowerPriority"


def _unknown_system_class(priority: Object) -> str:
    """Why a class with a system name is none of the system's; "" where it is one."""
    name = name_of(priority)
    if name not in _SYSTEM_CLASSES:
        return f"{name} is not a known system priority class"
    if (priority.get("value") or 0) != _SYSTEM_CLASSES[name]:
        return f"value of {name} PriorityClass must be {_SYSTEM_CLASSES[name]}"
    return f"globalDefault of {name} PriorityClass must be false" if priority.get("globalDefault") else ""


def _validate(priority: Object, _: StrategyContext) -> Errors:
    yield from validate_object_meta(priority["metadata"], namespaced=False, name_rule=name_is_dns_subdomain)
    if name_of(priority).startswith(_SYSTEM):
        if said := _unknown_system_class(priority):
            reserved = f"priority class names with '{_SYSTEM}' prefix are reserved for system use only. error: {said}"
            yield forbidden(METADATA.child("name"), reserved)
    elif (priority.get("value") or 0) > HIGHEST_USER_DEFINABLE_PRIORITY:
        most = HIGHEST_USER_DEFINABLE_PRIORITY
        yield forbidden(ROOT.child("value"), f"maximum allowed value of a user defined priority is {most}")
    policy = priority.get("preemptionPolicy")
    if policy == "":
        yield required(ROOT.child("preemptionPolicy"))
    elif policy is not None and policy not in _POLICIES:
        yield not_supported(ROOT.child("preemptionPolicy"), GoText(go_json(policy)), _POLICIES)


def _validate_update(priority: Object, old: Object, _: StrategyContext) -> Errors:
    yield from validate_update_of(priority, old)
    if (priority.get("value") or 0) != (old.get("value") or 0):
        yield forbidden(ROOT.child("value"), "may not be changed in an update.")
    path = ROOT.child("preemptionPolicy")
    yield from validate_immutable(priority.get("preemptionPolicy"), old.get("preemptionPolicy"), path)


def _keeps(priority: Object) -> str:
    return "this is a system priority class and cannot be deleted" if name_of(priority) in _SYSTEM_CLASSES else ""


STRATEGY = Strategy(
    kind="PriorityClass.scheduling.k8s.io",
    default=_default,
    validate=_validate,
    validate_update=_validate_update,
    keeps=_keeps,
)
