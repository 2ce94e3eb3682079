"""Deletes finished Jobs when their ``ttlSecondsAfterFinished`` is over.

Mirrors: pkg/controller/ttlafterfinished/ttlafterfinished_controller.go (1.36)
Differs: a time to live of more than a few seconds is listed under "Later" and over only within ``--for``.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.engine.contract import SHORT_SECONDS, Context, Delete, Key, Noop, Requeue, Steps, Watch
from kplan.model.instants import read_instant
from kplan.model.objects import Object, Ref, get_in, is_deleting, uid_of
from kplan.store.journal import Write
from kplan.store.view import View


def finished_at(job: Object) -> float | None:
    """When a Job completed or failed; None while it has not."""
    for c in get_in(job, ("status", "conditions")) or ():
        if c["type"] in ("Complete", "Failed") and c["status"] == "True":
            return read_instant(c.get("lastTransitionTime"))
    return None


def _needs_cleanup(write: Write, _: View) -> Iterable[Key]:
    job = write.after
    if job is None or is_deleting(job) or get_in(job, ("spec", "ttlSecondsAfterFinished")) is None:
        return ()
    return (write.ref,) if finished_at(job) is not None else ()


class TTLAfterFinished:
    """The key is a Job."""

    name = "ttl-after-finished-controller"
    priority = 0
    watches = (Watch("Job.batch", _needs_cleanup, "a finished Job with a time to live"),)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Delete the Job in the foreground, or wait."""
        assert isinstance(key, Ref)
        job = view.get(key)
        if job is None or is_deleting(job) or (ttl := get_in(job, ("spec", "ttlSecondsAfterFinished"))) is None:
            return
        finished = finished_at(job)
        if finished is None:
            return
        left = finished + ttl - ctx.now
        if left > 0:
            yield Noop("time-to-live-is-not-over")
            yield Requeue(at=finished + ttl, background=left > SHORT_SECONDS, note=f"Job {key.name} is deleted (ttlSecondsAfterFinished)")
            return
        yield Delete(key, because="time-to-live-is-over", propagation="Foreground", uid=uid_of(job))


CONTROLLER = TTLAfterFinished
