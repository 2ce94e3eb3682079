"""PodDisruptionBudgets: how many pods are healthy, how many must be, how many may go.

Mirrors: pkg/controller/disruption/disruption.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from kplan.controllers.pods import condition, is_ready, is_terminal
from kplan.controllers.scale import NoScale, scale_of
from kplan.engine.contract import Context, Emit, Key, Noop, Requeue, Steps, Update, Watch, own_key
from kplan.model.disruptiontarget import as_disruption_target
from kplan.model.instants import read_instant, write_instant
from kplan.model.intstr import scaled_value
from kplan.model.objects import (
    EMPTY,
    Object,
    Ref,
    controller_of,
    group_of,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    ref_of,
    uid_of,
)
from kplan.model.selectors import from_label_selector, spelled_as_go
from kplan.store.journal import Write
from kplan.store.view import View, select

KIND = "PodDisruptionBudget.policy"
DELETION_TIMEOUT = 120.0
STALE_TIMEOUT = 120.0
ALLOWED = "DisruptionAllowed"
_BY_KUBELET = "TerminationByKubelet"
_FOUND_IN_ANY_VERSION = (("ReplicationController", ""), ("ReplicaSet", "apps"), ("StatefulSet", "apps"), ("Deployment", "apps"))


class StaleCondition(NamedTuple):
    """The key of a pod whose DisruptionTarget condition may have to be taken back."""

    pod: Ref


class Uncountable(Exception):
    """The number of expected pods cannot be told."""


class Expected(NamedTuple):
    """How many pods there ought to be, how many must be healthy, and pods nobody controls."""

    pods: int
    healthy: int
    unmanaged: tuple[str, ...] = ()


def _budgets_of(write: Write, view: View) -> Iterable[Key]:
    """The budgets whose selector matches the pod."""
    pod = write.after if write.after is not None else write.before
    if pod is None:
        return []
    found: list[Key] = []
    for pdb in view.objects(KIND, write.ref.namespace):
        if from_label_selector((pdb.get("spec") or EMPTY).get("selector")).matches(labels_of(pod)):
            found.append(ref_of(pdb))
    if write.after is not None and _stale_since(write.after) is not None:
        found.append(StaleCondition(write.ref))
    return found


class DisruptionController:
    """The loop; the key is a budget, or a pod that was to be disrupted and was not."""

    name = "disruption-controller"
    priority = 0
    watches = (
        Watch(KIND, own_key, "its own spec"),
        Watch("Pod", _budgets_of, "a pod it selects"),
    )

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Count, and write how many disruptions are allowed."""
        if isinstance(key, StaleCondition):
            yield from _clear_stale_condition(key.pod, view, ctx)
            return
        assert isinstance(key, Ref)
        pdb = view.get(key)
        if pdb is None:
            return
        pods = select(view, "Pod", key.namespace, from_label_selector((pdb.get("spec") or EMPTY).get("selector")))
        if not pods:
            yield Emit(key, "NoPods", "No matching pods found")
        try:
            expected = _expected(pdb, pods, view, ctx)
        except Uncountable as error:
            yield Emit(key, "CalculateExpectedPodCountFailed", f"Failed to calculate the number of expected pods: {error}", "Warning")
            yield from _fail_safe(pdb, str(error), ctx)
            return
        if expected.unmanaged:
            yield _unmanaged(pdb)
        disrupted, recheck = _disrupted(pdb, pods, ctx.now)
        yield from _not_deleted(pdb, pods, ctx.now)
        yield from _write_status(pdb, _status(pdb, expected, _healthy(pods, disrupted), disrupted, ctx))
        if recheck is not None:
            yield Requeue(at=recheck, background=True, note=f"{name_of(pdb)} counts again pods that were evicted and have not gone")


# -- counting ----------------------------------------------------------------------------------------------------------


