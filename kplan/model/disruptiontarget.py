"""The condition DisruptionTarget: it says of a pod that it is about to go, and who takes it away.

Mirrors: pkg/api/v1/pod/util.go UpdatePodCondition, as evictions and pkg/controller/{tainteviction,devicetainteviction} use it (1.36)
"""

from __future__ import annotations

from kplan.model.instants import write_instant
from kplan.model.objects import EMPTY, Object

TYPE = "DisruptionTarget"


def as_disruption_target(pod: Object, reason: str, message: str, now: float) -> Object:
    """The pod with the condition; the pod itself where it has it already."""
    made = {"type": TYPE, "status": "True", "reason": reason, "message": message}
    status = pod.get("status") or EMPTY
    conditions = status.get("conditions") or ()
    old = next((c for c in conditions if c["type"] == TYPE), None)
    if old is not None and all(old.get(k) == v for k, v in made.items()):
        return pod
    since = old["lastTransitionTime"] if old is not None and old["status"] == "True" else write_instant(now)
    others = [c for c in conditions if c is not old]
    return {**pod, "status": {**status, "conditions": [*others, {**made, "lastProbeTime": None, "lastTransitionTime": since}]}}
