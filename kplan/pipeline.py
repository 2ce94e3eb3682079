"""The product in a few lines: a cluster is opened, something is done to it, it settles, the plan is read off.

    session = Session.open(objects, version="1.36")
    session.server.create(...)
    session.settle()
    plan = session.plan()
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from kplan.apiserver.server import USER, APIServer
from kplan.apiserver.stages import StageRecorder
from kplan.catalog.catalog import Catalog
from kplan.checks.contract import Subject, run_checks
from kplan.engine.contract import Controller, Options
from kplan.engine.discovery import discover
from kplan.engine.loop import Engine
from kplan.kubelet.kubelet import Kubelet
from kplan.load.documents import Document
from kplan.model.diagnostics import Diagnostic, Location
from kplan.model.instants import read_instant
from kplan.model.names import Names
from kplan.model.objects import Object, Ref, controller_of, get_in
from kplan.plan.plan import Change, Plan, Symbol, deletion_of, net_changes, unscheduled_pods
from kplan.plan.quality import quality_of
from kplan.plan.stages import held_against
from kplan.plan.waiting import waiting_pods
from kplan.store.journal import Write
from kplan.store.store import Store

EPOCH = 1767225600.0
"""2026-01-01T00:00:00Z: the present of a cluster that says nothing of time."""


@dataclass(slots=True)
class Session:
    """One simulated cluster and what is done to it."""

    catalog: Catalog
    store: Store
    server: APIServer
    engine: Engine
    cluster: str = ""
    diagnostics: list[Diagnostic] = field(default_factory=list)
    refusals: list[Change] = field(default_factory=list)
    unchanged: list[Ref] = field(default_factory=list)
    manifests: dict[Ref, Document] = field(default_factory=dict)
    """What the user wrote of an object."""
    replaced: dict[Ref, str] = field(default_factory=dict)
    """Why an object was deleted and created anew."""
    in_turn: bool = True
    """Whether pods are scheduled between two requests, as a real cluster may, or after the last, whatever their order."""
    assumed: str = ""
    """What was assumed of the cluster beyond what was given of it."""
    _begun: int = -1
    _pods: int = 0
    """How many pods there were before the user's first write."""

    @property
    def origins(self) -> dict[Ref, Location]:
        """Where the user wrote an object."""
        return {ref: document.locate() for ref, document in self.manifests.items()}

    @staticmethod
    def open(
        objects: Iterable[Object],
        *,
        version: str = "latest",
        options: Options | None = None,
        now: float | None = None,
        cluster: str = "",
        controllers: list[Controller] | None = None,
        stages: bool = False,
    ) -> Session:
        """A cluster that holds these objects, with every controller, the scheduler and the kubelets.

        With ``stages`` the journal also keeps which stage set which field.

        Raises: UnknownVersion.
        """
        options = options or Options()
        catalog = Catalog.at(version)
        present = list(objects)
        store = Store(present)
        moment = now if now is not None else latest_instant(present)
        server = APIServer(store, catalog, Names(options.seed, store.seq), now=moment, cloud=options.cloud)
        if stages:
            server.recorder = StageRecorder(store)
        engine = Engine(server, controllers if controllers is not None else participants(), options)
        return Session(catalog, store, server, engine, cluster)

    def begin(self) -> None:
        """Let the cluster do what it would do anyway; what comes after is the user's doing."""
        if self._begun < 0:
            self.engine.settle()
            self._begun = self.store.seq
            self._pods = len(self.store.objects("Pod"))

    def between(self) -> None:
        """Let the controllers react at once to what was just written, as they do between two requests of kubectl."""
        self.engine.drain(most_priority=1 if self.in_turn else 0)

    def settle(self, seconds: float | None = None) -> None:
        """Run to the fixed point; with ``seconds`` let that much time pass."""
        self.begin()
        until = self.server.now + seconds if seconds is not None else None
        self.engine.settle(until=until)

    def plan(self, *, checks: bool = True) -> Plan:
        """The plan of everything since :meth:`begin`; its risks, too, unless it has not settled yet."""
        journal = self.store.journal
        drift = [w for w in journal.writes if w.seq <= self._begun]
        since = list(journal.since(self._begun))
        mine, theirs = [w for w in since if w.actor == USER], [w for w in since if w.actor != USER]
        direct = [self._written(deletion_of(c, self.store.get(c.ref))) for c in net_changes(mine)]
        deleted = frozenset(c.ref for c in direct if c.symbol is Symbol.DELETE)
        touched = {c.ref for c in direct}
        unchanged = [
            Change(Symbol.UNCHANGED, r, self.store.get(r), self.store.get(r)) for r in dict.fromkeys(self.unchanged) if r not in touched
        ]
        pods = self.store.objects("Pod")
        plan = Plan(
            minor=self.catalog.minor,
            cluster=self.cluster,
            drift=tuple(net_changes(drift)),
            changes=(*direct, *unchanged, *self.refusals),
            consequences=tuple(net_changes(self._of_others(theirs, deleted))),
            diagnostics=tuple(self.diagnostics),
            unscheduled=tuple(unscheduled_pods(pods)),
            waiting=tuple(waiting_pods(self.store)),
            later=tuple(self.engine.later()),
            oscillations=tuple(self.engine.oscillations),
            quality=quality_of(self.store, self.catalog, self.engine.options, tuple(self.server.field_managers.unknown), self.assumed),
            ties=dict(self.engine.ties),
            journal=journal,
            events=tuple(journal.events),
            now=self.server.now,
            nodes=len(self.store.objects("Node")),
            pods=self._pods,
        )
        return replace(plan, diagnostics=(*plan.diagnostics, *self._findings(plan, since))) if checks else plan

    def _of_others(self, writes: Iterable[Write], deleted: frozenset[Ref]) -> list[Write]:
        """What others did, but for the end of what the user deleted; where they made it anew, that is theirs."""
        found: dict[Ref, list[Write]] = {}
        for write in writes:
            if write.before is None and write.ref in deleted:
                found[write.ref] = []
            found.setdefault(write.ref, []).append(write)
        return sorted((w for ref, run in found.items() if ref not in deleted or run[0].before is None for w in run), key=lambda w: w.seq)

    def _written(self, change: Change) -> Change:
        """A change by the user: why it replaces, and its stages held against the manifest where there is one."""
        if change.symbol is Symbol.REPLACE and change.ref in self.replaced:
            change = replace(change, message=self.replaced[change.ref])
        manifest = self.manifests.get(change.ref)
        if manifest is None or change.stages is None:
            return change
        return replace(change, stages=held_against(manifest.object, change.after, change.stages))

    def _findings(self, plan: Plan, since: list[Write]) -> list[Diagnostic]:
        """What the checks have to say of a plan that changes something."""
        if not plan.has_changes:
            return []
        before = self.store.snapshot()
        for write in reversed(since):
            if write.before is None:
                before.pop(write.ref, None)
            else:
                before[write.ref] = write.before
        return run_checks(discover("kplan.checks", "CHECK"), Subject(plan, self.store, before, self.manifests))