def _expected(pdb: Object, pods: Sequence[Object], view: View, ctx: Context) -> Expected:
    """An integer minAvailable counts the pods there are; everything else the scale of their controllers.

    Raises: Uncountable.
    """
    spec = pdb.get("spec") or EMPTY
    low, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if most is None and isinstance(low, int):
        return Expected(len(pods), low)
    if most is None and low is None:
        return Expected(0, 0)
    count, unmanaged = _scale_of_controllers(pods, view, ctx)
    try:
        if most is not None:
            return Expected(count, max(0, count - scaled_value(most, count, round_up=True)), unmanaged)
        return Expected(count, scaled_value(low or 0, count, round_up=True), unmanaged)
    except ValueError as error:
        raise Uncountable(str(error)) from None


def _scale_of_controllers(pods: Sequence[Object], view: View, ctx: Context) -> tuple[int, tuple[str, ...]]:
    scales: dict[str, int] = {}
    known: set[str] = set()
    unmanaged = []
    for pod in pods:
        owner = controller_of(pod)
        if owner is None:
            unmanaged.append(name_of(pod))
        elif owner["uid"] not in known:
            known.add(owner["uid"])
            uid, scale = _controller_and_scale(pod, owner, view, ctx)
            scales[uid] = scale
    return sum(scales.values()), tuple(unmanaged)


def _controller_and_scale(pod: Object, owner: Any, view: View, ctx: Context) -> tuple[str, int]:
    """A pod's controller, or what controls its ReplicaSet, and its size."""
    namespace = namespace_of(pod)
    if owner["kind"] == "ReplicaSet" and group_of(owner["apiVersion"]) in ("apps", "extensions"):
        rs = view.get(Ref("ReplicaSet.apps", namespace, owner["name"]))
        above = controller_of(rs) if rs is not None and uid_of(rs) == owner["uid"] else None
        if above is not None and above["kind"] == "Deployment":
            d = view.get(Ref("Deployment.apps", namespace, above["name"]))
            if d is not None and uid_of(d) == above["uid"]:
                owner = above
    if (owner["kind"], group_of(owner["apiVersion"])) not in _FOUND_IN_ANY_VERSION and ctx.resolve(owner["apiVersion"], owner["kind"]) is None:
        raise Uncountable(f'no matches for kind "{owner["kind"]}" in version "{owner["apiVersion"]}"')
    try:
        scale = scale_of(owner, namespace, view, ctx)
    except NoScale as error:
        if error.resource and not error.missing:
            raise Uncountable(f"{error.resource} does not implement the scale subresource") from None
        raise Uncountable(f'found no controllers for pod "{name_of(pod)}"' if error.missing else str(error)) from None
    if uid_of(scale.target) != owner["uid"]:
        raise Uncountable(f'found no controllers for pod "{name_of(pod)}"')
    return owner["uid"], scale.replicas


def _unmanaged(pdb: Object) -> Emit:
    selector = spelled_as_go((pdb.get("spec") or EMPTY).get("selector"))
    said = (
        f"Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be unmanaged. As a result, the status of the PDB cannot be "
        "calculated correctly, which may result in undefined behavior. To account for these pods please set "
        '".spec.minAvailable" field of the PDB to an integer value.'
    )
    return Emit(ref_of(pdb), "UnmanagedPods", said, "Warning")


def _disrupted(pdb: Object, pods: Sequence[Object], now: float) -> tuple[dict[str, str], float | None]:
    """(pods that were evicted and are about to go, when to look again)."""
    listed = (pdb.get("status") or EMPTY).get("disruptedPods") or EMPTY
    found: dict[str, str] = {}
    recheck = None
    for pod in pods:
        since = read_instant(listed.get(name_of(pod)))
        if is_deleting(pod) or since is None or since + DELETION_TIMEOUT <= now:
            continue
        found[name_of(pod)] = listed[name_of(pod)]
        recheck = min(recheck, since + DELETION_TIMEOUT) if recheck is not None else since + DELETION_TIMEOUT
    return found, recheck


def _not_deleted(pdb: Object, pods: Sequence[Object], now: float) -> Steps:
    """Tell of the pods that were evicted long ago and are still there; the message names the namespace twice."""
    listed, namespace = (pdb.get("status") or EMPTY).get("disruptedPods") or EMPTY, namespace_of(pdb)
    for pod in pods:
        since = read_instant(listed.get(name_of(pod)))
        if since is not None and since + DELETION_TIMEOUT <= now and not is_deleting(pod):
            yield Emit(ref_of(pod), "NotDeleted", f"Pod was expected by PDB {namespace}/{namespace} to be deleted but it wasn't", "Warning")


