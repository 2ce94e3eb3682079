"""A Service that had ready endpoints has none any more, or a new one selects pods that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Path, Ref, get_in, labels_of, ref_of
from kplan.model.selectors import from_labels
from kplan.plan.reach import SLICE, ready_endpoints, slices_of
from kplan.store.view import select

_SELECTOR: Path = ("spec", "selector")
_COMPARE = "compare the selector with the labels of the pod template"


def run(subject: Subject) -> Iterator[Finding]:
    """Every Service the plan touches or whose endpoints it changes."""
    touched = {c.ref for c in subject.plan.changes}
    for service in subject.view.objects("Service"):
        ref, selector = ref_of(service), get_in(service, ("spec", "selector"))
        if not selector:
            continue
        if ready_endpoints(subject.view, service):
            if ref in touched:
                yield from _closed_ports(subject, service)
            continue
        before = _ready_before(subject, ref)
        if before:
            yield Finding(ref, f"loses all its {before} ready endpoints", *_selector(subject, ref))
        elif ref in touched:
            pods = select(subject.view, "Pod", ref.namespace, from_labels(selector))
            words = ", ".join(f"{k}={v}" for k, v in sorted(selector.items()))
            if not pods:
                yield Finding(ref, f"selects no pod ({words})", _COMPARE, _SELECTOR)
            else:
                yield Finding(ref, f"has no ready endpoint: none of its {len(pods)} pods is ready")


def _closed_ports(subject: Subject, service: Object) -> Iterator[Finding]:
    """The ports of a Service that no pod behind it has."""
    open_ports = {p.get("name") or "" for s in slices_of(subject.view, service) for p in s.get("ports") or []}
    for i, port in enumerate(get_in(service, ("spec", "ports")) or []):
        if (port.get("name") or "") not in open_ports:
            words = f"its port {port['port']} leads nowhere: no container behind it has a port named {port.get('targetPort')}"
            yield Finding(ref_of(service), words, "compare targetPort with the names of the containers' ports", ("spec", "ports", i, "targetPort"))


def _selector(subject: Subject, service: Ref) -> tuple[str, Path]:
    """What to do and where, if it is the Service's own selector that was changed."""
    change = next((c for c in subject.plan.changes if c.ref == service), None)
    changed = change is not None and any(f.path[:2] == _SELECTOR for f in change.fields)
    return (_COMPARE, _SELECTOR) if changed else ("", ())


def _ready_before(subject: Subject, service: Ref) -> int:
    return sum(
        get_in(e, ("conditions", "ready")) is not False
        for ref, piece in subject.before.items()
        if ref.kind == SLICE and ref.namespace == service.namespace and labels_of(piece).get("kubernetes.io/service-name") == service.name
        for e in piece.get("endpoints") or []
    )


CHECK = Check("KP801", "a Service is left without ready endpoints", Severity.WARNING, run)
