"""The plan as people read it: what you wrote, what follows from it, what stays Pending, what comes later.

Colours are rich's; without a terminal, or with NO_COLOR, the same text comes plain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from kplan.model.diagnostics import Severity
from kplan.model.instants import write_duration
from kplan.model.objects import Object, Ref, controller_of, get_in
from kplan.plan.diff import ABSENT, FieldChange
from kplan.plan.explain import by_seq
from kplan.plan.masking import mask_change
from kplan.plan.plan import Change, Plan, Symbol
from kplan.render.canvas import Canvas

FIELDS_SHOWN = 6
VALUE_WIDTH = 40
_STYLES = {"+": "green", "~": "yellow", "-": "red", "-/+": "magenta", "!": "bold red", "=": "dim"}
_QUIET_KINDS = frozenset(("Endpoints", "EndpointSlice.discovery.k8s.io", "Event", "Lease.coordination.k8s.io"))


def render(plan: Plan, *, color: bool = False, quiet: bool = False, version: str = "", width: int = 0) -> str:
    """The whole plan as text; ``color`` adds terminal escapes."""
    canvas = Canvas(color, width)
    if not quiet:
        _head(canvas, plan, version)
    _drift(canvas, plan)
    _changes(canvas, plan, quiet)
    if not quiet:
        _consequences(canvas, plan)
    _trouble(canvas, plan)
    if not quiet:
        _later(canvas, plan)
        _quality(canvas, plan)
    _diagnostics(canvas, plan)
    _summary(canvas, plan)
    return canvas.text()


def _head(canvas: Canvas, plan: Plan, version: str) -> None:
    canvas.line(f"kplan {version} · Kubernetes {plan.minor} · cluster {plan.cluster or '-'} ({plan.nodes} nodes, {plan.pods} pods)", "bold")


def _drift(canvas: Canvas, plan: Plan) -> None:
    rows = [c for c in plan.drift if not _only_status(c)]
    if rows:
        canvas.head("The cluster would do this anyway:")
        for c in rows:
            canvas.row(c.symbol.value, _STYLES[c.symbol.value], str(c.ref), _fields(c), f"({c.because.replace('-', ' ')})")


def _changes(canvas: Canvas, plan: Plan, quiet: bool) -> None:
    rows = [c for c in plan.changes if c.symbol is not Symbol.UNCHANGED and not (quiet and c.symbol is not Symbol.REFUSED)]
    if rows:
        canvas.head("Changes:")
    for c in rows:
        canvas.row(c.symbol.value, _STYLES[c.symbol.value], str(c.ref), _fields(c) if c.before else "", "")
        if c.message:
            canvas.note(c.message, "red")
    same = sum(c.symbol is Symbol.UNCHANGED for c in plan.changes)
    if same and not quiet:
        canvas.note(f"({same} unchanged)", "dim")


def _consequences(canvas: Canvas, plan: Plan) -> None:
    groups = _PodGroups(plan)
    rows = [c for c in plan.consequences if c.ref.kind != "Pod" and not _only_status(c) and c.ref.kind not in _QUIET_KINDS]
    endpoints = _endpoints(plan)
    if not rows and not groups.owners and not endpoints:
        return
    canvas.head("Because of this:")
    causes = _Causes(plan)
    for c in rows:
        canvas.row(c.symbol.value, _STYLES[c.symbol.value], str(c.ref), _fields(c) if c.before else "", causes.of(c))
        _pods(canvas, groups.take(c.ref))
    for owner in list(groups.owners):
        lines = groups.take(owner)
        if lines:
            canvas.row(" ", "", str(owner) if owner.name else "Pods without an owner", "", "")
            _pods(canvas, lines)
    for text in endpoints:
        canvas.row(" ", "", text, "", "")


def _pods(canvas: Canvas, lines: Iterable[tuple[str, str]]) -> None:
    for text, style in lines:
        canvas.note(text, style)


class _PodGroups:
    """The pods that come, go and change, gathered under their owners."""

    def __init__(self, plan: Plan) -> None:
        self.owners: dict[Ref, list[Change]] = {}
        self._ties = plan.ties
        for c in plan.consequences:
            if c.ref.kind == "Pod":
                self.owners.setdefault(_owner(c), []).append(c)
        for c in plan.changes:
            if c.ref.kind == "Pod" and c.symbol is Symbol.CREATE:
                self.owners.setdefault(Ref("", "", ""), []).append(c)

    def take(self, owner: Ref) -> list[tuple[str, str]]:
        """The lines of one owner, who is then done with."""
        found = self.owners.pop(owner, [])
        made = [c for c in found if c.symbol in (Symbol.CREATE, Symbol.REPLACE)]
        gone = [c for c in found if c.symbol is Symbol.DELETE]
        lines = []
        if made:
            lines.append((f"{_count(len(made), 'pod')} created: {self._places(made)}", "green"))
        if gone:
            nodes = Counter(str(get_in(c.before, ("spec", "nodeName"), "no node")) for c in gone)
            lines.append((f"{_count(len(gone), 'pod')} removed: " + ", ".join(f"{n} from {node}" for node, n in sorted(nodes.items())), "red"))
        return lines

    def _places(self, made: list[Change]) -> str:
        where = Counter(str(get_in(c.after, ("spec", "nodeName"), "")) for c in made)
        parts = [f"{n} → {node}" for node, n in sorted(where.items()) if node]
        ties = [len(self._ties[c.ref]) for c in made if len(self._ties.get(c.ref, ())) > 1]
        if ties:
            parts.append(f"{len(ties)} of them could as well be on any of up to {max(ties)} equal nodes")
        if where.get(""):
            parts.append(f"{where['']} Pending")
        return ", ".join(parts)


class _Causes:
    def __init__(self, plan: Plan) -> None:
        self._index = by_seq(plan.journal)

    def of(self, change: Change) -> str:
        """``(Deployment shop/web: new template)``."""
        woken = self._index.get(change.woken_by)
        reason = change.because.replace("-", " ")
        return f"({woken.ref}: {reason})" if woken is not None and woken.ref != change.ref else f"({reason})" if reason else ""


def _endpoints(plan: Plan) -> list[str]:
    """One line a Service whose ready endpoints change."""
    before: Counter[tuple[str, str]] = Counter()
    after: Counter[tuple[str, str]] = Counter()
    for c in plan.consequences:
        if c.ref.kind != "EndpointSlice.discovery.k8s.io":
            continue
        for side, into in ((c.before, before), (c.after, after)):
            if side is not None:
                service = (side["metadata"].get("labels") or {}).get("kubernetes.io/service-name", side["metadata"]["name"])
                into[(c.ref.namespace, service)] += _ready(side)
    out = []
    for key in sorted(set(before) | set(after)):
        was, now = before[key], after[key]
        what = f"{now} ready endpoints" if was == now or not was else f"{was} → {now} ready endpoints"
        out.append(f"Service {key[0]}/{key[1]}: {what}")
    return out


def _ready(piece: Object) -> int:
    return sum(get_in(e, ("conditions", "ready")) is not False for e in piece.get("endpoints") or [])


def _trouble(canvas: Canvas, plan: Plan) -> None:
    if plan.unscheduled:
        canvas.head("Stays Pending:")
        for words, refs in _alike((u.message, u.ref) for u in plan.unscheduled):
            canvas.row("!", "red", _names(refs), "", "")
            canvas.note(words, "red")
    if plan.waiting:
        canvas.head("Cannot start:")
        for words, refs in _alike((f"{w.reason}: {w.message}" if w.message else w.reason, w.ref) for w in plan.waiting):
            canvas.row("!", "red", _names(refs), "", "")
            canvas.note(words, "red")
    for o in plan.oscillations:
        canvas.head("Never comes to rest:")
        canvas.row("!", "red", str(o.ref), f"{' and '.join(o.writers)} keep changing it", "")


def _later(canvas: Canvas, plan: Plan) -> None:
    notes: dict[tuple[float, str], int] = {}
    for item in plan.later:
        subject = str(item.key) if isinstance(item.key, Ref) else ""
        notes.setdefault((item.at, f"{item.note} ({subject})" if subject else item.note), 0)
    if notes:
        canvas.head("Later:")
        for (at, text), _ in sorted(notes.items())[:20]:
            canvas.note(f"in {write_duration(max(0.0, at - plan.now))}: {text}", "cyan")
        if len(notes) > 20:
            canvas.note(f"… and {len(notes) - 20} more", "dim")


def _quality(canvas: Canvas, plan: Plan) -> None:
    canvas.blank()
    canvas.line("Assumed: " + "; ".join(plan.quality.assumed) + ".", "dim")
    for text in plan.quality.not_modelled:
        canvas.line(f"Not modelled: {text}.", "dim")


def _diagnostics(canvas: Canvas, plan: Plan) -> None:
    if plan.diagnostics:
        canvas.blank()
    for d in plan.diagnostics:
        where = f"{d.at}: " if d.at else ""
        style = {"error": "bold red", "warning": "yellow"}.get(str(d.severity), "dim")
        canvas.line(f"{where}{d.severity}: {d.message} [{d.code}]", style)
        if d.hint:
            canvas.note(d.hint, "dim")


def _summary(canvas: Canvas, plan: Plan) -> None:
    canvas.blank()
    if not plan.has_changes:
        if any(d.severity is Severity.ERROR for d in plan.diagnostics):
            canvas.line("Nothing is planned: see the errors above.", "bold red")
        else:
            canvas.line("No changes. The cluster matches the manifests.", "bold green")
        return
    n = Counter(c.symbol for c in plan.changes)
    line = (
        f"Plan: {n[Symbol.CREATE]} to add, {n[Symbol.UPDATE]} to change, {n[Symbol.REPLACE]} to replace, {n[Symbol.DELETE]} to destroy"
        + (f", {n[Symbol.REFUSED]} refused" if n[Symbol.REFUSED] else "")
        + "."
    )
    canvas.line(line, "bold")
    pods = Counter(c.symbol for c in plan.consequences if c.ref.kind == "Pod")
    effects = [f"+{pods[Symbol.CREATE] + pods[Symbol.REPLACE]}/−{pods[Symbol.DELETE] + pods[Symbol.REPLACE]} pods"]
    others = Counter(c.symbol for c in plan.consequences if c.ref.kind != "Pod" and not _only_status(c))
    effects.append(f"+{others[Symbol.CREATE]}/~{others[Symbol.UPDATE]}/−{others[Symbol.DELETE]} other objects")
    if plan.unscheduled:
        effects.append(f"{len(plan.unscheduled)} Pending")
    if plan.waiting:
        effects.append(f"{len(plan.waiting)} cannot start")
    canvas.line("Effects: " + ", ".join(effects) + ".", "bold")


def _owner(change: Change) -> Ref:
    obj = change.after if change.after is not None else change.before
    owner = controller_of(obj) if obj is not None else None
    if owner is None:
        return Ref("", "", "")
    group = owner["apiVersion"].rpartition("/")[0]
    return Ref(f"{owner['kind']}.{group}" if group else owner["kind"], change.ref.namespace, owner["name"])


def _only_status(change: Change) -> bool:
    return change.symbol is Symbol.UPDATE and all(f.path[0] == "status" or f.path[:2] == ("metadata", "annotations") for f in change.fields)


def _fields(change: Change) -> str:
    """``[~spec.replicas 4→6  +metadata.labels.tier]``."""
    shown = [mask_change(change.ref.kind, f) for f in change.fields if f.path[0] != "status"]
    parts = [_field(f) for f in shown[:FIELDS_SHOWN]]
    if len(shown) > FIELDS_SHOWN:
        parts.append(f"… {len(shown) - FIELDS_SHOWN} more")
    return f"[{'  '.join(parts)}]" if parts else ""


def _field(change: FieldChange) -> str:
    if change.before is ABSENT:
        return f"+{change.text} {_value(change.after)}".rstrip()
    if change.after is ABSENT:
        return f"-{change.text}"
    return f"~{change.text} {_value(change.before)}→{_value(change.after)}"


def _value(value: Any) -> str:
    if isinstance(value, Mapping) or (isinstance(value, list) and value):
        return ""
    text = str(value).replace("\n", "⏎")
    return text if len(text) <= VALUE_WIDTH else text[: VALUE_WIDTH - 1] + "…"


def _alike(pairs: Iterable[tuple[str, Ref]]) -> list[tuple[str, list[Ref]]]:
    groups: dict[str, list[Ref]] = {}
    for words, ref in pairs:
        groups.setdefault(words, []).append(ref)
    return list(groups.items())


def _names(refs: list[Ref]) -> str:
    shown = ", ".join(str(r) for r in refs[:3])
    return shown if len(refs) <= 3 else f"{shown} and {len(refs) - 3} more"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
