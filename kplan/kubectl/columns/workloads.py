"""Deployments, Jobs and the like, as ``kubectl get`` shows them.

Mirrors: pkg/printers/internalversion/printers.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.kubectl.columns.base import (
    NONE,
    UNSET,
    Columns,
    age,
    containers_of,
    human,
    is_true,
    labels_text,
    name,
    selector_text,
    since,
    spec,
    status,
)
from kplan.model.instants import read_instant
from kplan.model.objects import Object, get_in


def _wide(obj: Object) -> list[Any]:
    return [*containers_of(spec(obj, "template")), selector_text(spec(obj, "selector"))]


def _deployment(obj: Object, now: float) -> list[Any]:
    ready = f"{status(obj, 'readyReplicas', default=0)}/{spec(obj, 'replicas', default=0)}"
    counts = [status(obj, f, default=0) for f in ("updatedReplicas", "availableReplicas")]
    return [name(obj), ready, *counts, age(obj, now), *containers_of(spec(obj, "template")), _selector(obj)]


def _selector(obj: Object) -> str:
    text = selector_text(spec(obj, "selector"))
    return "" if text == NONE else text


def _replica_set(obj: Object, now: float) -> list[Any]:
    counts = [spec(obj, "replicas", default=0), status(obj, "replicas", default=0), status(obj, "readyReplicas", default=0)]
    return [name(obj), *counts, age(obj, now), *_wide(obj)]


def _replication_controller(obj: Object, now: float) -> list[Any]:
    return [*_replica_set({**obj, "spec": {**obj["spec"], "selector": None}}, now)[:-1], labels_text(spec(obj, "selector"))]


def _stateful_set(obj: Object, now: float) -> list[Any]:
    ready = f"{status(obj, 'readyReplicas', default=0)}/{spec(obj, 'replicas', default=0)}"
    return [name(obj), ready, age(obj, now), *containers_of(spec(obj, "template"))]


_DAEMON = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable")


def _daemon_set(obj: Object, now: float) -> list[Any]:
    counts = [status(obj, f, default=0) for f in _DAEMON]
    return [name(obj), *counts, labels_text(spec(obj, "template", "spec", "nodeSelector")), age(obj, now), *_wide(obj)]


_JOB_CONDITIONS = ("Suspended", "FailureTarget", "SuccessCriteriaMet")


def _job(obj: Object, now: float) -> list[Any]:
    done, wanted, parallel = status(obj, "succeeded", default=0), spec(obj, "completions"), spec(obj, "parallelism", default=0)
    completions = f"{done}/{wanted}" if wanted is not None else f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"
    began, ended = (read_instant(status(obj, f)) for f in ("startTime", "completionTime"))
    duration = "" if began is None else human((now if ended is None else ended) - began)
    return [name(obj), _job_status(obj), completions, duration, age(obj, now), *_wide(obj)]


def _job_status(obj: Object) -> str:
    if is_true(obj, "Complete"):
        return "Complete"
    if is_true(obj, "Failed"):
        return "Failed"
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    return next((c for c in _JOB_CONDITIONS if is_true(obj, c)), "Running")


def _cron_job(obj: Object, now: float) -> list[Any]:
    suspend = spec(obj, "suspend")
    last = status(obj, "lastScheduleTime")
    return [
        name(obj),
        spec(obj, "schedule", default=""),
        spec(obj, "timeZone", default=NONE),
        UNSET if suspend is None else "True" if suspend else "False",
        len(status(obj, "active", default=[])),
        since(last, now) if last else NONE,
        age(obj, now),
        *containers_of(spec(obj, "jobTemplate", "spec", "template")),
        selector_text(spec(obj, "jobTemplate", "spec", "selector")),
    ]


def _revision(obj: Object, now: float) -> list[Any]:
    owner = next((r for r in obj["metadata"].get("ownerReferences") or [] if r.get("controller")), None)
    return [name(obj), _owner(owner) if owner else NONE, obj.get("revision") or 0, age(obj, now)]


def _owner(owner: Mapping[str, Any]) -> str:
    group = owner["apiVersion"].rpartition("/")[0]
    kind = f"{owner['kind']}.{group}" if group else owner["kind"]
    return f"{kind.lower()}/{owner['name']}"


def _autoscaler(obj: Object, now: float) -> list[Any]:
    target = f"{spec(obj, 'scaleTargetRef', 'kind')}/{spec(obj, 'scaleTargetRef', 'name')}"
    least = spec(obj, "minReplicas", default=UNSET)
    size = spec(obj, "maxReplicas", default=0), status(obj, "currentReplicas", default=0)
    return [name(obj), target, _metrics(obj), least, *size, age(obj, now)]


def _metrics(obj: Object) -> str:
    known = status(obj, "currentMetrics", default=[])
    metrics = spec(obj, "metrics", default=[])
    shown = [_metric(m, known[i] if i < len(known) else None) for i, m in enumerate(metrics)]
    if not shown:
        return NONE
    return ", ".join(shown) if len(shown) <= 2 else f"{', '.join(shown[:2])} + {len(shown) - 2} more..."


_SOURCES = {"External": "external", "Pods": "pods", "Object": "object", "Resource": "resource", "ContainerResource": "containerResource"}


def _metric(metric: Mapping[str, Any], current: Mapping[str, Any] | None) -> str:
    source = _SOURCES.get(metric.get("type") or "")
    if source is None:
        return "<unknown type>"
    target = get_in(metric, (source, "target")) or {}
    now = get_in(current or {}, (source, "current")) or {}
    if source in ("resource", "containerResource"):
        said = f"{metric[source]['name']}: "
        if "averageValue" in target:
            return f"{said}{now.get('averageValue', '<unknown>')}/{target['averageValue']}"
        used, wanted = now.get("averageUtilization"), target.get("averageUtilization")
        return f"{said}{'<unknown>' if used is None else f'{used}%'}/{'<auto>' if wanted is None else f'{wanted}%'}"
    if source == "pods" or "averageValue" in target:
        average = "" if source == "pods" else " (avg)"
        return f"{now.get('averageValue', '<unknown>')}/{target.get('averageValue')}{average}"
    return f"{now.get('value', '<unknown>')}/{target.get('value')}"


_REPLICAS = "NAME|DESIRED|CURRENT|READY|AGE|CONTAINERS*|IMAGES*|SELECTOR*"

TABLES = {
    "Deployment.apps": Columns("NAME|READY|UP-TO-DATE|AVAILABLE|AGE|CONTAINERS*|IMAGES*|SELECTOR*", _deployment),
    "ReplicaSet.apps": Columns(_REPLICAS, _replica_set),
    "ReplicationController": Columns(_REPLICAS, _replication_controller),
    "StatefulSet.apps": Columns("NAME|READY|AGE|CONTAINERS*|IMAGES*", _stateful_set),
    "DaemonSet.apps": Columns(
        "NAME|DESIRED|CURRENT|READY|UP-TO-DATE|AVAILABLE|NODE SELECTOR|AGE|CONTAINERS*|IMAGES*|SELECTOR*", _daemon_set
    ),
    "Job.batch": Columns("NAME|STATUS|COMPLETIONS|DURATION|AGE|CONTAINERS*|IMAGES*|SELECTOR*", _job),
    "CronJob.batch": Columns(
        "NAME|SCHEDULE|TIMEZONE|SUSPEND|ACTIVE|LAST SCHEDULE|AGE|CONTAINERS*|IMAGES*|SELECTOR*", _cron_job
    ),
    "ControllerRevision.apps": Columns("NAME|CONTROLLER|REVISION|AGE", _revision),
    "HorizontalPodAutoscaler.autoscaling": Columns("NAME|REFERENCE|TARGETS|MINPODS|MAXPODS|REPLICAS|AGE", _autoscaler),
}
