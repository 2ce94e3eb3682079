"""The next pod a workload would make, so that it can be judged."""

from __future__ import annotations

from typing import Any

from kplan.model.objects import EMPTY, Object, controller_of, name_of, namespace_of, owner_ref, uid_of
from kplan.store.view import View

_TEMPLATES = {
    "ReplicaSet": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


def next_pod(obj: Object, view: View) -> Object | None:
    """A pod itself, or one as its workload would create it; None for what makes no pods.

    Of a Deployment it is a pod of its newest ReplicaSet.
    """
    if obj["kind"] == "Pod":
        return obj
    if obj["kind"] == "Deployment":
        return _of_deployment(obj, view)
    path = _TEMPLATES.get(obj["kind"])
    if path is None:
        return None
    template: Any = obj
    for step in path:
        template = (template or EMPTY).get(step)
    return _pod(obj, template or EMPTY)


def _of_deployment(deployment: Object, view: View) -> Object:
    owned = [
        rs
        for rs in view.objects("ReplicaSet.apps", namespace_of(deployment))
        if (owner := controller_of(rs)) is not None and owner.get("uid") == uid_of(deployment)
    ]
    if not owned:
        return _pod(deployment, deployment["spec"]["template"])
    newest = max(owned, key=lambda rs: int((rs["metadata"].get("annotations") or {}).get("deployment.kubernetes.io/revision") or 0))
    return _pod(newest, newest["spec"]["template"])


def _pod(owner: Object, template: Object) -> Object:
    meta = template.get("metadata") or EMPTY
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": f"{name_of(owner)}-",
            "namespace": namespace_of(owner),
            "labels": dict(meta.get("labels") or EMPTY),
            "annotations": dict(meta.get("annotations") or EMPTY),
            "ownerReferences": [owner_ref(owner)],
        },
        "spec": template["spec"],
    }


