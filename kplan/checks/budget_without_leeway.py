"""A PodDisruptionBudget lets no pod go, or protects none."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.apiserver.eviction import PDB, budgets_of
from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Path, get_in, labels_of, name_of, ref_of
from kplan.model.selectors import from_label_selector
from kplan.plan.plan import Symbol
from kplan.store.view import select

_SELECTOR: Path = ("spec", "selector")
_LEEWAY = "a drain of their nodes would never end: ask for fewer, or run more"


def run(subject: Subject) -> Iterator[Finding]:
    """Every budget the user writes, and every other that lets no pod go any more, whatever their health."""
    written = {c.ref for c in subject.plan.changes if c.symbol not in (Symbol.REFUSED, Symbol.UNCHANGED)}
    for budget in subject.view.objects(PDB):
        ref = ref_of(budget)
        if ref in written:
            yield from _written(subject, budget)
        elif _is_rigid(budget) and (before := subject.before.get(ref)) is not None and get_in(before, ("status", "disruptionsAllowed")):
            yield Finding(ref, _rigid(budget), _LEEWAY)


def _written(subject: Subject, budget: Object) -> Iterator[Finding]:
    ref = ref_of(budget)
    pods = select(subject.view, "Pod", ref.namespace, from_label_selector(get_in(budget, _SELECTOR)))
    if not pods:
        hint = "compare the selector with the labels of the pod template"
        yield Finding(ref, "selects no pod: it protects nothing", hint, _SELECTOR)
        return
    failed = next((c for c in get_in(budget, ("status", "conditions")) or [] if c.get("reason") == "SyncFailed"), None)
    if failed is not None:
        yield Finding(ref, f"lets no pod be evicted, for it cannot be counted: {failed.get('message')}")
    elif not get_in(budget, ("status", "expectedPods")):
        hint = "an integer for minAvailable counts the pods there are"
        yield Finding(ref, "lets no pod be evicted: its pods have no controller that says how many they shall be", hint, ("spec",))
    elif _is_rigid(budget):
        field = "maxUnavailable" if get_in(budget, ("spec", "maxUnavailable")) is not None else "minAvailable"
        yield Finding(ref, _rigid(budget), _LEEWAY, ("spec", field))
    shared = next((p for p in pods if len(budgets_of(subject.view, p)) > 1), None)
    if shared is not None:
        others = ", ".join(name_of(b) for b in budgets_of(subject.view, shared) if name_of(b) != ref.name)
        words = f"selects pods of another budget, too ({others}), such as {name_of(shared)}: pods with two budgets cannot be evicted at all"
        yield Finding(ref, words, f"let one of them select other labels than {_spelled(shared)}", _SELECTOR)


def _is_rigid(budget: Object) -> bool:
    """Whether all its pods have to be healthy, so that none may go even if all are."""
    expected, desired = (get_in(budget, ("status", field)) or 0 for field in ("expectedPods", "desiredHealthy"))
    return 0 < expected <= desired


def _rigid(budget: Object) -> str:
    expected, desired = (get_in(budget, ("status", field)) for field in ("expectedPods", "desiredHealthy"))
    return f"lets none of its pods be evicted: {desired} of {expected} must stay healthy"


def _spelled(pod: Object) -> str:
    return ",".join(f"{k}={v}" for k, v in sorted(labels_of(pod).items()) if not k.endswith("-hash"))


CHECK = Check("KP806", "a disruption budget that lets no pod go, or protects none", Severity.WARNING, run)
