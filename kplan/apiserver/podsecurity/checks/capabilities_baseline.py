"""Containers add no capabilities beyond those a container runtime gives anyway.

Mirrors: k8s.io/pod-security-admission/policy/check_capabilities_baseline.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.podsecurity.contract import Check, Finding, Pod, Revision, containers, named, quoted, security
from kplan.apiserver.podsecurity.levels import BASELINE

ALLOWED = frozenset(
    (
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    )
)


def test(pod: Pod) -> Finding | None:
    """Every capability added is an allowed one."""
    bad: list[str] = []
    added: set[str] = set()
    for container in containers(pod):
        beyond = {c for c in (security(container).get("capabilities") or {}).get("add") or () if c not in ALLOWED}
        if beyond:
            bad.append(container["name"])
            added |= beyond
    if not bad:
        return None
    return Finding(
        "non-default capabilities",
        f"{named('container', bad)} must not include {quoted(sorted(added))} in securityContext.capabilities.add",
    )


CHECK = Check("capabilities_baseline", BASELINE, (Revision(0, test),))
