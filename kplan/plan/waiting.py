"""Pods that have a node but cannot start, and what they wait for."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.kubelet.admission import REJECTED
from kplan.kubelet.attachments import missing_attachments
from kplan.kubelet.mounts import missing_for_volumes
from kplan.kubelet.needs import CONFIG_ERROR, missing_for_containers
from kplan.model.objects import Object, get_in, is_deleting, ref_of
from kplan.plan.plan import Waiting
from kplan.store.view import View


def waiting_pods(view: View) -> Iterator[Waiting]:
    """Every pod held back by something missing or by what it was assumed to do, or that its node has refused."""
    for pod in view.objects("Pod"):
        if is_deleting(pod) or not get_in(pod, ("spec", "nodeName")):
            continue
        phase, words = get_in(pod, ("status", "phase")), get_in(pod, ("status", "message")) or ""
        if phase == "Pending":
            yield _held(view, pod)
        elif phase == "Failed" and words.startswith(REJECTED):
            yield Waiting(ref_of(pod), get_in(pod, ("status", "reason")) or "", words.removeprefix(REJECTED))


def _held(view: View, pod: Object) -> Waiting:
    reasons = [
        get_in(s, ("state", "waiting", "reason"))
        for field in ("initContainerStatuses", "containerStatuses")
        for s in get_in(pod, ("status", field)) or []
    ]
    reason = next((r for r in reasons if r and r != "PodInitializing"), "ContainerCreating")
    missing = missing_for_volumes(view, pod) or missing_attachments(view, pod)
    if reason == CONFIG_ERROR:
        missing = missing or missing_for_containers(view, pod, "initContainers") or missing_for_containers(view, pod, "containers")
    return Waiting(ref_of(pod), str(reason), "; ".join(dict.fromkeys(m.words for m in missing)))
