"""Pods that a Job will never count: their tracking finalizer is taken off so that they can go.

Mirrors: pkg/controller/job/job_controller.go (syncOrphanPod) (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.controllers.job import KIND, OURS
from kplan.controllers.job.conditions import is_finished
from kplan.controllers.job.manage import has_tracking_finalizer, without_tracking_finalizer
from kplan.engine.contract import Context, Key, Noop, Steps, Update, Watch
from kplan.model.objects import Object, Ref, controller_of, namespace_of, ref_of, uid_of
from kplan.store.journal import Write
from kplan.store.view import View, owned


def _job_of(pod: Object, view: View) -> Object | None:
    ref = controller_of(pod)
    if ref is None or ref["kind"] != "Job" or not ref["apiVersion"].startswith("batch/"):
        return None
    job = view.get(Ref(KIND, namespace_of(pod), ref["name"]))
    return job if job is not None and uid_of(job) == ref["uid"] else None


def _tracked(write: Write, _: View) -> Iterable[Key]:
    return (write.ref,) if write.after is not None and has_tracking_finalizer(write.after) else ()


def _pods_of_ended_job(write: Write, view: View) -> Iterable[Key]:
    job = write.after or write.before
    if job is None or (write.after is not None and not is_finished(write.after)):
        return ()
    return [ref_of(p) for p in owned(view, uid_of(job), "Pod") if has_tracking_finalizer(p)]


class JobFinalizerController:
    """The loop; the key is a pod."""

    name = "job-controller"
    priority = 0
    watches = (
        Watch("Pod", _tracked, "a pod that a Job tracks"),
        Watch(KIND, _pods_of_ended_job, "the Job has ended or is gone"),
    )

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Free a pod whose Job is gone or has finished."""
        assert isinstance(key, Ref)
        pod = view.get(key)
        if pod is None or not has_tracking_finalizer(pod):
            return
        ref = controller_of(pod)
        if ref is not None and (ref["kind"] != "Job" or ref["apiVersion"] != "batch/v1"):
            yield Noop("controlled-by-something-else")
            return
        job = _job_of(pod, view)
        if job is not None and (job["spec"].get("managedBy") not in (None, OURS) or not is_finished(job)):
            return
        yield Update(without_tracking_finalizer(pod), because="no-job-counts-it")


CONTROLLER = JobFinalizerController
