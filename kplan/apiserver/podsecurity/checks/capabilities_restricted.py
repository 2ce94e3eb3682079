"""Containers drop all capabilities, and add at most the one to listen on low ports.

Mirrors: k8s.io/pod-security-admission/policy/check_capabilities_restricted.go (1.36)
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
    quoted,
    security,
    unless,
)
from kplan.apiserver.podsecurity.levels import RESTRICTED

OVERRIDES = ("capabilities_baseline",)


def test(pod: Pod) -> Finding | None:
    """ALL is dropped, nothing but NET_BIND_SERVICE added."""
    keeping: list[str] = []
    adding: list[str] = []
    added: set[str] = set()
    for container in containers(pod):
        capabilities = security(container).get("capabilities") or {}
        if "ALL" not in (capabilities.get("drop") or ()):
            keeping.append(container["name"])
        if beyond := {c for c in capabilities.get("add") or () if c != "NET_BIND_SERVICE"}:
            adding.append(container["name"])
            added |= beyond
    said = []
    if keeping:
        said.append(f'{named("container", keeping)} must set securityContext.capabilities.drop=["ALL"]')
    if adding:
        said.append(f"{named('container', adding)} must not include {quoted(sorted(added))} in securityContext.capabilities.add")
    return Finding("unrestricted capabilities", "; ".join(said)) if said else None


CHECK = Check(
    "capabilities_restricted",
    RESTRICTED,
    (Revision(22, test, OVERRIDES), Revision(25, unless(is_windows, test), OVERRIDES)),
)
