"""An Ingress leads to a Service or a port that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import ref_of
from kplan.plan.reach import routes


def run(subject: Subject) -> Iterator[Finding]:
    """Every Ingress the plan touches."""
    touched = {c.ref for c in subject.plan.changes}
    for ingress in subject.view.objects("Ingress.networking.k8s.io"):
        ref = ref_of(ingress)
        for route in routes(subject.view, ingress) if ref in touched else ():
            if route.problem and route.problem != "no endpoint is ready":
                yield Finding(ref, f"{route.where} leads to {route.service}:{route.port}, but {route.problem}", "", route.path)


CHECK = Check("KP403", "an Ingress leads nowhere", Severity.WARNING, run)
