"""SELinux confines pods as it confines containers, under its own user and role.

Mirrors: k8s.io/pod-security-admission/policy/check_seLinuxOptions.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.podsecurity.contract import (
    Check,
    Finding,
    Pod,
    Revision,
    Test,
    containers,
    find_setters,
    named,
    security,
)
from kplan.apiserver.podsecurity.levels import BASELINE

TYPES_0 = frozenset(("", "container_t", "container_init_t", "container_kvm_t"))
TYPES_31 = TYPES_0 | {"container_engine_t"}


def allowing(types: frozenset[str]) -> Test:
    """The test with the types that are allowed."""

    def test(pod: Pod) -> Finding | None:
        who = find_setters(pod, lambda context: _is_bad(_options(context), types))
        if not who:
            return None
        every = [_options(s) for s in (security(pod.spec), *map(security, containers(pod)))]
        bad = sorted({o.get("type") or "" for o in every} - types)
        said = [named("type", bad)] if bad else []
        said += [f"{field} may not be set" for field in ("user", "role") if any(o.get(field) for o in every)]
        return Finding("seLinuxOptions", f"{who} set forbidden securityContext.seLinuxOptions: {'; '.join(said)}")

    return test


def _options(context: Mapping[str, Any]) -> Mapping[str, Any]:
    return context.get("seLinuxOptions") or {}


def _is_bad(options: Mapping[str, Any], types: frozenset[str]) -> bool:
    return (options.get("type") or "") not in types or bool(options.get("user")) or bool(options.get("role"))


CHECK = Check("seLinuxOptions", BASELINE, (Revision(0, allowing(TYPES_0)), Revision(31, allowing(TYPES_31))))
