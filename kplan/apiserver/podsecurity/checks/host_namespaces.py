"""Pods do not share the node's network, processes or memory.

Mirrors: k8s.io/pod-security-admission/policy/check_hostNamespaces.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.podsecurity.contract import Check, Finding, Pod, Revision
from kplan.apiserver.podsecurity.levels import BASELINE


def test(pod: Pod) -> Finding | None:
    """None of the host's namespaces is asked for."""
    shared = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if pod.spec.get(field)]
    return Finding("host namespaces", ", ".join(shared)) if shared else None


CHECK = Check("hostNamespaces", BASELINE, (Revision(0, test),))
