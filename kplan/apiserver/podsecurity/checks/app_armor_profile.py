"""The default AppArmor profile may not be turned off.

Mirrors: k8s.io/pod-security-admission/policy/check_appArmorProfile.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.podsecurity.contract import (
    Check,
    Finding,
    Pod,
    Revision,
    containers,
    counted,
    find_setters,
    quoted,
    security,
)
from kplan.apiserver.podsecurity.levels import BASELINE
from kplan.model.gotext import go_quote

PREFIX = "container.apparmor.security.beta.kubernetes.io/"
ALLOWED = ("RuntimeDefault", "Localhost")


def test(pod: Pod) -> Finding | None:
    """Fields and annotations name allowed profiles only."""
    bad = sorted({_profile(s) for s in (security(pod.spec), *map(security, containers(pod))) if _is_bad(s)})
    annotations = sorted(
        f"{k}={go_quote(v)}" for k, v in (pod.metadata.get("annotations") or {}).items() if k.startswith(PREFIX) and not _allowed(v)
    )
    who = [w for w in (find_setters(pod, _is_bad), counted("annotation", len(annotations)) if annotations else "") if w]
    if not who:
        return None
    values = [*bad, *annotations]
    return Finding(
        counted("forbidden AppArmor profile", len(values)),
        f"{' and '.join(who)} must not set AppArmor profile type to {quoted(values)}",
    )


def _profile(context: Mapping[str, Any]) -> str:
    return str(context["appArmorProfile"].get("type") or "")


def _is_bad(context: Mapping[str, Any]) -> bool:
    return context.get("appArmorProfile") is not None and _profile(context) not in ALLOWED


def _allowed(annotation: str) -> bool:
    return annotation in ("", "runtime/default") or annotation.startswith("localhost/")


CHECK = Check("appArmorProfile", BASELINE, (Revision(0, test),))
