"""The plan: what you wrote, what follows from it, what the cluster would have done anyway.

A plan is a reading of the journal: the user's writes are its *changes*; the net effect of everybody else's writes after
them its *consequences*; the net effect of the writes before them its *drift*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from kplan.engine.loop import Later
from kplan.engine.unrest import Oscillation
from kplan.model.diagnostics import Diagnostic
from kplan.model.objects import Object, Ref, finalizers_of, get_in, is_deleting
from kplan.plan.diff import FieldChange, changes
from kplan.store.journal import Event, Journal, Stages, Write

FORMAT_VERSION = "1.1"


class Symbol(Enum):
    """What happens to an object; the value is what is printed before it."""

    CREATE = "+"
    UPDATE = "~"
    DELETE = "-"
    REPLACE = "-/+"
    REFUSED = "!"
    UNCHANGED = "="

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions a machine reads; a replace is a delete and a create."""
        return _ACTIONS[self.name]


_ACTIONS: dict[str, tuple[str, ...]] = {
    "CREATE": ("create",),
    "UPDATE": ("update",),
    "DELETE": ("delete",),
    "REPLACE": ("delete", "create"),
    "REFUSED": ("refused",),
    "UNCHANGED": ("no-op",),
}


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one object. ``because`` is the reason of its telling write, ``cause`` that write's seq."""

    symbol: Symbol
    ref: Ref
    before: Object | None
    after: Object | None
    fields: tuple[FieldChange, ...] = ()
    because: str = ""
    actor: str = ""
    cause: int = 0
    woken_by: int = 0
    message: str = ""
    """Why it was refused or replaced, or what holds it back."""
    stages: Stages | None = None
    """Which stage set which field of ``after``, where that was recorded."""
    about: Ref | None = None
    """What the actor was working at."""


@dataclass(frozen=True, slots=True)
class Unscheduled:
    """A pod that stays Pending without a node, in the scheduler's own words."""

    ref: Ref
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pod that has a node but cannot start, and what it waits for."""

    ref: Ref
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Quality:
    """How far the plan can be trusted: what was assumed, and what is not modelled."""

    assumed: tuple[str, ...] = ()
    not_modelled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer to: what will this cluster look like after this, and why?"""

    minor: str
    cluster: str
    drift: tuple[Change, ...] = ()
    changes: tuple[Change, ...] = ()
    consequences: tuple[Change, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    unscheduled: tuple[Unscheduled, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    later: tuple[Later, ...] = ()
    oscillations: tuple[Oscillation, ...] = ()
    quality: Quality = Quality()
    ties: Mapping[Ref, Sequence[str]] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)
    events: tuple[Event, ...] = ()
    now: float = 0.0
    nodes: int = 0
    pods: int = 0

    @property
    def has_changes(self) -> bool:
        """Whether the cluster would be any different for it."""
        return any(c.symbol is not Symbol.UNCHANGED for c in self.changes) or bool(self.consequences)

    @property
    def refused(self) -> tuple[Change, ...]:
        """What the API server would refuse."""
        return tuple(c for c in self.changes if c.symbol is Symbol.REFUSED)


def net_changes(writes: Iterable[Write]) -> list[Change]:
    """The net effect of a run of writes, one change an object, in the order of the first write to each.

    Objects that come and go in between are left out, and so are those that end as they began.
    """
    runs: dict[Ref, list[Write]] = {}
    for w in writes:
        runs.setdefault(w.ref, []).append(w)
    found = [one_change(ref, run) for ref, run in runs.items()]
    return [change for change in found if change is not None]


def one_change(ref: Ref, writes: Sequence[Write]) -> Change | None:
    """The net effect of the writes to one object; None where there is none worth telling."""
    before, after = writes[0].before, writes[-1].after
    if before is None and after is None:
        return None
    fields: tuple[FieldChange, ...] = ()
    if before is None or after is None:
        symbol = Symbol.CREATE if before is None else Symbol.DELETE
    else:
        same = before["metadata"].get("uid") == after["metadata"].get("uid")
        symbol = Symbol.UPDATE if same else Symbol.REPLACE
        fields = tuple(changes(before, after, status=True))
        if not fields:
            return None
    cause = telling(writes)
    stages, about = writes[-1].stages, cause.about
    return Change(symbol, ref, before, after, fields, cause.because, cause.actor, cause.seq, cause.woken_by, stages=stages, about=about)


def telling(writes: Sequence[Write]) -> Write:
    """The first write that changes what is wanted, else the first that is not about what was seen, else the first."""
    wanting = [w for w in writes if w.subresource not in ("status", "binding")]
    return next((w for w in wanting if _changes_what_is_wanted(w)), wanting[0] if wanting else writes[0])


def _changes_what_is_wanted(write: Write) -> bool:
    """Whether an object comes, goes, is to go, or has another spec; labels and annotations are bookkeeping where there is more."""
    before, after = write.before, write.after
    return before is None or after is None or before.get("spec") != after.get("spec") or is_deleting(before) != is_deleting(after)


def deletion_of(change: Change, now: Object | None) -> Change:
    """A change by the user as what it comes to: an object that was marked for deletion and is gone was deleted."""
    if change.symbol is not Symbol.UPDATE or change.after is None or change.before is None:
        return change
    if not is_deleting(change.after) or is_deleting(change.before):
        return change
    if now is None or now["metadata"].get("uid") != change.before["metadata"].get("uid"):
        return replace(change, symbol=Symbol.DELETE, after=None, fields=(), stages=None)
    held = ", ".join(finalizers_of(now))
    return replace(change, message=f"is deleted, but held by its finalizers: {held}" if held else "is being deleted")


def unscheduled_pods(pods: Iterable[Object]) -> list[Unscheduled]:
    """The pods without a node, with the scheduler's words where it has spoken."""
    out = []
    for pod in pods:
        if get_in(pod, ("spec", "nodeName")) or get_in(pod, ("status", "phase")) in ("Succeeded", "Failed"):
            continue
        said: Mapping[str, str] = next((c for c in get_in(pod, ("status", "conditions")) or [] if c["type"] == "PodScheduled"), {})
        ref = Ref("Pod", pod["metadata"].get("namespace") or "", pod["metadata"]["name"])
        reason = said.get("reason") or "NotScheduled"
        out.append(Unscheduled(ref, reason, said.get("message") or _silence(pod)))
    return out


def _silence(pod: Object) -> str:
    """What is to be said where the scheduler said nothing."""
    name = get_in(pod, ("spec", "schedulerName"), "default-scheduler")
    return f"no scheduler named {name} has taken it up"
