"""The contract of everything that acts on the cluster: controllers, the scheduler, the kubelet.

A behaviour is a generator that reads a view and yields actions; it never writes.  The engine carries each action to the
API server and sends the answer back into the generator, so a refusal follows the same path as in a real controller.

    def reconcile(self, key, view, ctx):
        rs = view.get(key)
        ...
        outcome = yield Create(pod, because="too-few-replicas")
        if outcome.error: ...

One call takes one step and stops; the writes it made wake it again.  Level-triggered: only the key arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from kplan.apiserver.outcome import Outcome
from kplan.model.objects import Object, Ref
from kplan.store.journal import Write
from kplan.store.view import View

if TYPE_CHECKING:
    from kplan.catalog.gates import Gates
    from kplan.catalog.kinds import KindInfo
    from kplan.model.names import Names

Key = Hashable
"""What a controller reconciles: nearly always the Ref of an object of its main kind."""


@dataclass(frozen=True, slots=True)
class Create:
    """Create an object. With ``metadata.generateName`` the server draws the name from the plan's seed."""

    object: Object
    because: str


@dataclass(frozen=True, slots=True)
class Update:
    """Replace an object (same identity). ``subresource`` "status" changes only status, "scale" only the size, "" everything else.

    The object must be the current one with changes; the door leaves unchanged objects unwritten.
    """

    object: Object
    because: str
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete an object. ``propagation`` is Background, Foreground, Orphan or "" (the kind's default).

    ``grace`` in seconds (None: the kind's default; 0: at once). ``uid``: only if the object still has it.
    """

    ref: Ref
    because: str
    propagation: str = ""
    grace: int | None = None
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Bind:
    """Bind a pod to a node: the ``pods/binding`` subresource."""

    pod: Ref
    node: str
    because: str = "scheduled"
    tied: Sequence[str] = ()
    """All nodes that had the same top score, the chosen one included; one alone is certain."""


@dataclass(frozen=True, slots=True)
class Evict:
    """Evict a pod: the ``pods/eviction`` subresource, which asks the PodDisruptionBudgets."""

    pod: Ref
    because: str


@dataclass(frozen=True, slots=True)
class Emit:
    """Record a Kubernetes Event about an object."""

    ref: Ref
    reason: str
    message: str
    type: str = "Normal"


SHORT_SECONDS = 10.0
"""Who sets a deadline or a time to live this short wants to see it pass: longer ones are background timers."""


@dataclass(frozen=True, slots=True)
class Requeue:
    """Wake this controller again at an instant (``at``, seconds) or after a delay (``after``, seconds).

    ``background`` timers do not keep a plan from being settled; they are listed under "Later" with ``note`` and fire
    only within ``--for``.  ``key`` defaults to the key being reconciled.  A background timer that a later reconcile of its key
    does not ask for again, at the same instant, is over.
    """

    after: float | None = None
    at: float | None = None
    background: bool = False
    note: str = ""
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Noop:
    """Nothing is to be done, and why: a short reason in kebab case (``rollout-paused``)."""

    why: str


Action = Create | Update | Delete | Bind | Evict | Emit | Requeue | Noop
Steps = Generator[Action, Outcome, None]
"""What ``reconcile`` is: yields actions, is sent outcomes (for Emit, Requeue and Noop an empty Outcome)."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Which writes wake which keys: writes to ``kind`` (``*``: all kinds), mapped to keys by ``keys(write, view)``.

    Together the watches are also the causality map shown to people, so ``why`` names the relation.
    """

    kind: str
    keys: Callable[[Write, View], Iterable[Key]]
    why: str = ""


@dataclass(slots=True)
class Context:
    """What a behaviour may know besides the view."""

    now: float
    """Seconds since the epoch."""
    gates: Gates
    names: Names
    """Seeded random suffixes and UIDs."""
    options: Options
    kind_info: Callable[[str], KindInfo | None] = lambda _: None
    """How a kind (``Deployment.apps``) or a resource (``deployments.apps``) is stored; custom kinds included."""
    minor: str = "1.36"
    """The Kubernetes minor of the cluster."""
    resolve: Callable[[str, str], KindInfo | None] = lambda _, __: None
    """A kind in the API version that is named, as it is served."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked the model to assume."""

    assume: str = "running"
    """What new pods do unless annotated ``sim.kplan.dev/outcome``."""
    cloud: bool = False
    """A cloud controller gives load balancers their addresses."""
    metrics: Any = None
    scheduler_config: Any = None
    settle: float = 60.0
    """Foreground timers further away than this many seconds count as background."""
    seed: int = 0
    extra: dict[str, Any] = field(default_factory=dict)


class Controller(Protocol):
    """One control loop."""

    name: str
    """The actor in the journal, as kube-controller-manager names it: ``deployment-controller``."""
    watches: tuple[Watch, ...]
    priority: int
    """0 controllers, 1 the scheduler, 2 kubelets: at one instant the lower goes first."""

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Take one step towards the desired state of the object behind the key."""


def own_key(write: Write, _: View) -> Iterable[Key]:
    """Wakes the object itself."""
    return (write.ref,)


def controller_key(kind: str) -> Callable[[Write, View], Iterable[Key]]:
    """Wakes the controlling owner of a kind (``ReplicaSet.apps``), the one before and the one after the write."""

    short = kind.partition(".")[0]

    def keys(write: Write, _: View) -> Iterable[Key]:
        found = []
        for obj in (write.before, write.after):
            if obj is None:
                continue
            for owner in obj["metadata"].get("ownerReferences") or ():
                if owner.get("controller") and owner["kind"] == short:
                    ref = Ref(kind, write.ref.namespace, owner["name"])
                    if ref not in found:
                        found.append(ref)
        return found

    return keys
