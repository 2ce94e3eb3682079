"""Notices objects that never come to rest, and who keeps changing them.

Four signs: one object is written very often at one instant; several parties, in turn, bring an object back to what it was
before; what one party makes another ends, time and again (``churn.py``); or timers fire again and again, with no end of it,
while nothing but statuses changes.  Who takes part is not called again, so that every plan ends, and ends the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kplan.engine.churn import Churn
from kplan.engine.queue import Item
from kplan.model.objects import Object, Ref
from kplan.store.journal import UPDATE, Journal, Write

MOST_WRITES = 500
"""At one instant, of one object."""
RETURNS, RETURNS_OF_ONE = 3, 12
"""How often an object may be brought to the same state by several parties, and by a single one."""
MOST_IDLE_INSTANTS = 1000
"""How often timers may fire with nothing but statuses written."""
_QUOTED = 4
_BOOKKEEPING = frozenset(("generation", "resourceVersion", "managedFields"))


@dataclass(frozen=True, slots=True)
class Oscillation:
    """An object that one or more parties kept changing."""

    ref: Ref
    at: float
    writers: tuple[str, ...]
    last: tuple[Write, ...]


@dataclass(slots=True)
class _Turns:
    """Who changed one object, and what it was after each change."""

    parties: dict[Item, None] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)


@dataclass(slots=True)
class Unrest:
    """What is known of the run to the fixed point that is under way."""

    found: list[Oscillation] = field(default_factory=list)
    silenced: set[Item] = field(default_factory=set)
    """Who is not called any more."""
    _churn: Churn = field(default_factory=Churn)
    _written: Counter[Ref] = field(default_factory=Counter)
    _changed: Counter[Ref] = field(default_factory=Counter)
    _turns: dict[Ref, _Turns] = field(default_factory=dict)
    _idle: int = 0
    _statuses: list[Write] = field(default_factory=list)

    def begin(self, *, bounded: bool = False) -> None:
        """A run to the fixed point begins; or one to an instant, which ends by itself."""
        self._idle = 0
        self._churn = Churn(bounded)
        self._written.clear()
        self._changed.clear()
        self._turns.clear()

    def fires(self, due: Iterable[Item], *, moved: bool, bounded: bool) -> None:
        """Timers fire: the clock has moved, or not, and there is an end to its moving, or none."""
        if moved:
            self._written.clear()
            if bounded:
                return
        self._idle += 1
        if self._idle > MOST_IDLE_INSTANTS:
            self.silenced.update(due)
            if self._statuses:
                self._report(self._statuses[-1].ref, self._statuses)

    def silences(self, item: Item) -> bool:
        """Whether a party is not called (any more)."""
        return item in self.silenced or self._churn.spares(item)

    def observe(self, write: Write, item: Item | None, journal: Journal) -> bool:
        """Take note of a write by a party (None: the user); whether others are to hear of it."""
        ref = write.ref
        self._written[ref] += 1
        if self._written[ref] > MOST_WRITES:
            if self._written[ref] == MOST_WRITES + 1:
                self._report(ref, journal.of(ref))
            return False
        if item is not None and (life := self._churn.observe(write, item)) is not None:
            self._report(*life)
        if write.subresource == "status":
            if self._idle > MOST_IDLE_INSTANTS - _QUOTED:
                self._statuses.append(write)
            return True
        self._idle = 0
        self._statuses.clear()
        if write.verb == UPDATE and item is not None:
            self._take_turn(write, item)
        return True

    def _take_turn(self, write: Write, item: Item) -> None:
        """See whether the object is back, once more, where it was."""
        ref = write.ref
        self._changed[ref] += 1
        if self._changed[ref] <= RETURNS:
            return
        turns = self._turns.setdefault(ref, _Turns())
        turns.parties[item] = None
        turns.writes.append(write)
        most = RETURNS if len(turns.parties) > 1 else RETURNS_OF_ONE
        if len(turns.writes) < 2 * most or len(turns.writes) % most:
            return
        now = _state(write.after)
        if sum(_state(w.after) == now for w in turns.writes[-4 * most :]) >= most:
            self._report(ref, turns.writes)
            self.silenced.update(turns.parties)

    def _report(self, ref: Ref, writes: Sequence[Write]) -> None:
        last = tuple(writes[-_QUOTED:])
        if all(o.ref != ref for o in self.found):
            self.found.append(Oscillation(ref, last[-1].at, tuple(dict.fromkeys(w.actor for w in last)), last))


def _state(obj: Object | None) -> Any:
    """An object without what every write changes, and without its status."""
    assert obj is not None
    meta = {k: v for k, v in obj["metadata"].items() if k not in _BOOKKEEPING}
    return {**{k: v for k, v in obj.items() if k != "status"}, "metadata": meta}
