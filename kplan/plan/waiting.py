"""Pods that have a node but cannot start, and what they wait for."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.kubelet.attachments import missing_attachments
from kplan.kubelet.mounts import missing_for_volumes
from kplan.kubelet.needs import CONFIG_ERROR, missing_for_containers
from kplan.model.objects import get_in, is_deleting, ref_of
from kplan.plan.plan import Waiting
from kplan.store.view import View


def waiting_pods(view: View) -> Iterator[Waiting]:
    """Every pod held back by something missing or by what it was assumed to do."""
    for pod in view.objects("Pod"):
        if not get_in(pod, ("spec", "nodeName")) or get_in(pod, ("status", "phase")) != "Pending" or is_deleting(pod):
            continue
        reasons = [
            get_in(s, ("state", "waiting", "reason"))
            for field in ("initContainerStatuses", "containerStatuses")
            for s in get_in(pod, ("status", field)) or []
        ]
        reason = next((r for r in reasons if r and r != "PodInitializing"), "ContainerCreating")
        missing = missing_for_volumes(view, pod) or missing_attachments(view, pod)
        if reason == CONFIG_ERROR:
            missing = missing or missing_for_containers(view, pod, "initContainers") or missing_for_containers(view, pod, "containers")
        words = "; ".join(dict.fromkeys(m.words for m in missing))
        yield Waiting(ref_of(pod), str(reason), words)
