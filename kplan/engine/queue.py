"""Work queues: what is to be reconciled now, and what at a later instant.

Mirrors: staging/src/k8s.io/client-go/util/workqueue/{queue,delaying_queue}.go (1.36)
Differs: one heap for all controllers; time jumps to the next timer when nothing is left to do now.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field

from kplan.engine.contract import Key

Item = tuple[int, Key]
"""(index of the controller, key)."""


@dataclass(order=True, slots=True)
class Timer:
    """A wake-up call. Ordered by instant, then by the order in which it was set."""

    at: float
    seq: int
    item: Item = field(compare=False)
    background: bool = field(compare=False, default=False)
    note: str = field(compare=False, default="")
    cause: int = field(compare=False, default=0)


class WorkQueue:
    """The present, first in first out and each key once; keyed by priority so that a whole wave is taken at a time."""

    def __init__(self) -> None:
        self._waiting: dict[int, deque[Item]] = {}
        self._causes: dict[Item, int] = {}

    def add(self, priority: int, item: Item, cause: int) -> None:
        """Queue a key unless it waits already; the first cause is kept."""
        if item not in self._causes:
            self._causes[item] = cause
            self._waiting.setdefault(priority, deque()).append(item)

    def wave(self) -> tuple[int, list[tuple[Item, int]]]:
        """All that waits at the most urgent priority, with causes; empty where nothing waits."""
        for priority in sorted(self._waiting):
            line = self._waiting[priority]
            if line:
                if priority == 0:
                    taken = [line.popleft()]
                else:
                    taken = list(line)
                    line.clear()
                return priority, [(item, self._causes.pop(item)) for item in taken]
        return -1, []

    def __bool__(self) -> bool:
        return bool(self._causes)


class Timers:
    """The future. Of one key's timers the earliest counts, foreground and background apart."""

    def __init__(self) -> None:
        self._heap: list[Timer] = []
        self._live: dict[tuple[Item, bool], Timer] = {}
        self._seq = 0

    def set(self, at: float, item: Item, *, background: bool, note: str, cause: int) -> None:
        """Set a timer, or bring a later one of the same key forward."""
        key = (item, background)
        known = self._live.get(key)
        if known is not None and known.at <= at:
            return
        self._seq += 1
        timer = Timer(at, self._seq, item, background, note, cause)
        self._live[key] = timer
        heapq.heappush(self._heap, timer)

    def drop_background(self, item: Item) -> None:
        """Forget the background timer of a key: nobody waits for it any more."""
        self._live.pop((item, True), None)

    def next_instant(self, until: float, *, background: bool) -> float | None:
        """The instant of the next timer up to ``until``; background ones count only where asked for."""
        best = None
        for (_, is_background), timer in self._live.items():
            if (background or not is_background) and timer.at <= until and (best is None or timer.at < best):
                best = timer.at
        return best

    def due(self, now: float) -> list[Timer]:
        """Take out every timer that is due, in order: background ones, too, that the clock has reached for other reasons."""
        due = []
        while self._heap and self._heap[0].at <= now:
            timer = heapq.heappop(self._heap)
            if self._live.get((timer.item, timer.background)) is timer:
                del self._live[(timer.item, timer.background)]
                due.append(timer)
        return due

    def pending(self) -> list[Timer]:
        """The timers that are left, in order."""
        return sorted(self._live.values())
