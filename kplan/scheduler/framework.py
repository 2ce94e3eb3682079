"""The scheduling framework: what a plugin is, and the words it answers with.

A plugin looks at a pod once (``pre_filter``, ``pre_score``) and answers with a *state* that judges all nodes at a time, as
columns, and can judge single rows again after a placement.  What a plugin has it says by having the method:

    pre_filter  → Skip, Refused, or a FilterState          (the pod alone; then filter over rows)
    pre_score   → Skip, or a ScoreState                    (score over rows, then normalize over the feasible)
    reserve, post_filter, pre_enqueue                      where it has something to do there

``locality`` says what a placement can change of a state's verdict: nothing ("none"), only the row it happened on
("row"), every row of its topology domain ("domain"), or anything ("cluster").

Mirrors: staging/src/k8s.io/kube-scheduler/framework/interface.go, pkg/scheduler/framework/interface.go (1.36)
Differs: nodes are rows of columns and a plugin judges many at once; there is no Permit, and binding is the engine's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from kplan.scheduler.cluster import Cluster
    from kplan.scheduler.pods import PodInfo

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
Ids = NDArray[np.int32]
RowList = NDArray[np.intp]
Rows = RowList | slice
ALL = slice(None)
"""Every row."""

Locality = Literal["none", "row", "domain", "cluster"]

MAX_NODE_SCORE = 100


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a plugin refuses a node, in its own words. ``resolvable``: evicting pods there might help."""

    reasons: tuple[str, ...]
    resolvable: bool = True


@dataclass(frozen=True, slots=True)
class Skip:
    """The plugin has nothing to say about this pod."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The pod cannot be placed anywhere, whatever the nodes are like."""

    reasons: tuple[str, ...]
    resolvable: bool = False


SKIP = Skip()


class SchedulingError(Exception):
    """What the real scheduler reports as an error rather than a verdict; the message is its own."""

    def of(self, plugin: str) -> SchedulingError:
        """The error as the framework tells it: which plugin it came from, and where that was asked."""
        return SchedulingError(f'running PreFilter plugin "{plugin}": {self}')


class FilterError(SchedulingError):
    """An error that comes up while a node is looked at."""

    def of(self, plugin: str) -> SchedulingError:
        """The error as the framework tells it: which plugin it came from."""
        return SchedulingError(f'running "{plugin}" filter plugin: {self}')


class FilterState(Protocol):
    """One plugin's verdict on all nodes for one pod. Code 0 passes; any other is looked up with ``refusal``.

    A state may have ``node_names``: the only nodes worth looking at (None: no such limit).
    """

    locality: Locality
    codes: Ids

    def filter(self, rows: Rows) -> None:
        """Judge these rows (again)."""

    def refusal(self, code: int) -> Refusal:
        """The words behind a code."""


class ScoreState(Protocol):
    """One plugin's raw score of all nodes for one pod.

    Where they are relative to the other feasible nodes, it is a :class:`RelativeScoreState`.
    """

    locality: Locality
    raw: Ints

    def score(self, rows: Rows) -> None:
        """Score these rows (again)."""


@runtime_checkable
class RelativeScoreState(ScoreState, Protocol):
    """A score state whose scores are relative to the other feasible nodes."""

    def normalize(self, feasible: Mask, count: int) -> Ints | int:
        """Scores of 0 to 100 for all rows; what stands at infeasible rows does not matter. One number: all alike."""


class Plugin(Protocol):
    """Anything the framework can run; see the module for the methods it may have."""

    name: str


@runtime_checkable
class PreFilterPlugin(Protocol):
    """Refuses nodes (or the pod)."""

    name: str

    def pre_filter(self, pod: PodInfo, cluster: Cluster) -> Skip | Refused | FilterState:
        """Look at the pod; all rows of the state are judged before it is returned."""


@runtime_checkable
class PreScorePlugin(Protocol):
    """Scores nodes."""

    name: str

    def pre_score(self, pod: PodInfo, cluster: Cluster) -> Skip | ScoreState:
        """Look at the pod; all rows of the state are scored before it is returned."""


class ConstantState:
    """A filter state that depends on nodes only, with one refusal."""

    locality: Locality = "none"

    def __init__(self, refused: Mask, refusal: Refusal) -> None:
        self.codes: Ids = refused.astype(np.int32)
        self._refusal = refusal

    def filter(self, rows: Rows) -> None:
        """Nothing that happens to pods changes the verdict."""

    def refusal(self, code: int) -> Refusal:
        """The only one."""
        return self._refusal


def default_normalize(raw: Ints, feasible: Mask, *, reverse: bool) -> Ints | int:
    """Scale to 0…100 by the greatest feasible score; ``reverse`` makes the greatest the worst.

    Mirrors: pkg/scheduler/framework/plugins/helper/normalize_score.go
    """
    greatest = int(raw.max(initial=0, where=feasible))
    if greatest == 0:
        return MAX_NODE_SCORE if reverse else 0
    scaled = MAX_NODE_SCORE * raw // greatest
    return MAX_NODE_SCORE - scaled if reverse else scaled


_EXACT = 1 << 46


def quotient(dividend: Ints, divisor: Ints) -> Ints:
    """Integer division, rounded down, of what may be negative by what is positive.

    Floats divide five times faster.  As long as divisors stay below 2⁴⁶ and quotients below 128, a quotient that is no
    integer is further from the next one than a float can be wrong, so rounding down is exact.
    """
    if dividend.size > 16 and int(divisor.max()) < _EXACT and int(dividend.max()) < 1 << 53:
        return np.floor(dividend / divisor).astype(np.int64)
    return dividend // divisor


def truncate(values: NDArray[np.float64]) -> Ints:
    """Go's int64(float): towards zero."""
    return values.astype(np.int64)


def round_half_away(values: NDArray[np.float64]) -> Ints:
    """Go's math.Round of values that are not negative."""
    whole = np.floor(values)
    whole += (values - whole) >= 0.5
    return whole.astype(np.int64)
