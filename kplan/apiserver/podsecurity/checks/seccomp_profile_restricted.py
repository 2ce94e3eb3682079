"""Every container has a seccomp profile.

Mirrors: k8s.io/pod-security-admission/policy/check_seccompProfile_restricted.go (1.36)
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
from kplan.apiserver.podsecurity.seccomp import REASON, no_bad_profile, profile_of

OVERRIDES = ("seccompProfile_baseline",)


def test(pod: Pod) -> Finding | None:
    """No bad profile is named, and the pod or each container names one."""
    if (found := no_bad_profile(pod)) or profile_of(security(pod.spec)) is not None:
        return found
    silent = [c["name"] for c in containers(pod) if profile_of(security(c)) is None]
    if not silent:
        return None
    return Finding(REASON, f'pod or {named("container", silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"')


CHECK = Check(
    "seccompProfile_restricted",
    RESTRICTED,
    (Revision(19, test, OVERRIDES), Revision(25, unless(is_windows, test), OVERRIDES)),
)