def _healthy(pods: Sequence[Object], disrupted: dict[str, str]) -> int:
    return sum(1 for p in pods if not is_deleting(p) and name_of(p) not in disrupted and is_ready(p))


# -- status ------------------------------------------------------------------------------------------------------------


def _status(pdb: Object, expected: Expected, healthy: int, disrupted: dict[str, str], ctx: Context) -> dict[str, Any]:
    allowed = max(0, healthy - expected.healthy) if expected.pods > 0 else 0
    generation = pdb["metadata"].get("generation") or 0
    status: dict[str, Any] = {
        "observedGeneration": generation,
        "currentHealthy": healthy,
        "desiredHealthy": expected.healthy,
        "expectedPods": expected.pods,
        "disruptionsAllowed": allowed,
    }
    if disrupted:
        status["disruptedPods"] = disrupted
    said = ("True", "SufficientPods") if allowed > 0 else ("False", "InsufficientPods")
    status["conditions"] = _with_condition(pdb, *said, "", generation, ctx)
    return status


def _with_condition(pdb: Object, status: str, reason: str, message: str, generation: int, ctx: Context) -> list[Any]:
    conditions = list((pdb.get("status") or EMPTY).get("conditions") or ())
    known = next((c for c in conditions if c["type"] == ALLOWED), None)
    since = known["lastTransitionTime"] if known is not None and known["status"] == status else write_instant(ctx.now)
    made = {"type": ALLOWED, "status": status, "lastTransitionTime": since, "reason": reason, "message": message}
    if generation:
        made["observedGeneration"] = generation
    return [*(c for c in conditions if c is not known), made] if known is None else [made if c is known else c for c in conditions]


def _write_status(pdb: Object, status: dict[str, Any]) -> Steps:
    old = pdb.get("status") or EMPTY
    counts = [k for k in status if k != "conditions"]
    known = next((c for c in old.get("conditions") or () if c["type"] == ALLOWED), EMPTY)
    made = next(c for c in status["conditions"] if c["type"] == ALLOWED)
    current = known.get("status") == made["status"] and known.get("reason") == made["reason"]
    if current and all(old.get(k) == status[k] for k in counts) and ("disruptedPods" in old) == ("disruptedPods" in status):
        yield Noop("counts-are-current")
        return
    yield Update({**pdb, "status": status}, because="status", subresource="status")


def _fail_safe(pdb: Object, message: str, ctx: Context) -> Steps:
    """Where nothing can be counted nothing may be disrupted."""
    old = pdb.get("status") or EMPTY
    counts = {"currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}
    conditions = _with_condition(pdb, "False", "SyncFailed", message, old.get("observedGeneration") or 0, ctx)
    yield Update(
        {**pdb, "status": {**counts, **old, "disruptionsAllowed": 0, "conditions": conditions}}, because="sync-failed", subresource="status"
    )


# -- pods that were to go ----------------------------------------------------------------------------------------------


def _stale_since(pod: Object) -> float | None:
    """Since when a pod is said to be about to go, where it is neither going nor done."""
    c = condition(pod, "DisruptionTarget")
    if is_deleting(pod) or is_terminal(pod) or c is None or c["status"] != "True" or c.get("reason") == _BY_KUBELET:
        return None
    return read_instant(c.get("lastTransitionTime"))


def _clear_stale_condition(ref: Ref, view: View, ctx: Context) -> Steps:
    pod = view.get(ref)
    since = _stale_since(pod) if pod is not None else None
    if pod is None or since is None:
        return
    if since + STALE_TIMEOUT > ctx.now:
        yield Requeue(at=since + STALE_TIMEOUT, background=True, note=f"{ref.name} is no longer said to be disrupted")
        return
    cleared = as_disruption_target(pod, "", "", ctx.now, status="False", tracking=ctx.gates.on("PodObservedGenerationTracking"))
    yield Update(cleared, because="disruption-did-not-happen", subresource="status")


CONTROLLER = DisruptionController
