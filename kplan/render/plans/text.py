"""The plan as people read it: what you wrote, what follows from it, what stays Pending, what comes later.

Colours are rich's; without a terminal, or with NO_COLOR, the same text comes plain.
"""

from __future__ import annotations

from collections import Counter

from kplan.model.diagnostics import Diagnostic, Severity
from kplan.model.instants import write_duration
from kplan.model.objects import Ref
from kplan.model.wording import count
from kplan.plan.plan import Plan, Symbol
from kplan.render import consequences
from kplan.render.canvas import Canvas
from kplan.render.wording import STYLES, alike, brief, fields, names, of_consequence


def render(plan: Plan, *, color: bool = False, quiet: bool = False, version: str = "", width: int = 0) -> str:
    """The whole plan as text; ``color`` adds terminal escapes."""
    canvas = Canvas(color, width)
    if not quiet:
        _head(canvas, plan, version)
    _drift(canvas, plan)
    _changes(canvas, plan, quiet)
    if not quiet:
        consequences.draw(canvas, plan)
    _trouble(canvas, plan)
    if not quiet:
        _later(canvas, plan)
        _quality(canvas, plan)
    _diagnostics(canvas, plan)
    _summary(canvas, plan)
    return canvas.text()


def _head(canvas: Canvas, plan: Plan, version: str) -> None:
    there = f"{count(plan.nodes, 'node')}, {count(plan.pods, 'pod')}"
    canvas.line(f"kplan {version} · Kubernetes {plan.minor} · cluster {plan.cluster or '-'} ({there})", "bold")


def _drift(canvas: Canvas, plan: Plan) -> None:
    rows = [c for c in plan.drift if c.symbol is not Symbol.UPDATE or any(of_consequence(f.path) for f in c.fields)]
    if rows:
        canvas.head("The cluster would do this anyway:")
        for c in rows:
            canvas.row(c.symbol.value, STYLES[c.symbol.value], str(c.ref), fields(c), f"({c.because.replace('-', ' ')})")


def _changes(canvas: Canvas, plan: Plan, quiet: bool) -> None:
    rows = [c for c in plan.changes if c.symbol is not Symbol.UNCHANGED and not (quiet and c.symbol is not Symbol.REFUSED)]
    if rows:
        canvas.head("Changes:")
    said = {d.ref for d in plan.diagnostics if d.severity is Severity.ERROR}
    for c in rows:
        canvas.row(c.symbol.value, STYLES[c.symbol.value], str(c.ref), fields(c) if c.before else "", "")
        if c.message and not (c.symbol is Symbol.REFUSED and c.ref in said):
            canvas.note(brief(c.message), "red")
    same = sum(c.symbol is Symbol.UNCHANGED for c in plan.changes)
    if same and not quiet:
        canvas.note(f"({same} unchanged)", "dim")


def _trouble(canvas: Canvas, plan: Plan) -> None:
    new = _touched(plan)
    pending = [(u.message, u.ref) for u in plan.unscheduled]
    _group(canvas, "Stays Pending:", [p for p in pending if p[1] in new], sum(p[1] not in new for p in pending))
    waiting = [(f"{w.reason}: {w.message}" if w.message else w.reason, w.ref) for w in plan.waiting]
    _group(canvas, "Cannot start:", [w for w in waiting if w[1] in new], sum(w[1] not in new for w in waiting))
    for o in plan.oscillations:
        canvas.head("Never comes to rest:")
        canvas.row("!", "red", str(o.ref), f"{' and '.join(o.writers)} {'keep' if len(o.writers) > 1 else 'keeps'} changing it", "")


def _touched(plan: Plan) -> set[Ref]:
    """What the plan brings about or changes; what else is in trouble was so before."""
    return {c.ref for c in (*plan.changes, *plan.consequences)}


def _group(canvas: Canvas, title: str, found: list[tuple[str, Ref]], before: int) -> None:
    if not found and not before:
        return
    canvas.head(title)
    for words, refs in alike(found):
        canvas.row("!", "red", names(refs), "", "")
        canvas.note(words, "red")
    if before:
        canvas.note(f"({count(before, 'other pod')} already before)", "dim")


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
    for d in sorted(plan.diagnostics, key=_least_first):
        where = f"{d.at}: " if d.at else ""
        style = {"error": "bold red", "warning": "yellow"}.get(str(d.severity), "dim")
        canvas.line(f"{where}{d.severity}: {brief(d.message)} [{d.code}]", style)
        if d.hint:
            canvas.note(d.hint, "dim")


def _least_first(d: Diagnostic) -> int:
    """The worst stands last, next to the summary, where a terminal leaves it in view."""
    return int(d.severity)


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
    canvas.line("Effects: " + (", ".join(_effects(plan)) or "none") + ".", "bold")


def _effects(plan: Plan) -> list[str]:
    """``+3/−3 pods``, ``+1 other object``: what does not occur is left out."""
    pods = Counter(c.symbol for c in plan.consequences if c.ref.kind == "Pod")
    others = Counter(c.symbol for c in consequences.rows(plan.consequences))
    parts = [_signed(pods, "pod", Symbol.CREATE, Symbol.DELETE), _signed(others, "other object", Symbol.CREATE, Symbol.UPDATE, Symbol.DELETE)]
    new = _touched(plan)
    if pending := sum(u.ref in new for u in plan.unscheduled):
        parts.append(f"{pending} Pending")
    if waiting := sum(w.ref in new for w in plan.waiting):
        parts.append(f"{waiting} cannot start")
    return [p for p in parts if p]


def _signed(n: Counter[Symbol], what: str, *symbols: Symbol) -> str:
    replaced = {Symbol.CREATE: n[Symbol.REPLACE], Symbol.DELETE: n[Symbol.REPLACE]}
    signs = {Symbol.CREATE: "+", Symbol.UPDATE: "~", Symbol.DELETE: "−"}
    counts = [(signs[s], n[s] + replaced.get(s, 0)) for s in symbols]
    text = "/".join(f"{sign}{k}" for sign, k in counts if k)
    return f"{text} {what if sum(k for _, k in counts) == 1 else what + 's'}" if text else ""


