"""How long a Job waits before it replaces a failed pod: 10 s, doubled with every failure since the last success.

Mirrors: pkg/controller/job/backoff_utils.go (1.36)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kplan.controllers.job.indexes import absolute_failure_count
from kplan.controllers.pods import condition, created
from kplan.model.instants import read_instant
from kplan.model.objects import EMPTY, Object, get_in, is_deleting

FIRST, LONGEST = 10.0, 600.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """Failures since the last success, and when the last of them was."""

    failures: int = 0
    last: float | None = None

    def remaining(self, now: float) -> float:
        """Seconds to wait from now on."""
        return _remaining(self.failures, self.last, now)

    def after(self, succeeded: Sequence[Object], failed: Sequence[Object]) -> Backoff:
        """The record once these pods have been counted."""
        if not succeeded and not failed:
            return self
        ends = sorted(map(finished_at, failed))
        if not succeeded:
            return Backoff(self.failures + len(ends), ends[-1])
        since = max(map(finished_at, succeeded))
        later = [t for t in ends if t > since]
        return Backoff(len(later), later[-1] if later else None)


def remaining_for_index(failed: Object | None, now: float) -> float:
    """Seconds to wait before the last failed pod of an index is replaced."""
    return 0.0 if failed is None else _remaining(absolute_failure_count(failed) + 1, finished_at(failed), now)


def _remaining(failures: int, last: float | None, now: float) -> float:
    if not failures or last is None:
        return 0.0
    delay = min(LONGEST, FIRST * float(2 ** min(failures - 1, 10)))
    return max(0.0, delay - (now - last))


def finished_at(pod: Object) -> float:
    """When a pod ended, as well as one can tell: its containers, its readiness, its deletion, its creation."""
    found = _containers_finished_at(pod)
    if found is not None:
        return found
    ready = condition(pod, "Ready")
    if ready is not None and ready["status"] == "False" and (since := read_instant(ready.get("lastTransitionTime"))):
        return since
    if is_deleting(pod):
        meta = pod["metadata"]
        return (read_instant(meta["deletionTimestamp"]) or 0.0) - (meta.get("deletionGracePeriodSeconds") or 0)
    return created(pod) or 0.0


def _containers_finished_at(pod: Object) -> float | None:
    sidecars = {c["name"] for c in pod["spec"].get("initContainers") or () if c.get("restartPolicy") == "Always"}
    status = pod.get("status") or EMPTY
    watched = [*(status.get("containerStatuses") or ())]
    watched += [s for s in status.get("initContainerStatuses") or () if s["name"] in sidecars]
    ends = [read_instant(get_in(s, ("state", "terminated", "finishedAt"))) for s in watched]
    known = [t for t in ends if t is not None]
    return max(known) if known and len(known) == len(ends) else None
