"""Containers promise not to run as root.

Mirrors: k8s.io/pod-security-admission/policy/check_runAsNonRoot.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.podsecurity.contract import (
    Check,
    Finding,
    Pod,
    Revision,
    containers,
    find_setters,
    has_own_users,
    named,
    security,
    unless,
)
from kplan.apiserver.podsecurity.levels import RESTRICTED

REASON = "runAsNonRoot != true"


def test(pod: Pod) -> Finding | None:
    """Nobody says no, and the pod or each container says yes."""
    if who := find_setters(pod, lambda context: context.get("runAsNonRoot") is False):
        return Finding(REASON, f"{who} must not set securityContext.runAsNonRoot=false")
    if security(pod.spec).get("runAsNonRoot"):
        return None
    silent = [c["name"] for c in containers(pod) if security(c).get("runAsNonRoot") is None]
    if not silent:
        return None
    return Finding(REASON, f"pod or {named('container', silent)} must set securityContext.runAsNonRoot=true")


CHECK = Check("runAsNonRoot", RESTRICTED, (Revision(0, test), Revision(35, unless(has_own_users, test))))
