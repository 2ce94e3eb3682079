"""Notices objects that are made again and again, each only to be deleted: pods that tolerate a taint for two seconds, say.

Nothing of it comes back to what it was, and the clock moves, so no count of writes tells it from work.  What tells it is the chain:
made after the last of its kind was deleted, deleted, and made again.  Who deletes is then not called for what this run has made.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from kplan.engine.queue import Item
from kplan.model.objects import Ref, controller_of, group_kind, is_deleting
from kplan.store.journal import CREATE, Write

MOST_LIVES = 20
"""How often an owner may lose what it made since it last lost something."""


@dataclass(slots=True)
class Churn:
    """What was made in this run, and how often it was in vain."""

    _made: dict[Ref, Write] = field(default_factory=dict)
    _lives: dict[Hashable, tuple[int, float]] = field(default_factory=dict)
    """Of each owner: how many lives there were, and when the last ended."""
    _stopped: set[int] = field(default_factory=set)

    def spares(self, item: Item) -> bool:
        """Whether a party is not called for this object: it has deleted too many like it."""
        return item[0] in self._stopped and item[1] in self._made

    def observe(self, write: Write, item: Item) -> tuple[Ref, Sequence[Write]] | None:
        """Take note of a write; whose object had a life too many, and how that began and ended."""
        if write.verb == CREATE:
            self._made[write.ref] = write
            return None
        if write.before is None or is_deleting(write.before) or not (write.after is None or is_deleting(write.after)):
            return None
        birth = self._made.get(write.ref)
        owner = controller_of(write.before)
        if birth is None or owner is None:
            return None
        lives, ended = self._lives.get(owner["uid"], (0, birth.at))
        if birth.at < ended:
            return None
        self._lives[owner["uid"]] = lives + 1, write.at
        if lives < MOST_LIVES:
            return None
        self._stopped.add(item[0])
        return Ref(group_kind(owner["apiVersion"], owner["kind"]), write.ref.namespace, owner["name"]), (birth, write)
