"""Which level of the Pod Security Standards a namespace asks for, in which version, and to what end.

Mirrors: k8s.io/pod-security-admission/api/{helpers,constants}.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from kplan.apiserver.field import METADATA, FieldError, invalid

PRIVILEGED, BASELINE, RESTRICTED = LEVELS = ("privileged", "baseline", "restricted")
LATEST = -1
MODES = ("enforce", "audit", "warn")
PREFIX = "pod-security.kubernetes.io/"
_VERSION = re.compile(r"v1\.(0|[1-9][0-9]*)", re.ASCII)
_LABELS = METADATA.child("labels")


@dataclass(frozen=True, slots=True)
class LevelVersion:
    """A level as of a minor version of Kubernetes (LATEST: the newest there is)."""

    level: str = PRIVILEGED
    minor: int = LATEST

    def __str__(self) -> str:
        return f"{self.level}:{'latest' if self.minor == LATEST else f'v1.{self.minor}'}"

    @property
    def rank(self) -> int:
        """How strict the level is."""
        return LEVELS.index(self.level)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a namespace enforces, what it audits and what it warns of."""

    enforce: LevelVersion = LevelVersion()
    audit: LevelVersion = LevelVersion()
    warn: LevelVersion = LevelVersion()


def policy_of(labels: Mapping[str, str]) -> tuple[Policy, list[FieldError]]:
    """The policy that a namespace's labels ask for, and what is wrong with them."""
    errors: list[FieldError] = []
    said: dict[str, LevelVersion] = {}
    good: set[str] = set()
    for mode in MODES:
        found = LevelVersion()
        for name, read in ((mode, _read_level), (mode + "-version", _read_version)):
            if (text := labels.get(PREFIX + name)) is None:
                continue
            found, error = read(found, text, mode)
            if error:
                errors.append(invalid(_LABELS.key(PREFIX + name), text, error))
            elif name == mode:
                good.add(mode)
        said[mode] = found
    policy = Policy(said["enforce"], said["audit"], said["warn"])
    if "enforce" in good and PREFIX + "warn" not in labels and policy.enforce.rank > policy.warn.rank:
        minor = policy.warn.minor if PREFIX + "warn-version" in labels else policy.enforce.minor
        policy = replace(policy, warn=LevelVersion(policy.enforce.level, minor))
    return policy, errors


def _read_level(found: LevelVersion, text: str, mode: str) -> tuple[LevelVersion, str]:
    if text in LEVELS:
        return replace(found, level=text), ""
    # What cannot be read is enforced in full, but neither audited nor warned of.
    level = RESTRICTED if mode == "enforce" else PRIVILEGED
    return replace(found, level=level), f"must be one of {', '.join(LEVELS)}"


def _read_version(found: LevelVersion, text: str, mode: str) -> tuple[LevelVersion, str]:
    if text == "latest":
        return found, ""
    if read := _VERSION.fullmatch(text):
        return replace(found, minor=int(read[1])), ""
    return found, 'must be "latest" or "v1.x"'
