"""A request fits into every ResourceQuota that speaks of its object, and is counted the moment it is accepted.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kplan.apiserver.admission.contract import CREATE, UPDATE, AdmissionContext, Attributes, Plugin, refuse
from kplan.apiserver.outcome import Status
from kplan.apiserver.quota import IGNORED, evaluator_for, hard_of, matches, used_of
from kplan.apiserver.quota.evaluator import Evaluator
from kplan.apiserver.quota.pods import is_terminating
from kplan.model.objects import Object, name_of, ref_of
from kplan.model.podresources import Amounts
from kplan.model.quantity import Quantity

QUOTA = "ResourceQuota"
SUBRESOURCES = frozenset((("Pod", "resize"), ("PersistentVolumeClaim", "status")))
"""Updates of a part that may change what an object uses; a status is counted, but never refused."""


def validate(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Refuse what exceeds a quota; otherwise leave the quotas' new usage to be stored with the object."""
    if attributes.subresource and (attributes.kind, attributes.subresource) not in SUBRESOURCES:
        return None
    obj = attributes.object
    quotas = context.view.objects(QUOTA, attributes.namespace) if attributes.info.namespaced else []
    if obj is None or not quotas or attributes.resource in IGNORED:
        return None
    evaluator = evaluator_for(attributes.resource, context.view, context.gates)
    if not _handles(evaluator, attributes):
        return None
    interesting = []
    for quota in quotas:
        hard = hard_of(quota)
        if not matches(evaluator, quota, obj, hard):
            continue
        restricted = [n for n in hard if evaluator.names(n)]
        if said := evaluator.constraints(restricted, obj):
            return refuse(attributes, f"failed quota: {name_of(quota)}: {said}")
        used = used_of(quota)
        if any(n not in used for n in restricted):
            return refuse(attributes, f"status unknown for quota: {name_of(quota)}, resources: {','.join(sorted(restricted))}")
        interesting.append(quota)
    usage = evaluator.usage(obj, context.now)
    if negative := sorted(n for n, q in usage.items() if q.nano < 0):
        return refuse(attributes, f"quota usage is negative for resource(s): {','.join(negative)}")
    return _charge(attributes, context, evaluator, interesting, usage)


def _charge(attributes: Attributes, context: AdmissionContext, evaluator: Evaluator, quotas: Iterable[Object], usage: Amounts) -> Status | None:
    for quota in quotas:
        hard, used = hard_of(quota), used_of(quota)
        delta = usage
        if attributes.operation == UPDATE and attributes.old is not None and matches(evaluator, quota, attributes.old, hard):
            delta = _less(usage, evaluator.usage(attributes.old, context.now))
        requested = {n: q for n, q in delta.items() if n in hard and not q.is_zero()}
        if not requested:
            continue
        after = {n: used[n] + requested[n] if n in used else requested[n] for n in requested}
        exceeded = sorted(n for n in after if after[n] > hard[n])
        if exceeded and attributes.subresource != "status":
            return refuse(
                attributes,
                f"exceeded quota: {name_of(quota)}, requested: {_print(requested, exceeded)}, "
                f"used: {_print(used, exceeded)}, limited: {_print(hard, exceeded)}",
            )
        status = dict(quota.get("status") or {})
        status["used"] = {**(status.get("used") or {}), **{n: str(q) for n, q in after.items()}}
        context.writes.append((ref_of(quota), {**quota, "status": status}))
    return None


def _handles(evaluator: Evaluator, attributes: Attributes) -> bool:
    if attributes.operation == CREATE or attributes.subresource:
        return True
    if attributes.kind == "Pod" and attributes.old is not None and attributes.object is not None:
        return is_terminating(attributes.old) != is_terminating(attributes.object)
    return evaluator.on_update


def _less(usage: Amounts, before: Amounts) -> Amounts:
    """The growth of each resource; what shrank counts as nothing."""
    zero = Quantity(0)
    grown = {n: q - before[n] if n in before else q for n, q in usage.items()}
    return {n: max(q, zero) for n, q in grown.items()}


def _print(amounts: Mapping[str, Quantity], names: Iterable[str]) -> str:
    return ",".join(f"{n}={amounts[n]}" for n in names if n in amounts)


PLUGIN = Plugin(
    "ResourceQuota",
    frozenset((CREATE, UPDATE)),
    subresources=frozenset(("", *(subresource for _, subresource in SUBRESOURCES))),
    validate=validate,
)
