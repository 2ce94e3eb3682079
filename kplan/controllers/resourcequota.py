"""Counts what a namespace uses of its ResourceQuotas.

Admission counts what is created; here a quota is counted afresh when it is new or changed, and when something goes or
ceases to count.  A pod that should be gone and is not ceases to count without a word: the next round finds out.

Mirrors: pkg/controller/resourcequota/{resource_quota_controller,resource_quota_monitor}.go,
         pkg/quota/v1/install/update_filter.go, staging/src/k8s.io/apiserver/pkg/quota/v1/resources.go CalculateUsage (1.36)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kplan.apiserver.quota import ALIASED, IGNORED, evaluator_for, scopes_of
from kplan.apiserver.quota.evaluator import Evaluator
from kplan.apiserver.quota.pods import is_terminating, pod_counts
from kplan.apiserver.quota.services import counted_type
from kplan.engine.contract import Context, Key, Noop, Requeue, Steps, Update, Watch
from kplan.model.instants import read_instant
from kplan.model.objects import EMPTY, Object, Ref, get_in, is_deleting, name_of, ref_of
from kplan.model.podresources import Amounts, amounts
from kplan.model.quantity import Quantity
from kplan.store.journal import Write
from kplan.store.view import View

QUOTA = "ResourceQuota"
_MEASURED = {
    "pods": "Pod",
    "services": "Service",
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "resourceclaims.resource.k8s.io": "ResourceClaim.resource.k8s.io",
}
_COUNT = "count/"
ROUND_SECONDS = 300.0


class Round(NamedTuple):
    """The key of a quota some of whose pods are going."""

    quota: Ref


def _quota(write: Write, _: View) -> Iterable[Key]:
    before, after = write.before, write.after
    if before is not None and after is not None and amounts(get_in(before, ("spec", "hard"))) == amounts(get_in(after, ("spec", "hard"))):
        return ()
    return (write.ref,)


def _going(write: Write, view: View) -> Iterable[Key]:
    """The quotas of a pod that is going, or did."""
    if any(side is not None and is_deleting(side) for side in (write.before, write.after)):
        return [Round(ref_of(quota)) for quota in view.objects(QUOTA, write.ref.namespace)]
    return ()


class ResourceQuotaController:
    """The key is a quota, or the next round of one."""

    name = "resourcequota-controller"
    priority = 0

    def __init__(self) -> None:
        self._context: Context | None = None
        self._started_at = 0.0
        self._rounds: dict[Round, float] = {}
        self.watches = (
            Watch(QUOTA, _quota, "a quota"),
            Watch("*", self._replenished, "what it counts went or ceased to count"),
            Watch("Pod", _going, "a pod that is going"),
        )

    def start(self, _: View, ctx: Context) -> None:
        """Note whom to ask for the names of resources, and since when."""
        self._context, self._started_at = ctx, ctx.now

    def _replenished(self, write: Write, view: View) -> Iterator[Key]:
        if not write.ref.namespace or not (quotas := view.objects(QUOTA, write.ref.namespace)) or not _gives_back(write):
            return
        assert self._context is not None
        info = self._context.kind_info(write.ref.kind)
        if info is not None and info.resource not in IGNORED:
            evaluator = evaluator_for(info.resource, view, self._context.gates)
            for quota in quotas:
                if any(evaluator.names(n) for n in get_in(quota, ("status", "hard")) or ()):
                    yield ref_of(quota)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Write what is allowed and what is used into the status."""
        ref = key.quota if isinstance(key, Round) else key
        assert isinstance(ref, Ref)
        quota = view.get(ref)
        if quota is None:
            return
        if not isinstance(key, Round):
            yield from self._count(quota, view, ctx)
            return
        if self._rounds.pop(key, math.inf) <= ctx.now:
            yield from self._count(quota, view, ctx)
        yield from self._wait_for_round(key, quota, view, ctx)

    def _wait_for_round(self, key: Round, quota: Object, view: View, ctx: Context) -> Steps:
        ends = (_end_of(pod) for pod in view.objects("Pod", quota["metadata"]["namespace"]) if is_deleting(pod) and pod_counts(pod, ctx.now))
        end = min((e for e in ends if e is not None), default=None)
        if end is not None:
            rounds = math.floor((end - self._started_at) / ROUND_SECONDS) + 1
            self._rounds[key] = self._started_at + rounds * ROUND_SECONDS
            note = f"ResourceQuota {name_of(quota)} counts without pods that should be gone by then"
            yield Requeue(at=self._rounds[key], background=True, note=note)

    def _count(self, quota: Object, view: View, ctx: Context) -> Steps:
        status = quota.get("status") or EMPTY
        hard = amounts(get_in(quota, ("spec", "hard")))
        used = {**amounts(status.get("used")), **calculate_usage(quota, hard, view, ctx)}
        used = {name: quantity for name, quantity in used.items() if name in hard}
        if status.get("hard") is not None and status.get("used") is not None:
            if amounts(status["hard"]) == hard and amounts(status["used"]) == used:
                yield Noop("usage-is-current")
                return
        counted = {"hard": get_in(quota, ("spec", "hard")), "used": {n: str(used[n]) for n in sorted(used)}}
        made = {field: listed for field, listed in counted.items() if listed}
        if made != status:
            yield Update({**quota, "status": made}, because="usage-counted", subresource="status")


