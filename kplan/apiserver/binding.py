"""The ``pods/binding`` subresource: how the scheduler puts a pod on a node.

Mirrors: pkg/registry/core/pod/storage/storage.go (BindingREST, assignPod, setPodHostAndAnnotations),
         plugin/pkg/admission/podtopologylabels/admission.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.apiserver import outcome as answers
from kplan.apiserver.outcome import Outcome
from kplan.model.instants import write_instant
from kplan.model.objects import Object, Ref, is_deleting, labels_of, replace_in

TOPOLOGY_LABELS = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")


def labelled(pod: Object, node: Object | None) -> Object:
    """The pod with the topology labels of its node."""
    labels = topology_labels(node)
    return replace_in(pod, ("metadata", "labels"), {**labels_of(pod), **labels}) if labels else pod


def bound(pod: Object, node: str, now: float) -> Object:
    """The pod as it is once bound: nodeName set, PodScheduled true."""
    spec = {**pod["spec"], "nodeName": node}
    status = {k: v for k, v in (pod.get("status") or {}).items() if k != "nominatedNodeName"}
    scheduled: dict[str, Any] = {
        "type": "PodScheduled",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": write_instant(now),
    }
    if generation := pod["metadata"].get("generation"):
        scheduled["observedGeneration"] = generation
    others = [c for c in status.get("conditions") or [] if c["type"] != "PodScheduled"]
    status["conditions"] = [*others, scheduled]
    return {**pod, "spec": spec, "status": status}


def refusal(pod: Object | None, ref: Ref, node: str) -> Outcome | None:
    """Why a pod cannot be bound, or None."""
    if pod is None:
        return Outcome(error=answers.not_found("pods", ref.name))
    if is_deleting(pod):
        why = f"pod {ref.name} is being deleted, cannot be assigned to a host"
        return Outcome(error=answers.conflict("pods/binding", ref.name, why))
    if assigned := pod["spec"].get("nodeName"):
        why = f'pod {ref.name} is already assigned to node "{assigned}"'
        return Outcome(error=answers.conflict("pods/binding", ref.name, why))
    if pod["spec"].get("schedulingGates"):
        why = f"pod {ref.name} has non-empty .spec.schedulingGates"
        return Outcome(error=answers.conflict("pods/binding", ref.name, why))
    return None


def topology_labels(node: Object | None) -> dict[str, str]:
    """The labels a node hands on to its pods."""
    have = labels_of(node) if node is not None else {}
    return {k: have[k] for k in TOPOLOGY_LABELS if k in have}
