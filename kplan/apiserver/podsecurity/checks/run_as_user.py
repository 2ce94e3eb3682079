"""Nobody runs as user 0, unless that is nobody on the node.

Mirrors: k8s.io/pod-security-admission/policy/check_runAsUser.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.podsecurity.contract import Check, Finding, Pod, Revision, find_setters, has_own_users, unless
from kplan.apiserver.podsecurity.levels import RESTRICTED


def test(pod: Pod) -> Finding | None:
    """Neither the pod nor a container asks for it."""
    who = find_setters(pod, lambda context: context.get("runAsUser") == 0)
    return Finding("runAsUser=0", f"{who} must not set runAsUser=0") if who else None


CHECK = Check("runAsUser", RESTRICTED, (Revision(23, test), Revision(35, unless(has_own_users, test))))
