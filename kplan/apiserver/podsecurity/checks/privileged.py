"""Containers are not privileged.

Mirrors: k8s.io/pod-security-admission/policy/check_privileged.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.podsecurity.contract import Check, Finding, Pod, Revision, containers, named, security
from kplan.apiserver.podsecurity.levels import BASELINE


def test(pod: Pod) -> Finding | None:
    """No container asks for it."""
    bad = [c["name"] for c in containers(pod) if security(c).get("privileged")]
    return Finding("privileged", f"{named('container', bad)} must not set securityContext.privileged=true") if bad else None


CHECK = Check("privileged", BASELINE, (Revision(0, test),))
