"""Seccomp is not turned off.

Mirrors: k8s.io/pod-security-admission/policy/check_seccompProfile_baseline.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.podsecurity.contract import Check, Finding, Pod, Revision, containers, counted
from kplan.apiserver.podsecurity.levels import BASELINE
from kplan.apiserver.podsecurity.seccomp import REASON, no_bad_profile
from kplan.model.gotext import go_quote

POD = "seccomp.security.alpha.kubernetes.io/pod"
CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"


def annotated(pod: Pod) -> Finding | None:
    """Before there were fields for it, annotations said which profile."""
    have = pod.metadata.get("annotations") or {}
    asked = {POD, *(CONTAINER + c["name"] for c in containers(pod))}
    bad = sorted(f"{k}={go_quote(have[k])}" for k in asked & have.keys() if not _allowed(have[k]))
    return Finding(REASON, f"forbidden {counted('annotation', len(bad))} {', '.join(bad)}") if bad else None


def _allowed(profile: str) -> bool:
    return profile in ("runtime/default", "docker/default") or profile.startswith("localhost/")


CHECK = Check("seccompProfile_baseline", BASELINE, (Revision(0, annotated), Revision(19, no_bad_profile)))
