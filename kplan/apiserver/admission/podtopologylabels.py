"""A pod that is created on a node of its choice carries the node's zone and region; bound pods get them when they are bound.

Mirrors: plugin/pkg/admission/podtopologylabels/admission.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.admission.contract import CREATE, AdmissionContext, Attributes, Plugin
from kplan.apiserver.binding import topology_labels
from kplan.apiserver.outcome import Status
from kplan.model.objects import Ref, labels_of


def admit(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Copy the node's labels over the pod's own; a node that nobody knows has none."""
    pod = attributes.object
    assert pod is not None
    node = (pod.get("spec") or {}).get("nodeName")
    if node and context.gates.on("PodTopologyLabelsAdmission"):
        if labels := topology_labels(context.view.get(Ref("Node", "", node))):
            pod["metadata"]["labels"] = {**labels_of(pod), **labels}
    return None


PLUGIN = Plugin("PodTopologyLabels", frozenset((CREATE,)), frozenset(("Pod",)), admit=admit)
