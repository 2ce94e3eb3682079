"""ReplicationControllers: what ReplicaSets were before they had set-based selectors.

Mirrors: pkg/controller/replication/replication_controller.go, conversion.go (1.36)
"""

from __future__ import annotations

from kplan.controllers.ownership import owner_or_matching, retries
from kplan.controllers.replicaset import ReplicaSetController, was_refused
from kplan.engine.contract import Watch, own_key
from kplan.model.objects import Object
from kplan.model.selectors import NOTHING, Selector, from_labels


def selector_of(rc: Object) -> Selector:
    """The pods a ReplicationController selects."""
    selector = rc["spec"].get("selector")
    return from_labels(selector) if selector else NOTHING


class ReplicationControllerController(ReplicaSetController):
    """The loop of ReplicationControllers; the key is one of them."""

    name = "replicationcontroller-controller"
    kind = "ReplicationController"
    reports_terminating = False
    selector_of = staticmethod(selector_of)
    watches = (
        Watch("ReplicationController", own_key, "its own spec and status"),
        Watch("Pod", owner_or_matching("ReplicationController", selector_of), "its pods, and orphans it may adopt"),
        *retries("ReplicationController", was_refused),
    )


CONTROLLER = ReplicationControllerController
