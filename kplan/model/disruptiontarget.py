"""The condition DisruptionTarget: it says of a pod that it is about to go, and who takes it away.

Mirrors: pkg/api/v1/pod/util.go UpdatePodCondition, CalculatePodConditionObservedGeneration, as evictions,
         pkg/controller/{tainteviction,devicetainteviction,podgc,disruption} and the scheduler use them (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.model.instants import write_instant
from kplan.model.objects import EMPTY, Object

TYPE = "DisruptionTarget"
_COMPARED = ("status", "reason", "message")


def as_disruption_target(pod: Object, reason: str, message: str, now: float, *, status: str = "True", tracking: bool | None = None) -> Object:
    """The pod with the condition; the pod itself where it has it already.

    ``tracking``: whether generations are tracked (the gate PodObservedGenerationTracking); None for those who never say
    which they have observed.
    """
    before = pod.get("status") or EMPTY
    conditions = list(before.get("conditions") or ())
    at = next((i for i, c in enumerate(conditions) if c["type"] == TYPE), len(conditions))
    old = conditions[at] if at < len(conditions) else EMPTY
    made: dict[str, Any] = {"type": TYPE, "status": status, "lastProbeTime": None}
    made |= {key: text for key, text in (("reason", reason), ("message", message)) if text}
    made["lastTransitionTime"] = old["lastTransitionTime"] if old.get("status") == status else write_instant(now)
    if all((old.get(k) or "") == (made.get(k) or "") for k in _COMPARED):
        return pod
    generation = pod["metadata"].get("generation")
    if generation and (tracking or (tracking is False and old.get("observedGeneration"))):
        made["observedGeneration"] = generation
    conditions[at : at + 1] = [made]
    return {**pod, "status": {**before, "conditions": conditions}}
