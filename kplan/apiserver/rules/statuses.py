"""What the status of a workload may say when somebody writes it: counts that fit together.

Mirrors: pkg/apis/apps/validation/validation.go (Validate…Status, Validate…StatusUpdate),
         pkg/apis/core/validation/validation.go (ValidateReplicationControllerStatus),
         staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/meta.go (ResetObjectMetaForStatus) (1.36)
"""

from __future__ import annotations

from dataclasses import dataclass

from kplan.apiserver.field import ROOT, Errors, invalid
from kplan.apiserver.rules.metadata import validate_nonnegative
from kplan.apiserver.strategy import Draft, StrategyContext
from kplan.model.objects import EMPTY, Object

STATUS = ROOT.child("status")
_KEPT = ("deletionTimestamp", "generation", "selfLink", "labels", "annotations", "finalizers", "ownerReferences")
_TERMINATING = "terminatingReplicas"


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of one kind's status, in the server's order."""

    counts: tuple[str, ...]
    """All of them: none may be negative."""
    within_replicas: tuple[str, ...] = ()
    """Those that ``replicas`` is the most of."""
    ready: str = "readyReplicas"
    """What the message calls the most of ``availableReplicas``."""


REPLICA_COUNTS = Counts(
    ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration", _TERMINATING),
    ("fullyLabeledReplicas", "readyReplicas", "availableReplicas"),
)
DEPLOYMENT_COUNTS = Counts(
    (
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        _TERMINATING,
        "collisionCount",
    ),
    ("updatedReplicas", "readyReplicas", "availableReplicas"),
)
STATEFUL_COUNTS = Counts(
    (
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "observedGeneration",
        "collisionCount",
    ),
    ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"),
    ready="status.readyReplicas",
)
DAEMON_COUNTS = Counts(
    (
        "currentNumberScheduled",
        "numberMisscheduled",
        "desiredNumberScheduled",
        "numberReady",
        "observedGeneration",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberUnavailable",
        "collisionCount",
    )
)


def validate_counts(new: Object, counts: Counts) -> Errors:
    """The counts of one status against each other."""
    status = new.get("status") or EMPTY
    for field in counts.counts:
        yield from validate_nonnegative(status.get(field) or 0, STATUS.child(field))
    for field in counts.within_replicas:
        if (value := status.get(field) or 0) > (status.get("replicas") or 0):
            yield invalid(STATUS.child(field), value, "cannot be greater than status.replicas")
    available = status.get("availableReplicas") or 0
    if counts.within_replicas and available > (status.get("readyReplicas") or 0):
        yield invalid(STATUS.child("availableReplicas"), available, f"cannot be greater than {counts.ready}")


def validate_collisions(new: Object, old: Object) -> Errors:
    """How often names collided can only grow."""
    before = (old.get("status") or EMPTY).get("collisionCount")
    now = (new.get("status") or EMPTY).get("collisionCount")
    if before is not None and (now is None or now < before):
        yield invalid(STATUS.child("collisionCount"), now or 0, "cannot be decremented")


def leave_as_is(draft: Draft, old: Object, context: StrategyContext) -> None:
    """Nothing is dropped, and nothing set, when the status is written."""


def drop_terminating_replicas(draft: Draft, old: Object, context: StrategyContext) -> None:
    """``terminatingReplicas`` stays only where its gate is on or it was there before."""
    if not context.gates.on("DeploymentReplicaSetTerminatingReplicas"):
        if (old.get("status") or EMPTY).get(_TERMINATING) is None:
            (draft.get("status") or {}).pop(_TERMINATING, None)


def keep_metadata(draft: Draft, old: Object, _: StrategyContext) -> None:
    """An update of status leaves the metadata as it was, but for managedFields."""
    for field in _KEPT:
        if (value := old["metadata"].get(field)) is None:
            draft["metadata"].pop(field, None)
        else:
            draft["metadata"][field] = value
