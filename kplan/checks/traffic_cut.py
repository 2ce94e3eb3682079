"""A NetworkPolicy isolates pods that were open, allows others than before, or leaves open pods that were isolated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, get_in, labels_of, ref_of
from kplan.model.selectors import from_label_selector
from kplan.model.wording import count
from kplan.plan.plan import Change, Symbol
from kplan.plan.reach import policy_lines
from kplan.store.view import select

POLICY = "NetworkPolicy.networking.k8s.io"
_DNS = 53
_DNS_NAMESPACE = "kube-system"


def run(subject: Subject) -> Iterator[Finding]:
    """Every policy that the user writes or deletes, for the pods that were there before."""
    before = [o for ref, o in subject.before.items() if ref.kind == POLICY]
    for change in subject.plan.changes:
        if change.ref.kind != POLICY or change.symbol in (Symbol.REFUSED, Symbol.UNCHANGED):
            continue
        for kind in ("Ingress", "Egress"):
            yield from _isolated(subject, change, kind, before)
            yield from _opened(subject, change, kind, before)


def _isolated(subject: Subject, change: Change, kind: str, before: list[Object]) -> Iterator[Finding]:
    """What a policy cuts off that is new, or what it allows now where it isolated its pods already."""
    policy = change.after
    if policy is None or kind not in _kinds(policy):
        return
    pods = [p for p in _pods(subject, policy) if ref_of(p) in subject.before]
    fresh = [p for p in pods if not _is_isolated(p, kind, before)]
    allowed = _allowed(subject, policy, kind)
    if fresh:
        some = f"{count(len(fresh), 'pod')} (such as {fresh[0]['metadata']['name']})"
        dns = "; names cannot be looked up: nothing allows DNS" if kind == "Egress" and not _allows_dns(policy) else ""
        yield Finding(change.ref, f"{some} {_were(fresh)} open to all {kind.lower()} traffic and {_are(fresh)} no longer; {allowed}{dns}")
    elif pods and change.before is not None and kind in _kinds(change.before):
        was = _allowed(subject, change.before, kind)
        if was != allowed:
            yield Finding(change.ref, f"{count(len(pods), 'pod')}: {allowed}; until now {was.removeprefix(kind.lower() + ': ')}", "", ("spec", kind.lower()))


def _opened(subject: Subject, change: Change, kind: str, before: list[Object]) -> Iterator[Finding]:
    """The pods that no policy isolates any more."""
    if change.before is None or kind not in _kinds(change.before):
        return
    now = subject.view.objects(POLICY, change.ref.namespace)
    pods = [p for p in _pods(subject, change.before) if ref_of(p) in subject.before and _is_isolated(p, kind, before)]
    opened = [p for p in pods if not _is_isolated(p, kind, now)]
    if opened:
        yield Finding(change.ref, f"{count(len(opened), 'pod')} (such as {opened[0]['metadata']['name']}) {_were(opened)} isolated and {_are(opened)} open to all {kind.lower()} traffic now")


def _pods(subject: Subject, policy: Object) -> list[Object]:
    return select(subject.view, "Pod", ref_of(policy).namespace, from_label_selector(get_in(policy, ("spec", "podSelector")) or {}))


def _kinds(policy: Object) -> list[str]:
    return get_in(policy, ("spec", "policyTypes")) or []


def _is_isolated(pod: Object, kind: str, policies: Iterable[Object]) -> bool:
    namespace = pod["metadata"].get("namespace")
    return any(
        kind in _kinds(p)
        and p["metadata"].get("namespace") == namespace
        and from_label_selector(get_in(p, ("spec", "podSelector")) or {}).matches(labels_of(pod))
        for p in policies
    )


def _allowed(subject: Subject, policy: Object, kind: str) -> str:
    return "; ".join(line for line in policy_lines(subject.view, policy) if line.startswith(f"{kind.lower()}:"))


def _allows_dns(policy: Object) -> bool:
    """Whether an egress rule may let pods ask the cluster's DNS: a peer of their own namespace alone does not."""
    foreign = policy["metadata"].get("namespace") != _DNS_NAMESPACE
    for rule in get_in(policy, ("spec", "egress")) or []:
        peers = rule.get("to") or []
        elsewhere = not peers or not foreign or any(p.get("ipBlock") or p.get("namespaceSelector") is not None for p in peers)
        if elsewhere and (not rule.get("ports") or any(_covers_dns(p) for p in rule["ports"])):
            return True
    return False


def _covers_dns(port: Mapping[str, Any]) -> bool:
    number = port.get("port")
    return port.get("protocol") == "UDP" and (not isinstance(number, int) or number <= _DNS <= (port.get("endPort") or number))


def _were(pods: list[Object]) -> str:
    return "was" if len(pods) == 1 else "were"


def _are(pods: list[Object]) -> str:
    return "is" if len(pods) == 1 else "are"


CHECK = Check("KP805", "traffic to or from pods that a NetworkPolicy cuts off or lets through", Severity.INFO, run)
