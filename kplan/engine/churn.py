"""Notices objects that are made again and again, each only to end: pods that tolerate a taint for two seconds, or that no node takes.

Nothing of it comes back to what it was, and the clock moves, so no count of writes tells it from work.  What tells it is the chain:
made after the last of its kind was deleted or has failed, ended like it, and made again.  Who ends them is then not called for
what the owner has made in this run.  Jobs count failures themselves.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from kplan.engine.queue import Item
from kplan.model.objects import EMPTY, Ref, controller_of, get_in, group_kind, is_deleting
from kplan.store.journal import CREATE, Write

MOST_LIVES, MOST_FAILURES = 20, 5
"""How often an owner may lose what it made since it last lost something, by deletion, or because it failed."""


@dataclass(slots=True)
class Churn:
    """What was made in this run, and how often it was in vain."""

    bounded: bool = False
    """There is an end to the clock's moving: then deletions end by themselves; failures are too many long before."""
    _made: dict[Ref, Write] = field(default_factory=dict)
    _lives: dict[Hashable, tuple[int, float]] = field(default_factory=dict)
    """Of each owner: how many lives there were, and when the last ended."""
    _stopped: set[tuple[int, Hashable]] = field(default_factory=set)
    """Who has ended too much of which owner."""

    def spares(self, item: Item) -> bool:
        """Whether a party is not called for this object: it has ended too many like it."""
        if not self._stopped or not isinstance(item[1], Ref) or (birth := self._made.get(item[1])) is None:
            return False
        owner = controller_of(birth.after or EMPTY)
        return owner is not None and (item[0], owner["uid"]) in self._stopped

    def observe(self, write: Write, item: Item) -> tuple[Ref, Sequence[Write]] | None:
        """Take note of a write; whose object had a life too many, and how that began and ended."""
        if write.verb == CREATE:
            self._made[write.ref] = write
            return None
        most = _most_of(write)
        if write.before is None or not most or (self.bounded and most == MOST_LIVES):
            return None
        birth = self._made.get(write.ref)
        owner = controller_of(write.before)
        if birth is None or owner is None or (most == MOST_FAILURES and owner["kind"] == "Job"):
            return None
        lives, ended = self._lives.get(owner["uid"], (0, birth.at))
        if birth.at < ended:
            return None
        self._lives[owner["uid"]] = lives + 1, write.at
        if lives < most:
            return None
        self._stopped.add((item[0], owner["uid"]))
        return Ref(group_kind(owner["apiVersion"], owner["kind"]), write.ref.namespace, owner["name"]), (birth, write)


def _most_of(write: Write) -> int:
    """How many ends like this there may be; 0 where the write is none."""
    before, after = write.before, write.after
    if before is None or is_deleting(before):
        return 0
    if after is None or is_deleting(after):
        return MOST_LIVES
    failed = get_in(after, ("status", "phase")) == "Failed" != get_in(before, ("status", "phase"))
    return MOST_FAILURES if failed and write.ref.kind == "Pod" else 0
