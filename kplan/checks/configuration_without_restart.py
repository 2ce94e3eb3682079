"""A ConfigMap or Secret changes, but the pods that read it into their environment are not restarted."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Ref, get_in, ref_of
from kplan.model.wording import count
from kplan.plan.plan import Change, Symbol

_SOURCES = (("ConfigMap", "configMapRef", "configMapKeyRef"), ("Secret", "secretRef", "secretKeyRef"))


def run(subject: Subject) -> Iterator[Finding]:
    """Every changed ConfigMap and Secret, with the running pods that keep the old values."""
    for change in subject.plan.changes:
        if change.symbol is not Symbol.UPDATE or change.ref.kind not in ("ConfigMap", "Secret"):
            continue
        if not (keys := _changed_keys(change)):
            continue
        stale = [p for p in subject.view.objects("Pod", change.ref.namespace) if ref_of(p) in subject.before and _reads(p, change.ref, keys)]
        if stale:
            first, keep = stale[0]["metadata"]["name"], "keeps" if len(stale) == 1 else "keep"
            yield Finding(change.ref, f"{count(len(stale), 'running pod')} {keep} its old values in their environment (such as {first})", "restart what uses it: kubectl rollout restart")


def _changed_keys(change: Change) -> set[str]:
    """The keys that have another value, are new or are gone."""
    before, after = ({**(get_in(o, ("data",)) or {}), **(get_in(o, ("binaryData",)) or {})} for o in (change.before, change.after))
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def _reads(pod: Object, source: Ref, keys: set[str]) -> bool:
    """Whether some container takes environment variables from the source: all of it, or one of those keys."""
    for kind, whole, key in _SOURCES:
        if kind != source.kind:
            continue
        for field in ("containers", "initContainers"):
            for c in get_in(pod, ("spec", field)) or []:
                named = [get_in(e, ("valueFrom", key)) or {} for e in c.get("env") or []]
                if any(n.get("name") == source.name and n.get("key") in keys for n in named):
                    return True
                if source.name in [get_in(e, (whole, "name")) for e in c.get("envFrom") or []]:
                    return True
    return False


CHECK = Check("KP803", "changed configuration that running pods do not see", Severity.INFO, run)
