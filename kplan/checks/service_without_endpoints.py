"""A Service that had ready endpoints has none any more, or a new one selects pods that are not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Path, Ref, get_in, labels_of, ref_of
from kplan.model.selectors import from_labels
from kplan.model.wording import count
from kplan.plan.reach import SLICE, ready_endpoints, slices_of
from kplan.store.view import select

_SELECTOR: Path = ("spec", "selector")
_COMPARE = "compare the selector with the labels of the pod template"
_Slices = Mapping[Ref, list[Object]]


def run(subject: Subject) -> Iterator[Finding]:
    """Every Service the plan touches or whose endpoints it changes."""
    touched = {c.ref for c in subject.plan.changes}
    slices = _slices_before(subject)
    for service in subject.view.objects("Service"):
        ref, selector = ref_of(service), get_in(service, ("spec", "selector"))
        if not selector:
            continue
        if ready_endpoints(subject.view, service):
            yield from _closed_ports(subject, service, None if ref in touched else _ports(slices.get(ref, ())))
            continue
        before = sum(get_in(e, ("conditions", "ready")) is not False for s in slices.get(ref, ()) for e in s.get("endpoints") or [])
        if before:
            yield Finding(ref, f"loses {_all_its(before)}", *_selector(subject, ref))
        elif ref in touched:
            pods = select(subject.view, "Pod", ref.namespace, from_labels(selector))
            words = ", ".join(f"{k}={v}" for k, v in sorted(selector.items()))
            if not pods:
                yield Finding(ref, f"selects no pod ({words})", _COMPARE, _SELECTOR)
            else:
                yield Finding(ref, f"has no ready endpoint: none of its {count(len(pods), 'pod')} is ready")


def _slices_before(subject: Subject) -> _Slices:
    """The slices each Service had."""
    found: dict[Ref, list[Object]] = {}
    for ref, piece in subject.before.items():
        if ref.kind == SLICE:
            found.setdefault(Ref("Service", ref.namespace, labels_of(piece).get("kubernetes.io/service-name", "")), []).append(piece)
    return found


def _closed_ports(subject: Subject, service: Object, before: set[str] | None) -> Iterator[Finding]:
    """The ports of a Service that no pod behind it has; where it is not the user's own, only those that some pod had before."""
    open_ports = _ports(slices_of(subject.view, service))
    for i, port in enumerate(get_in(service, ("spec", "ports")) or []):
        name = port.get("name") or ""
        if name not in open_ports and (before is None or name in before):
            words = f"its port {port['port']} leads nowhere: no container behind it has a port named {port.get('targetPort')}"
            yield Finding(ref_of(service), words, "compare targetPort with the names of the containers' ports", ("spec", "ports", i, "targetPort"))


def _all_its(endpoints: int) -> str:
    return "its only ready endpoint" if endpoints == 1 else f"all its {endpoints} ready endpoints"


def _ports(slices: Iterable[Object]) -> set[str]:
    return {p.get("name") or "" for s in slices for p in s.get("ports") or []}


def _selector(subject: Subject, service: Ref) -> tuple[str, Path]:
    """What to do and where, if it is the Service's own selector that was changed."""
    change = next((c for c in subject.plan.changes if c.ref == service), None)
    changed = change is not None and any(f.path[:2] == _SELECTOR for f in change.fields)
    return (_COMPARE, _SELECTOR) if changed else ("", ())


CHECK = Check("KP801", "a Service is left without ready endpoints", Severity.WARNING, run)
