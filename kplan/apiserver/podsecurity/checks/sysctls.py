"""Kernel parameters are set only where they are the pod's own.

Mirrors: k8s.io/pod-security-admission/policy/check_sysctls.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.podsecurity.contract import Check, Finding, Pod, Revision, Test, security
from kplan.apiserver.podsecurity.levels import BASELINE

SAFE_0 = frozenset(
    (
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
    )
)
SAFE_27 = SAFE_0 | {"net.ipv4.ip_local_reserved_ports"}
SAFE_29 = SAFE_27 | {
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}
SAFE_32 = SAFE_29 | {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}


def allowing(safe: frozenset[str]) -> Test:
    """The test with the parameters that are safe."""

    def test(pod: Pod) -> Finding | None:
        bad = [s["name"] for s in security(pod.spec).get("sysctls") or () if s["name"] not in safe]
        return Finding("forbidden sysctls", ", ".join(bad)) if bad else None

    return test


CHECK = Check(
    "sysctls",
    BASELINE,
    (
        Revision(0, allowing(SAFE_0)),
        Revision(27, allowing(SAFE_27)),
        Revision(29, allowing(SAFE_29)),
        Revision(32, allowing(SAFE_32)),
    ),
)
