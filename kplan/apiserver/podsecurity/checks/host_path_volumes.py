"""Pods do not mount folders of their node.

Mirrors: k8s.io/pod-security-admission/policy/check_hostPathVolumes.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.podsecurity.contract import Check, Finding, Pod, Revision, named
from kplan.apiserver.podsecurity.levels import BASELINE


def test(pod: Pod) -> Finding | None:
    """No volume is a path of the host."""
    bad = [v["name"] for v in pod.spec.get("volumes") or () if v.get("hostPath") is not None]
    return Finding("hostPath volumes", named("volume", bad)) if bad else None


CHECK = Check("hostPathVolumes", BASELINE, (Revision(0, test),))
