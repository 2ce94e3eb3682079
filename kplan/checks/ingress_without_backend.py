"""An Ingress leads to a Service or a port that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import Ref, ref_of
from kplan.plan.plan import Symbol
from kplan.plan.reach import Route, offers, routes

_WITHOUT_ENDPOINTS = "no endpoint is ready"


def run(subject: Subject) -> Iterator[Finding]:
    """Every Ingress the plan touches, and every other that it takes a Service or a port away from."""
    touched = {c.ref for c in subject.plan.changes}
    services = {c.ref for c in subject.plan.changes if c.ref.kind == "Service" and c.symbol not in (Symbol.CREATE, Symbol.UNCHANGED)}
    for ingress in subject.view.objects("Ingress.networking.k8s.io") if services or touched else ():
        ref = ref_of(ingress)
        for route in routes(subject.view, ingress):
            if not route.problem or route.problem == _WITHOUT_ENDPOINTS:
                continue
            service = Ref("Service", ref.namespace, route.service)
            if ref in touched:
                yield Finding(ref, f"{route.where} leads to {route.service}:{route.port}, but {route.problem}", "", route.path)
            elif service in services and _led_somewhere(subject, service, route):
                yield Finding(ref, f"{route.where} leads to {route.service}:{route.port}, but {route.problem} any more")


def _led_somewhere(subject: Subject, service: Ref, route: Route) -> bool:
    before = subject.before.get(service)
    return before is not None and offers(before, route.port)


CHECK = Check("KP403", "an Ingress leads nowhere", Severity.WARNING, run)
