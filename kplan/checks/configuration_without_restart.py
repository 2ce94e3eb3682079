"""A ConfigMap or Secret changes, but the pods that read it into their environment are not restarted."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Ref, get_in, ref_of
from kplan.plan.plan import Symbol

_SOURCES = (("ConfigMap", "configMapRef", "configMapKeyRef"), ("Secret", "secretRef", "secretKeyRef"))


def run(subject: Subject) -> Iterator[Finding]:
    """Every changed ConfigMap and Secret, with the running pods that keep the old values."""
    for change in subject.plan.changes:
        if change.symbol is not Symbol.UPDATE or change.ref.kind not in ("ConfigMap", "Secret"):
            continue
        if not any(f.path[0] in ("data", "binaryData", "stringData") for f in change.fields):
            continue
        stale = [p for p in subject.view.objects("Pod", change.ref.namespace) if ref_of(p) in subject.before and _reads(p, change.ref)]
        if stale:
            first = stale[0]["metadata"]["name"]
            yield Finding(change.ref, f"{len(stale)} running pods keep its old values in their environment (such as {first})", "restart what uses it: kubectl rollout restart")


def _reads(pod: Object, source: Ref) -> bool:
    """Whether some container takes environment variables from the source."""
    for kind, whole, key in _SOURCES:
        if kind != source.kind:
            continue
        for field in ("containers", "initContainers"):
            for c in get_in(pod, ("spec", field)) or []:
                named = [get_in(e, (whole, "name")) for e in c.get("envFrom") or []]
                named += [get_in(e, ("valueFrom", key, "name")) for e in c.get("env") or []]
                if source.name in named:
                    return True
    return False


CHECK = Check("KP803", "changed configuration that running pods do not see", Severity.INFO, run)
