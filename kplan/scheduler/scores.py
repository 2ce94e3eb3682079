"""Score states that several plugins share."""

from __future__ import annotations

from kplan.scheduler.framework import MAX_NODE_SCORE, Ints, Locality, Mask, Rows


class StaticScore:
    """A raw score that follows from the nodes alone, scaled by the greatest among the feasible.

    Mirrors: pkg/scheduler/framework/plugins/helper/normalize_score.go (1.36)
    """

    locality: Locality = "none"

    def __init__(self, raw: Ints, *, reverse: bool) -> None:
        self.raw = raw
        self._reverse = reverse
        self._all_zero = not raw.any()
        self._scaled: dict[int, Ints] = {}

    def score(self, rows: Rows) -> None:
        """Nothing that happens to pods changes the score."""

    def normalize(self, feasible: Mask, count: int) -> Ints | int:
        """Scale to 0…100; ``reverse`` makes the greatest the worst."""
        greatest = 0 if self._all_zero else int(self.raw.max(initial=0, where=feasible))
        if greatest == 0:
            return MAX_NODE_SCORE if self._reverse else 0
        scaled = self._scaled.get(greatest)
        if scaled is None:
            scaled = MAX_NODE_SCORE * self.raw // greatest
            self._scaled[greatest] = scaled = MAX_NODE_SCORE - scaled if self._reverse else scaled
        return scaled
