"""The test of /proc that two checks share.

Mirrors: k8s.io/pod-security-admission/policy/check_procMount_baseline.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.podsecurity.contract import Finding, Pod, containers, named, quoted, security


def masked_proc(pod: Pod) -> Finding | None:
    """No container asks for another mount of /proc than the default."""
    asked = {c["name"]: security(c).get("procMount") for c in containers(pod)}
    bad = {name: kind for name, kind in asked.items() if kind is not None and kind != "Default"}
    if not bad:
        return None
    kinds = quoted(sorted(set(bad.values())))
    return Finding("procMount", f"{named('container', bad)} must not set securityContext.procMount to {kinds}")
