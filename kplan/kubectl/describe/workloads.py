"""Deployments, Jobs and the like, described.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go (1.36)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from kplan.kubectl.columns.base import NONE, human, labels_text, selector_text
from kplan.kubectl.columns.storage import class_of
from kplan.kubectl.describe.containers import pod_template
from kplan.kubectl.describe.parts import (
    Case,
    conditions,
    controller,
    events,
    head,
    instant,
    labels,
    marks,
    or_unset,
    spec_of,
    status_of,
    yes_or_no,
)
from kplan.kubectl.revisions import replica_sets, same_template
from kplan.model.instants import read_instant
from kplan.model.objects import Object, get_in
from kplan.model.selectors import from_label_selector, from_labels


def _pods_status(case: Case, selector: Any) -> str:
    """How many of its pods are in which phase."""
    uid = case.meta.get("uid")
    mine = [p for p in case.find("Pod", case.meta["namespace"]) if selector.matches(p["metadata"].get("labels") or {}) and _owned(p, uid)]
    phases = Counter(status_of(p).get("phase") for p in mine)
    return f"{phases['Running']} Running / {phases['Pending']} Waiting / {phases['Succeeded']} Succeeded / {phases['Failed']} Failed"


def _owned(obj: Object, uid: Any) -> bool:
    return any(r.get("controller") and r.get("uid") == uid for r in obj["metadata"].get("ownerReferences") or ())


def deployment(case: Case) -> None:
    """A Deployment."""
    paper, spec, status = case.paper, spec_of(case.object), status_of(case.object)
    head(case)
    paper.line(0, "CreationTimestamp", instant(case.meta.get("creationTimestamp")))
    marks(case)
    paper.line(0, "Selector", from_label_selector(spec.get("selector")))
    counts = [status.get(f) or 0 for f in ("updatedReplicas", "replicas", "availableReplicas", "unavailableReplicas")]
    words = [f"{n} {word}" for n, word in zip(counts, ("updated", "total", "available", "unavailable"), strict=True)]
    paper.line(0, "Replicas", " | ".join([f"{spec.get('replicas')} desired", *words]))
    strategy = spec.get("strategy") or {}
    paper.line(0, "StrategyType", strategy.get("type") or "")
    paper.line(0, "MinReadySeconds", spec.get("minReadySeconds") or 0)
    if rolling := strategy.get("rollingUpdate"):
        paper.line(0, "RollingUpdateStrategy", f"{rolling.get('maxUnavailable')} max unavailable, {rolling.get('maxSurge')} max surge")
    pod_template(paper, spec.get("template"))
    conditions(paper, status.get("conditions"))
    _replica_sets(case)
    events(case)


def _replica_sets(case: Case) -> None:
    found = replica_sets(case.client.server.view, case.object)
    if not found:
        return
    is_new = same_template(spec_of(found[-1]).get("template") or {}, spec_of(case.object).get("template") or {})
    case.paper.line(0, "OldReplicaSets", _sizes(found[:-1] if is_new else found))
    case.paper.line(0, "NewReplicaSet", _sizes(found[-1:] if is_new else []))


def _sizes(found: list[Object]) -> str:
    texts = [f"{r['metadata']['name']} ({status_of(r).get('replicas') or 0}/{spec_of(r).get('replicas')} replicas created)" for r in found]
    return ", ".join(texts) or NONE


def replica_set(case: Case) -> None:
    """A ReplicaSet."""
    paper, spec, status = case.paper, spec_of(case.object), status_of(case.object)
    head(case)
    paper.line(0, "Selector", selector_text(spec.get("selector")))
    marks(case)
    if owner := controller(case.object):
        paper.line(0, "Controlled By", owner)
    paper.line(0, "Replicas", f"{status.get('replicas') or 0} current / {spec.get('replicas')} desired")
    paper.line(0, "Pods Status", _pods_status(case, from_label_selector(spec.get("selector"))))
    pod_template(paper, spec.get("template"))
    conditions(paper, status.get("conditions"))
    events(case)


def replication_controller(case: Case) -> None:
    """A ReplicationController."""
    paper, spec, status = case.paper, spec_of(case.object), status_of(case.object)
    head(case)
    paper.line(0, "Selector", labels_text(spec.get("selector")))
    marks(case)
    paper.line(0, "Replicas", f"{status.get('replicas') or 0} current / {spec.get('replicas')} desired")
    paper.line(0, "Pods Status", _pods_status(case, from_labels(spec.get("selector"))))
    pod_template(paper, spec.get("template"))
    conditions(paper, status.get("conditions"))
    events(case)


def stateful_set(case: Case) -> None:
    """A StatefulSet."""
    paper, spec, status = case.paper, spec_of(case.object), status_of(case.object)
    selector = from_label_selector(spec.get("selector"))
    head(case)
    paper.line(0, "CreationTimestamp", instant(case.meta.get("creationTimestamp")))
    paper.line(0, "Selector", selector)
    marks(case)
    paper.line(0, "Replicas", f"{spec.get('replicas')} desired | {status.get('replicas') or 0} total")
    strategy = spec.get("updateStrategy") or {}
    paper.line(0, "Update Strategy", strategy.get("type") or "")
    rolling = strategy.get("rollingUpdate") or {}
    if rolling.get("partition") is not None:
        paper.line(1, "Partition", rolling["partition"])
        if rolling.get("maxUnavailable") is not None:
            paper.line(1, "MaxUnavailable", rolling["maxUnavailable"])
    paper.line(0, "Pods Status", _pods_status(case, selector))
    pod_template(paper, spec.get("template"))
    _claim_templates(case, spec.get("volumeClaimTemplates") or [])
    events(case)


def _claim_templates(case: Case, templates: list[Mapping[str, Any]]) -> None:
    paper = case.paper
    paper.line(0, "Volume Claims", None if templates else NONE)
    for claim in templates:
        meta = claim.get("metadata") or {}
        paper.line(1, "Name", meta.get("name") or "")
        paper.line(1, "StorageClass", class_of({**claim, "metadata": meta}))
        labels(paper, "Labels", meta.get("labels"), "  ")
        labels(paper, "Annotations", meta.get("annotations"), "  ")
        paper.line(1, "Capacity", get_in(claim, ("spec", "resources", "requests", "storage"), "<default>"))
        paper.line(1, "Access Modes", f"[{' '.join(get_in(claim, ('spec', 'accessModes')) or ())}]")


_DAEMON = (
    ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
    ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
    ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
    ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
    ("Number of Nodes Misscheduled", "numberMisscheduled"),
)


def daemon_set(case: Case) -> None:
    """A DaemonSet."""
    paper, spec, status = case.paper, spec_of(case.object), status_of(case.object)
    selector = from_label_selector(spec.get("selector"))
    head(case)
    paper.line(0, "Selector", selector)
    paper.line(0, "Node-Selector", labels_text(get_in(spec, ("template", "spec", "nodeSelector"))))
    marks(case)
    for label, field in _DAEMON:
        paper.write(0, f"{label}: {status.get(field) or 0}\n")
    paper.line(0, "Pods Status", _pods_status(case, selector))
    pod_template(paper, spec.get("template"))
    events(case)


def job(case: Case) -> None:
    """A Job."""
    paper, spec, status = case.paper, spec_of(case.object), status_of(case.object)
    head(case)
    paper.line(0, "Selector", from_label_selector(spec.get("selector")))
    marks(case)
    if owner := controller(case.object):
        paper.line(0, "Controlled By", owner)
    if spec.get("parallelism") is not None:
        paper.line(0, "Parallelism", spec["parallelism"])
    paper.line(0, "Completions", or_unset(spec.get("completions")))
    for label, field in (
        ("Completion Mode", "completionMode"),
        ("Suspend", "suspend"),
        ("Backoff Limit", "backoffLimit"),
        ("TTL Seconds After Finished", "ttlSecondsAfterFinished"),
    ):
        if spec.get(field) is not None:
            value = spec[field]
            paper.line(0, label, str(value).lower() if isinstance(value, bool) else value)
    _job_times(case)
    if spec.get("activeDeadlineSeconds") is not None:
        paper.line(0, "Active Deadline Seconds", f"{spec['activeDeadlineSeconds']}s")
    active, succeeded, failed = (status.get(f) or 0 for f in ("active", "succeeded", "failed"))
    ready = f" ({status['ready']} Ready)" if status.get("ready") is not None else ""
    paper.line(0, "Pods Statuses", f"{active} Active{ready} / {succeeded} Succeeded / {failed} Failed")
    if spec.get("completionMode") == "Indexed":
        paper.line(0, "Completed Indexes", _indexes(status.get("completedIndexes") or ""))
    pod_template(paper, spec.get("template"))
    events(case)


def _job_times(case: Case) -> None:
    status = status_of(case.object)
    began, ended = (read_instant(status.get(f)) for f in ("startTime", "completionTime"))
    if began is not None:
        case.paper.line(0, "Start Time", instant(status["startTime"]))
    if ended is not None:
        case.paper.line(0, "Completed At", instant(status["completionTime"]))
    if began is not None and ended is not None:
        case.paper.line(0, "Duration", human(ended - began))


def _indexes(text: str) -> str:
    """Indexes, cut at the first comma behind fifty characters."""
    if not text:
        return NONE
    comma = text.find(",", 50)
    return text if comma < 0 else text[: comma + 1] + "..."


def cron_job(case: Case) -> None:
    """A CronJob."""
    paper, spec, status = case.paper, spec_of(case.object), status_of(case.object)
    head(case)
    marks(case)
    paper.line(0, "Schedule", spec.get("schedule") or "")
    paper.line(0, "Concurrency Policy", spec.get("concurrencyPolicy") or "")
    paper.line(0, "Suspend", yes_or_no(spec.get("suspend")))
    paper.line(0, "Time Zone", or_unset(spec.get("timeZone")))
    paper.line(0, "Successful Job History Limit", or_unset(spec.get("successfulJobsHistoryLimit")))
    paper.line(0, "Failed Job History Limit", or_unset(spec.get("failedJobsHistoryLimit")))
    paper.line(0, "Starting Deadline Seconds", or_unset(spec.get("startingDeadlineSeconds"), "s"))
    template = get_in(spec, ("jobTemplate", "spec")) or {}
    selector = template.get("selector")
    paper.line(0, "Selector", or_unset(None if selector is None else from_label_selector(selector)))
    paper.line(0, "Parallelism", or_unset(template.get("parallelism")))
    paper.line(0, "Completions", or_unset(template.get("completions")))
    if template.get("activeDeadlineSeconds") is not None:
        paper.line(0, "Active Deadline Seconds", f"{template['activeDeadlineSeconds']}s")
    pod_template(paper, template.get("template"))
    last = status.get("lastScheduleTime")
    paper.line(0, "Last Schedule Time", instant(last) if last else "<unset>")
    paper.line(0, "Active Jobs", ", ".join(j.get("name") or "" for j in status.get("active") or ()) or NONE)
    events(case)


DESCRIBE = {
    "Deployment.apps": deployment,
    "ReplicaSet.apps": replica_set,
    "ReplicationController": replication_controller,
    "StatefulSet.apps": stateful_set,
    "DaemonSet.apps": daemon_set,
    "Job.batch": job,
    "CronJob.batch": cron_job,
}
