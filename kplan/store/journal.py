"""The journal: every write to the cluster with who made it and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Union

from kplan.model.objects import Object, Ref

CREATE, UPDATE, DELETE = "create", "update", "delete"

Stages = Union[str, dict[str, "Stages"], list["Stages"]]  # noqa: UP007
"""Who set what of an object: a tree like it, in which the name of a stage stands for all that is below."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write. ``seq`` is also the object's resourceVersion; ``before`` is None on create, ``after`` on removal.

    ``because`` is a short reason in kebab case (``too-few-replicas``); ``woken_by`` is the seq of the write that woke
    the actor, 0 where the user did it or time passed.
    """

    seq: int
    at: float
    actor: str
    verb: str
    ref: Ref
    before: Object | None
    after: Object | None
    because: str
    woken_by: int
    subresource: str = ""
    stages: Stages | None = None
    """Which stage set which field of ``after``; None where nobody wanted to know."""
    about: Ref | None = None
    """What the actor was working at: the Deployment of a new ReplicaSet, the Namespace that is emptied."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a controller would have recorded as a Kubernetes Event."""

    at: float
    actor: str
    ref: Ref
    type: str
    reason: str
    message: str
    seq: int
    """The last write before it."""


@dataclass(slots=True)
class Journal:
    """All writes and events in the order in which they happened."""

    writes: list[Write] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def since(self, seq: int) -> Iterator[Write]:
        """The writes after that seq, oldest first."""
        low, high = 0, len(self.writes)
        while low < high:
            middle = (low + high) // 2
            if self.writes[middle].seq <= seq:
                low = middle + 1
            else:
                high = middle
        for i in range(low, len(self.writes)):
            yield self.writes[i]

    def of(self, ref: Ref) -> list[Write]:
        """The writes to one object, oldest first."""
        return [w for w in self.writes if w.ref == ref]
