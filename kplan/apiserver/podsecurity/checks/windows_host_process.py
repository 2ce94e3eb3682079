"""Pods on Windows are not processes of their node.

Mirrors: k8s.io/pod-security-admission/policy/check_windowsHostProcess.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.podsecurity.contract import Check, Finding, Pod, Revision, find_setters
from kplan.apiserver.podsecurity.levels import BASELINE


def test(pod: Pod) -> Finding | None:
    """Neither the pod nor a container asks for it."""
    who = find_setters(pod, lambda context: bool((context.get("windowsOptions") or {}).get("hostProcess")))
    return Finding("hostProcess", f"{who} must not set securityContext.windowsOptions.hostProcess=true") if who else None


CHECK = Check("windowsHostProcess", BASELINE, (Revision(0, test),))
