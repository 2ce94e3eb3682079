"""Processes may not gain more privileges than their parent.

Mirrors: k8s.io/pod-security-admission/policy/check_allowPrivilegeEscalation.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.podsecurity.contract import (
    Check,
    Finding,
    Pod,
    Revision,
    containers,
    is_windows,
    named,
    security,
    unless,
)
from kplan.apiserver.podsecurity.levels import RESTRICTED


def test(pod: Pod) -> Finding | None:
    """Every container must say that it does not allow it."""
    bad = [c["name"] for c in containers(pod) if security(c).get("allowPrivilegeEscalation") is not False]
    if not bad:
        return None
    return Finding(
        "allowPrivilegeEscalation != false",
        f"{named('container', bad)} must set securityContext.allowPrivilegeEscalation=false",
    )


CHECK = Check("allowPrivilegeEscalation", RESTRICTED, (Revision(8, test), Revision(25, unless(is_windows, test))))
