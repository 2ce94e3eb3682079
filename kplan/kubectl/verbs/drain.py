"""``kubectl drain``: empty a node, pod after pod, as the disruption budgets allow.

Every pod is evicted at once; one that a budget holds is tried again every five seconds, while the others' replacements
become ready and give the budget room again.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/drain/drain.go, pkg/drain/drain.go (1.36)
Differs: where nothing can change any more, the command ends as if the time had run out; the real one waits for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kplan.kubectl.client import CLIENT, SERVER, Client
from kplan.kubectl.command import Command
from kplan.kubectl.cordon import cordon, find_nodes
from kplan.kubectl.failure import AnyFailure, Failure, Failures, aggregate, of_status
from kplan.kubectl.flags import BOOL, DRY_RUN, DURATION, INT, SELECTOR, flag
from kplan.kubectl.info import Info, printed_name
from kplan.kubectl.podfilters import Filters, Judged, judge_all
from kplan.model.objects import Object, Ref, is_deleting, labels_of, name_of, namespace_of, uid_of
from kplan.model.selectors import EVERYTHING, Selector, parse_selector
from kplan.store.view import pods_on

FLAGS = (
    DRY_RUN,
    SELECTOR,
    flag("force", BOOL),
    flag("ignore-daemonsets", BOOL),
    flag("delete-emptydir-data", BOOL),
    flag("grace-period", INT, default=-1),
    flag("timeout", DURATION),
    flag("pod-selector"),
    flag("disable-eviction", BOOL),
    flag("skip-wait-for-delete-timeout", INT),
    flag("chunk-size", INT, default=500),
)
RETRY_AFTER = 5.0
NAMESPACE_GOES = "NamespaceTerminating"
FOR_EVER = "2562047h47m16.854775807s"
"""How Go writes the longest duration there is."""


def run(command: Command) -> AnyFailure | None:
    """Drain nodes, one after the other."""
    a, screen = command.arguments, command.client.screen
    try:
        selector = parse_selector(a["pod-selector"]) if a["pod-selector"] else EVERYTHING
    except ValueError:
        return Failure("--pod-selector=<pod_selector> must be a valid label selector")
    nodes = find_nodes(command, "drain NODE")
    if not isinstance(nodes, list):
        return nodes
    cordon(command, nodes, True)
    fatal, remaining = [], []
    for info in nodes:
        error = _drain(command, info, selector)
        if error is None:
            screen.say(printed_name(info.object or {}, "drained", command.dry_run))
        else:
            screen.complain(f'error: unable to drain node "{info.name}" due to error: {error}, continuing command...')
            fatal.append(error)
            remaining.append(info.name)
    if remaining:
        screen.complain("There are pending nodes to be drained:")
        for name in remaining:
            screen.complain(f" {name}")
    return aggregate(fatal)


def _judged(command: Command, node: str, selector: Selector) -> Judged:
    a, view = command.arguments, command.client.server.view
    filters = Filters(view, a["force"], a["ignore-daemonsets"], a["delete-emptydir-data"])
    return judge_all(filters, (p for p in pods_on(view, node) if selector.matches(labels_of(p))))


def _drain(command: Command, info: Info, selector: Selector) -> Failures | None:
    screen = command.client.screen
    judged = _judged(command, info.name, selector)
    if judged.errors:
        return aggregate(judged.errors)
    if judged.warnings:
        screen.complain(f"Warning: {judged.warnings}")
    if command.dry_run == CLIENT:
        for pod in judged.doomed:
            screen.say(f"evicting pod {namespace_of(pod)}/{name_of(pod)} (dry run)")
        return None
    removal = Removal(command, command.arguments["timeout"])
    error = removal.delete(judged.doomed) if command.arguments["disable-eviction"] else removal.evict(judged.doomed)
    if error is None:
        return None
    pending = _judged(command, info.name, selector)
    if pending.doomed and not pending.errors:
        screen.complain(f'There are pending pods in node "{info.name}" when an error occurred: {error}')
        for pod in pending.doomed:
            screen.complain(f"pod/{name_of(pod)}")
    return error


@dataclass(slots=True)
class Removal:
    """Takes pods away and waits until they are gone."""

    command: Command
    timeout: float
    """Seconds; 0: as long as it takes."""
    errors: list[Failure] = field(default_factory=list)

    @property
    def client(self) -> Client:
        """The command's client."""
        return self.command.client

    def evict(self, pods: list[Object]) -> Failures | None:
        """Evict pods, again and again where a budget holds them."""
        held, passed = pods, 0.0
        while held:
            over = self.timeout and passed > self.timeout
            before = self.client.server.view.seq
            evicted, held = self._round(held, over=bool(over))
            if self.command.dry_run == SERVER:
                break
            self.client.settle()
            self._await(evicted, "evicted")
            if not held:
                break
            self.client.pause(RETRY_AFTER)
            passed += RETRY_AFTER
            if not self.timeout and not evicted and self.client.server.view.seq == before:
                self._time_out(held)
                break
            held = [self._fresh(pod) for pod in held]
        return aggregate(self.errors)

    def _round(self, pods: list[Object], *, over: bool) -> tuple[list[Object], list[Object]]:
        """Try each pod once: (those evicted, those a budget holds)."""
        evicted: list[Object] = []
        held: list[Object] = []
        grace = self.command.arguments["grace-period"]
        note = " (server dry run)" if self.command.dry_run == SERVER else ""
        for pod in pods:
            namespace, name = namespace_of(pod), name_of(pod)
            self.client.screen.say(f"evicting pod {namespace}/{name}{note}")
            if over:
                self._time_out([pod])
                continue
            outcome = self.client.evict(namespace, name, grace=grace if grace >= 0 else None, dry_run=self.command.dry_run)
            error = outcome.error
            if error is None:
                evicted.append(pod)
                self.client.held.pop(_ref(pod), None)
            elif error.code == 429:
                held.append(pod)
                self.client.held[_ref(pod)] = error
                self.client.screen.complain(f'error when evicting pods/"{name}" -n "{namespace}" (will retry after 5s): {error.message}')
            elif any(cause.reason == NAMESPACE_GOES for cause in error.causes):
                # A pod that goes already is waited for; another one will go with its namespace.
                (evicted if is_deleting(pod) else held).append(pod)
                if not is_deleting(pod):
                    said = f'error when evicting pod "{name}" from terminating namespace "{namespace}" (will retry after 5s): {error.message}'
                    self.client.screen.complain(said)
            elif error.reason != "NotFound":
                self.errors.append(Failure(f'error when evicting pods/"{name}" -n "{namespace}": {error.message}'))
        return evicted, held

    def _time_out(self, pods: list[Object]) -> None:
        limit = _go_duration(self.timeout)
        for pod in pods:
            said = f'error when evicting pods/"{name_of(pod)}" -n "{namespace_of(pod)}": global timeout reached: {limit}'
            self.errors.append(Failure(said))

    def delete(self, pods: list[Object]) -> Failures | None:
        """Delete pods without asking budgets (``--disable-eviction``)."""
        grace = self.command.arguments["grace-period"]
        kind = self.client.server.catalog.kind("v1", "Pod")
        for pod in pods:
            if kind is None:
                continue
            outcome = self.client.delete(kind, namespace_of(pod), name_of(pod), grace=grace if grace >= 0 else None, dry_run=self.command.dry_run)
            if outcome.error is not None and outcome.error.reason != "NotFound":
                return Failures((of_status(outcome.error),))
        if self.command.dry_run != SERVER:
            self.client.settle()
            self._await(pods, "deleted")
        return aggregate(self.errors)

    def _await(self, pods: list[Object], done: str) -> None:
        for pod in pods:
            now = self.client.server.view.get(_ref(pod))
            if now is None or uid_of(now) != uid_of(pod):
                self.client.screen.say(printed_name(pod, done, self.command.dry_run))
            else:
                said = f'error when waiting for pod "{name_of(pod)}" in namespace "{namespace_of(pod)}" to terminate: context deadline exceeded'
                self.errors.append(Failure(said if done == "evicted" else "context deadline exceeded"))

    def _fresh(self, pod: Object) -> Object:
        return self.client.server.view.get(_ref(pod)) or pod


def _ref(pod: Object) -> Ref:
    return Ref("Pod", namespace_of(pod), name_of(pod))


def _go_duration(seconds: float) -> str:
    """A duration as Go prints it: ``12s``, ``1m30s``, ``2h0m0s``."""
    if not seconds:
        return FOR_EVER
    whole = int(seconds)
    fraction = f"{seconds - whole:.9f}".rstrip("0").lstrip("0").rstrip(".") if seconds != whole else ""
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    text = f"{rest}{fraction}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return f"{hours}h{text}" if hours else text
