"""Containers take no ports of their node.

Mirrors: k8s.io/pod-security-admission/policy/check_hostPorts.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.podsecurity.contract import Check, Finding, Pod, Revision, containers, counted, named
from kplan.apiserver.podsecurity.levels import BASELINE


def test(pod: Pod) -> Finding | None:
    """No port of a container is a port of the host; ports are listed in the order of their digits."""
    taken = {c["name"]: [str(p["hostPort"]) for p in c.get("ports") or () if p.get("hostPort")] for c in containers(pod)}
    bad = [name for name, ports in taken.items() if ports]
    if not bad:
        return None
    ports = sorted({p for every in taken.values() for p in every})
    uses = "uses" if len(bad) == 1 else "use"
    return Finding("hostPort", f"{named('container', bad)} {uses} {counted('hostPort', len(ports))} {', '.join(ports)}")


CHECK = Check("hostPorts", BASELINE, (Revision(0, test),))
