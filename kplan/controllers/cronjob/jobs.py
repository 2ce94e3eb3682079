"""The Jobs of a CronJob: those that have finished are forgotten, and deleted beyond the limits.

Mirrors: pkg/controller/cronjob/cronjob_controllerv2.go (1.36)
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.outcome import Outcome, Status
from kplan.engine.contract import Action, Context, Delete, Emit, Steps
from kplan.model.instants import read_instant
from kplan.model.objects import EMPTY, Object, Ref, name_of, ref_of, uid_of
from kplan.store.view import View

JOB = "Job.batch"


@dataclass(slots=True)
class Sync:
    """What one sync works on; ``status`` is a private draft."""

    cron: Object
    view: View
    ctx: Context
    jobs: list[Object]
    status: dict[str, Any]
    changed: bool = False

    @property
    def active(self) -> list[dict[str, Any]]:
        """``status.active``."""
        found: list[dict[str, Any]] = self.status.get("active") or []
        return found

    def drop(self, uid: str) -> None:
        """Take a Job off the active list."""
        left = [j for j in self.active if j.get("uid") != uid]
        self.status.pop("active", None)
        if left:
            self.status["active"] = left
        self.changed = True

    def emit(self, reason: str, message: str, kind: str = "Normal") -> Emit:
        """An event about the CronJob."""
        return Emit(ref_of(self.cron), reason, message, kind)


def _finished_as(job: Object) -> str:
    conditions = (job.get("status") or EMPTY).get("conditions") or ()
    return next((c["type"] for c in conditions if c["type"] in ("Complete", "Failed") and c["status"] == "True"), "")


def cleanup_finished_jobs(s: Sync) -> Steps:
    """Delete the oldest finished Jobs beyond the history limits."""
    for kind, field in (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")):
        limit = s.cron["spec"].get(field)
        if limit is None:
            continue
        finished = [j for j in s.jobs if _finished_as(j) == kind]
        finished.sort(key=lambda j: (read_instant((j.get("status") or EMPTY).get("startTime")) or float("inf"), name_of(j)))
        for job in finished[: max(0, len(finished) - limit)]:
            yield from delete_job(s, job, "history-limit")


def delete_job(s: Sync, job: Object, because: str) -> Generator[Action, Outcome, Status | None]:
    """Delete a Job and take it off the active list; gives back the refusal."""
    outcome = yield Delete(ref_of(job), because=because, propagation="Background")
    if outcome.error is not None:
        yield s.emit("FailedDelete", f"Deleted job: {outcome.error.message}", "Warning")
        return outcome.error
    s.drop(uid_of(job))
    yield s.emit("SuccessfulDelete", f"Deleted job {name_of(job)}")
    return None


def follow_jobs(s: Sync) -> Steps:
    """Take finished and missing Jobs off the active list; remember the last success."""
    listed = {j.get("uid") for j in s.active}
    for job in s.jobs:
        ended = _finished_as(job)
        if not ended:
            if uid_of(job) not in listed:
                said = f"Saw a job that the controller did not create or forgot: {name_of(job)}"
                yield s.emit("UnexpectedJob", said, "Warning")
            continue
        if uid_of(job) in listed:
            s.drop(uid_of(job))
            yield s.emit("SawCompletedJob", f"Saw completed job: {name_of(job)}, condition: {ended}")
        completed = (job.get("status") or EMPTY).get("completionTime")
        last = s.status.get("lastSuccessfulTime")
        if ended == "Complete" and completed and (not last or (read_instant(completed) or 0) > (read_instant(last) or 0)):
            s.status["lastSuccessfulTime"] = completed
            s.changed = True
    known = {uid_of(j) for j in s.jobs}
    for entry in list(s.active):
        if entry.get("uid") in known or s.view.get(Ref(JOB, entry.get("namespace") or "", entry["name"])) is not None:
            continue
        yield s.emit("MissingJob", f"Active job went missing: {entry['name']}")
        s.drop(entry.get("uid") or "")
