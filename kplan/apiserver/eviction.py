"""The ``pods/eviction`` subresource: a delete that asks the PodDisruptionBudgets first.

Mirrors: pkg/registry/core/pod/storage/eviction.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.apiserver.admission.namespacelifecycle import TERMINATING, because_terminating
from kplan.apiserver.outcome import Cause, Status, forbidden
from kplan.model.disruptiontarget import as_disruption_target
from kplan.model.instants import write_instant
from kplan.model.objects import EMPTY, Object, Ref, get_in, is_deleting, labels_of, name_of, namespace_of
from kplan.model.selectors import from_label_selector
from kplan.store.view import View

PDB = "PodDisruptionBudget.policy"
_RESOURCE, _ALLOWED = "poddisruptionbudget.policy", "DisruptionAllowed"
_MOST_TRACKED = 2000


def in_terminating_namespace(view: View, pod: Object) -> Status | None:
    """An eviction is something new, and so refused where the namespace goes."""
    namespace = namespace_of(pod)
    if get_in(view.get(Ref("Namespace", "", namespace)) or EMPTY, ("status", "phase")) != "Terminating":
        return None
    return because_terminating(forbidden("pods", name_of(pod), TERMINATING.format(namespace)), namespace)


def needs_no_budget(pod: Object) -> bool:
    """Whether a pod may go whatever the budgets say: it is not running, or already going."""
    return is_deleting(pod) or get_in(pod, ("status", "phase")) in ("Succeeded", "Failed", "Pending")


def budgets_of(view: View, pod: Object) -> list[Object]:
    """The PodDisruptionBudgets whose selector matches a pod."""
    labels = labels_of(pod)
    return [b for b in view.objects(PDB, namespace_of(pod)) if from_label_selector(get_in(b, ("spec", "selector"))).matches(labels)]


def ask_budgets(view: View, pod: Object, now: float) -> tuple[Object | None, Status | None]:
    """The budget as it is once the pod has been counted against it (None: no budget cares), or the refusal."""
    if needs_no_budget(pod):
        return None, None
    budgets = budgets_of(view, pod)
    if len(budgets) > 1:
        return None, internal_error_plain("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
    if not budgets:
        return None, None
    budget = budgets[0]
    status: Any = budget.get("status") or {}
    if not _is_ready(pod):
        policy = get_in(budget, ("spec", "unhealthyPodEvictionPolicy"))
        healthy, desired = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
        if policy == "AlwaysAllow" or (healthy >= desired and desired > 0):
            return None, None
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
        return None, _refused(f"The disruption budget {name_of(budget)} is still being processed by the server.", retry=10)
    allowed = status.get("disruptionsAllowed", 0)
    if allowed < 0:
        return None, forbidden(_RESOURCE, name_of(budget), "pdb disruptions allowed is negative")
    if len(status.get("disruptedPods") or {}) > _MOST_TRACKED:
        return None, forbidden(_RESOURCE, name_of(budget), "DisruptedPods map too big - too many evictions not confirmed by PDB controller")
    if allowed == 0:
        return None, _refused(_why_none(name_of(budget), status))
    return _counted(budget, status, pod, now), None


def _why_none(name: str, status: Any) -> str:
    """Why no disruption is allowed; where the budget could not be counted its numbers say nothing."""
    condition = next((c for c in status.get("conditions") or () if c["type"] == _ALLOWED and c["status"] == "False"), EMPTY)
    reason, message = condition.get("reason"), condition.get("message")
    healthy, desired = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
    if message and reason == "SyncFailed":
        return f"The disruption budget {name} does not allow evicting pods currently because it failed sync: {message}"
    if healthy <= desired:
        return f"The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"
    said = f"The disruption budget {name} does not allow evicting pods currently"
    return f"{said} ({reason}): {message}" if message else said


def _counted(budget: Object, status: Any, pod: Object, now: float) -> Object:
    """The budget with one disruption less, and the pod among those that are about to go."""
    disrupted = {**(status.get("disruptedPods") or {}), name_of(pod): write_instant(now)}
    counted = {**status, "disruptionsAllowed": status["disruptionsAllowed"] - 1, "disruptedPods": disrupted}
    if not counted["disruptionsAllowed"]:
        conditions = status.get("conditions") or []
        old = next((c for c in conditions if c["type"] == _ALLOWED), EMPTY)
        since = old["lastTransitionTime"] if old.get("status") == "False" else write_instant(now)
        made = {"type": _ALLOWED, "status": "False", "lastTransitionTime": since, "reason": "InsufficientPods", "message": ""}
        if generation := status.get("observedGeneration"):
            made["observedGeneration"] = generation
        counted["conditions"] = [made if c is old else c for c in conditions] if old else [*conditions, made]
    return {**budget, "status": counted}


def internal_error_plain(message: str) -> Status:
    """500 with the message as it stands."""
    return Status(500, "InternalError", message)


def _refused(detail: str, retry: int = 0) -> Status:
    return Status(
        429,
        "TooManyRequests",
        "Cannot evict pod as it would violate the pod's disruption budget.",
        (Cause("DisruptionBudget", detail, ""),),
        details={"retryAfterSeconds": retry},
    )


def _is_ready(pod: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in get_in(pod, ("status", "conditions")) or [])


def disrupted(pod: Object, now: float) -> Object:
    """The pod with the condition that says it is being evicted."""
    return as_disruption_target(pod, "EvictionByEvictionAPI", "Eviction API: evicting", now)
