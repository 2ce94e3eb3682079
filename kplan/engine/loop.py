"""The loop: wake, reconcile, write, wake — until nothing is left to do but what the clock will bring.

Everything that acts is a ``Controller`` (see ``contract``).  At one instant controllers go first, one key at a time; when
they are done the scheduler takes its queue, then the kubelets theirs as one wave.  When the present is empty the clock
jumps to the next foreground timer.

An object that never comes to rest is reported, and those who keep changing it are left alone (see ``unrest``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kplan.apiserver.outcome import Outcome
from kplan.apiserver.server import APIServer
from kplan.engine.contract import (
    Action,
    Bind,
    Context,
    Controller,
    Create,
    Delete,
    Emit,
    Evict,
    Key,
    Noop,
    Options,
    Requeue,
    Update,
)
from kplan.engine.queue import Item, Timers, WorkQueue
from kplan.engine.unrest import Oscillation, Unrest
from kplan.model.objects import Ref
from kplan.store.journal import CREATE, Event, Write

_NOTHING = Outcome(changed=False)


@dataclass(frozen=True, slots=True)
class Later:
    """Something the clock will bring: when, who, about what, and what for."""

    at: float
    actor: str
    key: Key
    note: str


@dataclass(slots=True)
class Engine:
    """One cluster in motion."""

    server: APIServer
    controllers: Sequence[Controller]
    options: Options = field(default_factory=Options)
    unrest: Unrest = field(default_factory=Unrest)
    idle: dict[tuple[str, Key], str] = field(default_factory=dict)
    """Why a controller last did nothing about a key."""
    ties: dict[Ref, Sequence[str]] = field(default_factory=dict)
    """Pods whose node was one of several equals."""
    _queue: WorkQueue = field(default_factory=WorkQueue)
    _timers: Timers = field(default_factory=Timers)
    _watchers: dict[str, list[tuple[int, object]]] = field(default_factory=dict)
    _acting: Item | None = None
    _set: set[Item] = field(default_factory=set)
    """The background timers that the reconcile under way has set: what it does not set again is over."""
    _started: bool = False
    _context: Context | None = None

    @property
    def oscillations(self) -> list[Oscillation]:
        """The objects that never come to rest."""
        return self.unrest.found

    def start(self) -> None:
        """Show every controller the cluster as it is, as an informer's first list does."""
        if self._started:
            return
        self._started = True
        server = self.server
        self._context = Context(
            server.now, server.catalog.gates, server.names, self.options, server.kind_info, server.catalog.minor, server.resolve
        )
        for i, controller in enumerate(self.controllers):
            for watch in controller.watches:
                self._watchers.setdefault(watch.kind, []).append((i, watch.keys))
            begin = getattr(controller, "start", None)
            if begin is not None:
                begin(server.view, self._context)
        for obj_kind in server.view.kinds():
            for obj in server.view.objects(obj_kind):
                ref = Ref(obj_kind, obj["metadata"].get("namespace") or "", obj["metadata"]["name"])
                self._wake(Write(0, server.now, "", CREATE, ref, None, obj, "initial", 0))
        server.store.observers.append(self._observe)
        for controller in self.controllers:
            observe = getattr(controller, "observe", None)
            if observe is not None:
                server.store.observers.append(observe)

    def settle(self, *, until: float | None = None) -> None:
        """Run to the fixed point; with ``until`` (an instant) let background timers up to it fire as well."""
        self.start()
        self.unrest.begin(bounded=until is not None)
        while True:
            self.drain()
            horizon = until if until is not None else float("inf")
            at = self._timers.next_instant(horizon, background=until is not None)
            if at is None:
                break
            self._advance(at, bounded=until is not None)
        if until is not None and until > self.server.now:
            self._advance(until, bounded=True)

    def drain(self, most_priority: int = 9) -> None:
        """Do all there is to do at this instant."""
        self.start()
        while self._queue:
            priority, wave = self._queue.wave()
            if priority > most_priority:
                for item, cause in wave:
                    self._queue.add(priority, item, cause)
                return
            for item, cause in wave:
                self._reconcile(item, cause)

    def later(self) -> list[Later]:
        """What the clock will bring, soonest first."""
        return [Later(t.at, self.controllers[t.item[0]].name, t.item[1], t.note) for t in self._timers.pending() if t.note]

    # -- inside --------------------------------------------------------------------------------------------------

    def _advance(self, at: float, *, bounded: bool) -> None:
        due = self._timers.due(at)
        moved = at > self.server.now
        self.unrest.fires((timer.item for timer in due), moved=moved, bounded=bounded)
        if moved:
            self.server.now = at
            if self._context is not None:
                self._context.now = at
        for timer in due:
            self._queue.add(self.controllers[timer.item[0]].priority, timer.item, timer.cause)

    def _observe(self, write: Write) -> None:
        if self.unrest.observe(write, self._acting, self.server.store.journal):
            self._wake(write)

    def _wake(self, write: Write) -> None:
        for kind in (write.ref.kind, "*"):
            for i, keys in self._watchers.get(kind, ()):
                for key in keys(write, self.server.view):  # type: ignore[operator]
                    self._queue.add(self.controllers[i].priority, (i, key), write.seq)

    def _reconcile(self, item: Item, cause: int) -> None:
        if self.unrest.silences(item):
            return
        index, key = item
        controller, self._acting = self.controllers[index], item
        assert self._context is not None
        self.server.woken_by, self.server.about = cause, key if isinstance(key, Ref) else None
        steps = controller.reconcile(key, self.server.view, self._context)
        self._set.clear()
        try:
            action = next(steps)
            while True:
                action = steps.send(self._carry_out(action, controller, item, cause))
        except StopIteration:
            if item not in self._set:
                self._timers.drop_background(item)
        finally:
            self._acting = None
            self.server.woken_by, self.server.about = 0, None

    def _carry_out(self, action: Action, controller: Controller, item: Item, cause: int) -> Outcome:
        server, actor = self.server, controller.name
        match action:
            case Create(obj, because):
                return server.create(obj, actor=actor, because=because)
            case Update(obj, because, subresource):
                return server.update(obj, actor=actor, because=because, subresource=subresource)
            case Delete(ref, because, propagation, grace, uid):
                return server.delete(ref, actor=actor, because=because, propagation=propagation, grace=grace, uid=uid)
            case Bind(pod, node, because, tied):
                if len(tied) > 1:
                    self.ties[pod] = tied
                return server.bind(pod, node, actor=actor, because=because)
            case Evict(pod, because):
                return server.evict(pod, actor=actor, because=because)
            case Emit(ref, reason, message, kind):
                event = Event(server.now, actor, ref, kind, reason, message, server.store.seq)
                server.store.journal.events.append(event)
            case Requeue():
                self._set_timer(action, item, cause)
            case Noop(why):
                self.idle[(actor, item[1])] = why
        return _NOTHING

    def _set_timer(self, action: Requeue, item: Item, cause: int) -> None:
        now = self.server.now
        at = action.at if action.at is not None else now + (action.after or 0.0)
        background = action.background or at - now > self.options.settle
        target = item if action.key is None else (item[0], action.key)
        if background:
            if target == item and target not in self._set:
                self._timers.drop_background(item)
            self._set.add(target)
        if at <= now and not background:
            self._queue.add(self.controllers[item[0]].priority, target, cause)
            return
        self._timers.set(at, target, background=background, note=action.note, cause=cause)
