"""What a level of the Pod Security Standards finds wrong with a pod.

Mirrors: k8s.io/pod-security-admission/policy/registry.go (1.36)
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from kplan.apiserver.podsecurity.contract import Check, Finding, Pod, Test
from kplan.apiserver.podsecurity.levels import BASELINE, LATEST, PRIVILEGED, RESTRICTED, LevelVersion


def evaluate(wanted: LevelVersion, pod: Pod, newest: int) -> list[Finding]:
    """Everything the level forbids of a pod. ``newest`` is the minor of the server: it knows no later checks."""
    if wanted.level == PRIVILEGED:
        return []
    minor = newest if wanted.minor == LATEST else min(wanted.minor, newest)
    return [finding for test in _tests(wanted.level, minor) if (finding := test(pod)) is not None]


@cache
def checks() -> tuple[Check, ...]:
    """Every check, those of the baseline first; found by looking into the folder."""
    package = importlib.import_module("kplan.apiserver.podsecurity.checks")
    modules = [importlib.import_module(m.name) for m in pkgutil.iter_modules(package.__path__, package.__name__ + ".")]
    return tuple(sorted((m.CHECK for m in modules), key=lambda c: (c.level == RESTRICTED, c.id)))


@cache
def _tests(level: str, minor: int) -> tuple[Test, ...]:
    found = [(c.id, r) for c in checks() if c.level in (BASELINE, level) and (r := c.at(minor)) is not None]
    overridden = {name for _, revision in found for name in revision.overrides}
    return tuple(revision.test for name, revision in found if name not in overridden)
