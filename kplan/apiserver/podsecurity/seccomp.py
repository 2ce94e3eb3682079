"""Who sets which seccomp profile: what two checks share.

Mirrors: k8s.io/pod-security-admission/policy/check_seccompProfile_baseline.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.podsecurity.contract import Finding, Pod, containers, find_setters, quoted, security

REASON = "seccompProfile"
ALLOWED = ("RuntimeDefault", "Localhost")


def no_bad_profile(pod: Pod) -> Finding | None:
    """No profile that is named is another than the allowed ones."""
    who = find_setters(pod, _is_bad)
    if not who:
        return None
    bad = sorted({profile_of(s) or "" for s in (security(pod.spec), *map(security, containers(pod))) if _is_bad(s)})
    return Finding(REASON, f"{who} must not set securityContext.seccompProfile.type to {quoted(bad)}")


def profile_of(context: Mapping[str, Any]) -> str | None:
    """The type of the profile; None where there is no profile."""
    profile = context.get("seccompProfile")
    return None if profile is None else profile.get("type") or ""


def _is_bad(context: Mapping[str, Any]) -> bool:
    profile = profile_of(context)
    return profile is not None and profile not in ALLOWED
