"""A manifest refers to an object that is neither in the input nor in the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Path, Ref
from kplan.plan.plan import Symbol
from kplan.store.relations import BINDS, edges_of


def run(subject: Subject) -> Iterator[Finding]:
    """What the user wrote, and what it names that is not there. A route of an Ingress is another check's business."""
    for change in subject.plan.changes:
        if change.after is None or change.symbol is Symbol.REFUSED:
            continue
        missing: list[Ref] = []
        now = subject.view.get(change.ref) or change.after
        for relation, target, optional in edges_of(subject.view, now):
            routed = change.ref.kind.startswith("Ingress.") and target.kind == "Service"
            if not optional and relation != BINDS and not routed and target not in missing and subject.view.get(target) is None:
                missing.append(target)
        for target in missing:
            yield Finding(change.ref, f"refers to {target}, which does not exist", "", _path_to(change.after, target))


def _path_to(obj: Object, target: Ref) -> Path:
    """Where an object names another: a field of that value whose path speaks of the kind, else any."""
    named = [p for field, value in obj.items() if field not in ("metadata", "status") for p in _naming(value, target.name, (field,))]
    kind = target.short_kind.lower().removeprefix("persistentvolume")
    fitting = [path for path in named if kind in "/".join(map(str, path)).lower()]
    return next(iter(fitting or named), ())


def _naming(value: Any, name: str, path: Path) -> Iterator[Path]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _naming(inner, name, (*path, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _naming(inner, name, (*path, i))
    elif value == name and str(path[-1]).lower().endswith("name"):
        yield path


CHECK = Check("KP404", "a reference to something that does not exist", Severity.WARNING, run)
