"""A NetworkPolicy isolates pods that were open: what it does not allow is cut off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Ref, get_in, labels_of, ref_of
from kplan.model.selectors import from_label_selector
from kplan.plan.plan import Symbol
from kplan.plan.reach import policy_lines
from kplan.store.view import select

POLICY = "NetworkPolicy.networking.k8s.io"


def run(subject: Subject) -> Iterator[Finding]:
    """Every new or changed policy that isolates running pods which no policy isolated before."""
    for change in subject.plan.changes:
        policy = change.after
        if change.ref.kind != POLICY or policy is None or change.symbol in (Symbol.REFUSED, Symbol.UNCHANGED):
            continue
        for kind in get_in(policy, ("spec", "policyTypes")) or []:
            pods = select(subject.view, "Pod", change.ref.namespace, from_label_selector(get_in(policy, ("spec", "podSelector")) or {}))
            fresh = [p for p in pods if ref_of(p) in subject.before and not _isolated(subject.before, change.ref.namespace, p, kind)]
            if fresh:
                lines = [line for line in policy_lines(subject.view, policy) if line.startswith(f"{kind.lower()}:")]
                what = f"{len(fresh)} pods (such as {fresh[0]['metadata']['name']}) were open to all {kind.lower()} traffic and are no longer"
                yield Finding(change.ref, f"{what}; {'; '.join(lines)}")


def _isolated(before: Mapping[Ref, Object], namespace: str, pod: Object, kind: str) -> bool:
    return any(
        ref.kind == POLICY
        and ref.namespace == namespace
        and kind in (get_in(policy, ("spec", "policyTypes")) or [])
        and from_label_selector(get_in(policy, ("spec", "podSelector")) or {}).matches(labels_of(pod))
        for ref, policy in before.items()
    )


CHECK = Check("KP805", "pods that a NetworkPolicy cuts off", Severity.INFO, run)
