"""What follows from your changes: the controllers' objects, their pods by node, the Services' endpoints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from kplan.model.objects import Object, Ref, controller_of, get_in, group_kind
from kplan.model.wording import count
from kplan.plan.explain import by_seq
from kplan.plan.plan import Change, Plan, Symbol
from kplan.render.canvas import Canvas
from kplan.render.wording import STYLES, fields, of_consequence

SLICE = "EndpointSlice.discovery.k8s.io"
_QUIET_KINDS = frozenset(("Endpoints", SLICE, "Event", "Lease.coordination.k8s.io", "IPAddress.networking.k8s.io"))
_NOBODY = Ref("", "", "")
_DISTURBANCES = {
    "preempted": "preempted by pods of higher priority",
    "node-is-tainted": "evicted from a tainted node",
    "node-is-gone": "the node is gone",
    "devices-are-tainted": "evicted from tainted devices",
}
"""What drives pods away that their owners want, by the reason of the write."""


def rows(changes: Iterable[Change]) -> list[Change]:
    """The changes that are worth a line: pods are told under their owners, endpoints under their Services."""
    return [
        c
        for c in changes
        if c.ref.kind != "Pod" and c.ref.kind not in _QUIET_KINDS and (c.symbol is not Symbol.UPDATE or any(of_consequence(f.path) for f in c.fields))
    ]


def draw(canvas: Canvas, plan: Plan) -> None:
    """The section, where there is anything to tell."""
    pods, told, endpoints = _pod_lines(plan), rows(plan.consequences), _endpoints(plan)
    if not told and not pods and not endpoints:
        return
    canvas.head("Because of this:")
    causes = _Causes(plan)
    for c in told:
        canvas.row(c.symbol.value, STYLES[c.symbol.value], str(c.ref), fields(c, of_consequence) if c.before else "", causes.of(c))
        _pods(canvas, pods.pop(c.ref, ()))
    for owner, lines in pods.items():
        canvas.row(" ", "", str(owner) if owner.name else "Pods without an owner", "", "")
        _pods(canvas, lines)
    for text in endpoints:
        canvas.row(" ", "", text, "", "")


def _pods(canvas: Canvas, lines: Iterable[tuple[str, str]]) -> None:
    for text, style in lines:
        canvas.note(text, style)


def _pod_lines(plan: Plan) -> dict[Ref, list[tuple[str, str]]]:
    """What is to be told of pods, by their owners."""
    groups = _PodGroups(plan)
    return {owner: lines for owner in groups.owners if (lines := groups.lines(owner))}


class _PodGroups:
    """The pods that come, go and change, gathered under their owners."""

    def __init__(self, plan: Plan) -> None:
        self.owners: dict[Ref, list[Change]] = {}
        self._ties = plan.ties
        for c in plan.consequences:
            if c.ref.kind == "Pod":
                self.owners.setdefault(_owner(c), []).append(c)
        now = {c.ref: c.after for c in plan.consequences}
        for c in plan.changes:
            if c.ref.kind == "Pod" and c.symbol in (Symbol.CREATE, Symbol.REPLACE):
                self.owners.setdefault(_NOBODY, []).append(replace(c, after=now.get(c.ref, c.after)))

    def lines(self, owner: Ref) -> list[tuple[str, str]]:
        """The lines of one owner."""
        found = self.owners[owner]
        made = [c for c in found if c.symbol in (Symbol.CREATE, Symbol.REPLACE)]
        gone = [c for c in found if c.symbol is Symbol.DELETE]
        stuck = [c for c in found if c.symbol is Symbol.UPDATE and _is_deleting(c.after) and not _is_deleting(c.before)]
        unready = [c for c in found if c.symbol is Symbol.UPDATE and _is_ready(c.before) and not _is_ready(c.after) and c not in stuck]
        lines = []
        if made:
            lines.append((f"{count(len(made), 'pod')} created: {self._places(made)}", "green"))
        for why, some in self._by_disturbance(gone).items():
            lines.append((f"{count(len(some), 'pod')} removed{why}: {_by_node(some, 'from')}", "red"))
        if unready:
            lines.append((f"{count(len(unready), 'pod')} no longer ready: {_by_node(unready, 'on')}", "yellow"))
        if stuck:
            lines.append((f"{count(len(stuck), 'pod')} being deleted, and still there: {_by_node(stuck, 'on')}", "yellow"))
        return lines

    @staticmethod
    def _by_disturbance(gone: list[Change]) -> dict[str, list[Change]]:
        """The pods that go, by what drives them away, where it is not their owner."""
        found: dict[str, list[Change]] = {}
        for c in gone:
            found.setdefault(f" ({_DISTURBANCES[c.because]})" if c.because in _DISTURBANCES else "", []).append(c)
        return found

    def _places(self, made: list[Change]) -> str:
        where = Counter(str(get_in(c.after, ("spec", "nodeName"), "")) for c in made)
        parts = [f"{n} → {node}" for node, n in sorted(where.items()) if node]
        if where.get(""):
            parts.append(f"{where['']} Pending")
        ties = [len(self._ties[c.ref]) for c in made if len(self._ties.get(c.ref, ())) > 1]
        which = "or" if len(ties) == len(made) else f"{len(ties)} of them could be on"
        return ", ".join(parts) + (f" ({which} any of {max(ties)} equal nodes)" if ties else "")


def _by_node(pods: Iterable[Change], word: str) -> str:
    nodes = Counter(str(get_in(c.before, ("spec", "nodeName"), "no node")) for c in pods)
    return ", ".join(f"{n} {word} {node}" for node, n in sorted(nodes.items()))


def _is_deleting(pod: Object | None) -> bool:
    return pod is not None and "deletionTimestamp" in pod["metadata"]


def _is_ready(pod: Object | None) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in get_in(pod, ("status", "conditions")) or ())


class _Causes:
    def __init__(self, plan: Plan) -> None:
        self._index = by_seq(plan.journal)

    def of(self, change: Change) -> str:
        """``(Deployment shop/web: new template)``: what the actor was working at, or what woke it."""
        woken = self._index.get(change.woken_by)
        reason = change.because.replace("-", " ")
        for ref in (change.about, woken.ref if woken is not None else None):
            if ref is not None and ref != change.ref:
                return f"({ref}: {reason})"
        return f"({reason})" if reason else ""


def _owner(change: Change) -> Ref:
    obj = change.after if change.after is not None else change.before
    owner = controller_of(obj) if obj is not None else None
    return _NOBODY if owner is None else Ref(group_kind(owner["apiVersion"], owner["kind"]), change.ref.namespace, owner["name"])


def _endpoints(plan: Plan) -> list[str]:
    """One line a Service whose ready endpoints change, or get fewer for a time."""
    before, after = _Counts(), _Counts()
    for c in plan.consequences:
        if c.ref.kind == SLICE:
            before.set(c.ref, c.before)
            after.set(c.ref, c.after)
    lowest = _lowest(plan, before)
    out = []
    for key in sorted(before.services | after.services):
        was, now, least = before.of(key), after.of(key), lowest.get(key, 0)
        if was == now and least >= was > 0:
            continue
        what = count(now, "ready endpoint") if was == now or not was else f"{was} → {count(now, 'ready endpoint')}"
        meanwhile = f", at times only {least}" if least < min(was, now) else ""
        out.append(f"Service {key[0]}/{key[1]}: {what}{meanwhile}")
    return out


class _Counts:
    """Ready endpoints, slice by slice, summed up by Service."""

    def __init__(self) -> None:
        self._ready: dict[Ref, int] = {}
        self._service: dict[Ref, tuple[str, str]] = {}

    @property
    def services(self) -> set[tuple[str, str]]:
        """The Services seen."""
        return set(self._service.values())

    def set(self, ref: Ref, piece: Object | None) -> tuple[str, str] | None:
        """Take a slice as it now is; which Service it belongs to."""
        if piece is not None:
            self._service[ref] = (ref.namespace, (piece["metadata"].get("labels") or {}).get("kubernetes.io/service-name", ref.name))
        self._ready[ref] = 0 if piece is None else sum(get_in(e, ("conditions", "ready")) is not False for e in piece.get("endpoints") or [])
        return self._service.get(ref)

    def of(self, service: tuple[str, str]) -> int:
        """The ready endpoints of a Service."""
        return sum(n for ref, n in self._ready.items() if self._service.get(ref) == service)


def _lowest(plan: Plan, counts: _Counts) -> dict[tuple[str, str], int]:
    """The fewest ready endpoints each Service has on the way."""
    begun = min((c.cause for c in plan.changes if c.cause), default=0)
    now, lowest = _Counts(), {key: counts.of(key) for key in counts.services}
    touched = {c.ref: c.before for c in plan.consequences if c.ref.kind == SLICE}
    for ref, piece in touched.items():
        now.set(ref, piece)
    for write in plan.journal.since(begun):
        if write.ref in touched and (service := now.set(write.ref, write.after)) is not None:
            lowest[service] = min(lowest.get(service, now.of(service)), now.of(service))
    return lowest