def _end_of(pod: Object) -> float | None:
    """Until when a pod that is being deleted counts."""
    deleted = read_instant(pod["metadata"].get("deletionTimestamp"))
    grace = pod["metadata"].get("deletionGracePeriodSeconds")
    return None if deleted is None or grace is None else deleted + grace


def _gives_back(write: Write) -> bool:
    """Whether a write may lower what is used."""
    before, after = write.before, write.after
    if before is None:
        return False
    if after is None:
        return True
    match write.ref.kind:
        case "Pod":
            ended = pod_counts(before, write.at) and not pod_counts(after, write.at)
            return ended or is_terminating(before) != is_terminating(after) or _was_resized(before, after)
        case "Service":
            return counted_type(before) != counted_type(after)
        case "PersistentVolumeClaim":
            return True
    return False


def _was_resized(before: Object, after: Object) -> bool:
    """Whether some container reports other resources than before."""
    for field in ("containerStatuses", "initContainerStatuses"):
        now = {s["name"]: s.get("resources") for s in get_in(after, ("status", field)) or ()}
        if any(s["name"] in now and s.get("resources") != now[s["name"]] for s in get_in(before, ("status", field)) or ()):
            return True
    return False


def calculate_usage(quota: Object, hard: Iterable[str], view: View, ctx: Context) -> Amounts:
    """What the namespace uses of each resource a quota limits; of resources nobody serves nothing is said."""
    names = list(hard)
    used: Amounts = {}
    for kind, evaluator in _evaluators(names, view, ctx).items():
        mine = [n for n in names if evaluator.names(n)]
        total: Amounts = {n: Quantity(0) for n in mine}
        for obj in view.objects(kind, quota["metadata"]["namespace"]):
            if all(evaluator.scope(s, obj) for s in scopes_of(quota)):
                usage = evaluator.usage(obj, ctx.now)
                for name in mine:
                    if name in usage:
                        total[name] = total[name] + usage[name]
        for name, quantity in total.items():
            used[name] = used[name] + quantity if name in used else quantity
    return used


def _evaluators(names: list[str], view: View, ctx: Context) -> dict[str, Evaluator]:
    """The evaluators that know any of the names, by the kind they count."""
    found: dict[str, Evaluator] = {}
    for resource, kind in _MEASURED.items():
        evaluator = evaluator_for(resource, view, ctx.gates)
        if ctx.kind_info(kind) is not None and any(evaluator.names(n) for n in names):
            found[kind] = evaluator
    for name in names:
        resource = name.removeprefix(_COUNT) if name.startswith(_COUNT) else name if name in ALIASED else ""
        info = ctx.kind_info(resource) if resource and resource not in _MEASURED and resource not in IGNORED else None
        if info is not None and info.namespaced and info.resource == resource:
            found[info.group_kind] = evaluator_for(resource, view, ctx.gates)
    return found


CONTROLLER = ResourceQuotaController
