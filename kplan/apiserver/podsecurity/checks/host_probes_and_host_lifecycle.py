"""Probes and lifecycle hooks ask the pod itself, not another host.

Mirrors: k8s.io/pod-security-admission/policy/check_hostProbesAndhostLifecycle.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.apiserver.podsecurity.contract import Check, Finding, Pod, Revision, containers, counted, named, quoted
from kplan.apiserver.podsecurity.levels import BASELINE

NOUN = "probe or lifecycle host"


def test(pod: Pod) -> Finding | None:
    """No handler names a host."""
    found = {c["name"]: asked for c in containers(pod) if (asked := set(_hosts(c)))}
    if not found:
        return None
    hosts = sorted(set().union(*found.values()))
    uses = "uses" if len(found) == 1 else "use"
    return Finding(NOUN, f"{named('container', sorted(found))} {uses} {counted(NOUN, len(hosts))} {quoted(hosts)}")


def _hosts(container: Mapping[str, Any]) -> Iterator[str]:
    lifecycle = container.get("lifecycle") or {}
    handlers = [container.get(p) for p in ("livenessProbe", "readinessProbe", "startupProbe")]
    for handler in [*handlers, lifecycle.get("postStart"), lifecycle.get("preStop")]:
        for action in ("httpGet", "tcpSocket"):
            if host := ((handler or {}).get(action) or {}).get("host"):
                yield host


CHECK = Check("hostProbesAndHostLifecycle", BASELINE, (Revision(34, test),))
