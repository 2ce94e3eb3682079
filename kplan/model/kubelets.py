"""Whether a node's kubelet is there: it is, unless the node is annotated ``sim.kplan.dev/kubelet: lost``.

A kubelet that is lost — the machine lost its power, or its network — posts nothing, starts nothing and stops nothing.
"""

from __future__ import annotations

from kplan.model.objects import Object, annotations_of, get_in

KUBELET, LOST = "sim.kplan.dev/kubelet", "lost"


def is_lost(node: Object) -> bool:
    """Whether the user says that the node's kubelet is gone."""
    return annotations_of(node).get(KUBELET) == LOST


def ready_status(node: Object) -> str | None:
    """The status of the node's condition Ready, or None."""
    for c in get_in(node, ("status", "conditions")) or ():
        if c["type"] == "Ready":
            return str(c["status"])
    return None