def participants() -> list[Controller]:
    """Every controller, the scheduler and the kubelets; found, not listed."""
    return [*discover("kplan.controllers", "CONTROLLER"), *discover("kplan.scheduler", "CONTROLLER"), Kubelet()]


def latest_instant(objects: Iterable[Object]) -> float:
    """A second after the last thing the cluster remembers; what it says is available has been ready for long enough."""
    present = list(objects)
    patience = {o["metadata"].get("uid"): seconds for o in present if (seconds := _patience(o))}
    latest = EPOCH
    for obj in present:
        stamps = [obj["metadata"].get("creationTimestamp"), obj["metadata"].get("deletionTimestamp")]
        conditions = [c for c in get_in(obj, ("status", "conditions")) or [] if isinstance(c, dict)]
        stamps += [c.get("lastTransitionTime") for c in conditions]
        latest = max(latest, *(read_instant(s) or 0.0 for s in stamps))
        if patience and obj.get("kind") == "Pod" and (owner := controller_of(obj)) is not None and owner.get("uid") in patience:
            since = max((read_instant(c.get("lastTransitionTime")) or 0.0 for c in conditions if c.get("type") == "Ready" and c.get("status") == "True"), default=0.0)
            latest = max(latest, since + patience[owner["uid"]])
    return latest + 1 if latest > EPOCH else latest


def _patience(owner: Object) -> float:
    """``minReadySeconds`` of an owner of whose ready pods all are available; else 0."""
    seconds, status = get_in(owner, ("spec", "minReadySeconds")), owner.get("status")
    if not isinstance(seconds, int) or not isinstance(status, Mapping):
        return 0.0
    ready, available = (("numberReady", "numberAvailable") if owner.get("kind") == "DaemonSet" else ("readyReplicas", "availableReplicas"))
    return float(seconds) if status.get(ready) == status.get(available) else 0.0
