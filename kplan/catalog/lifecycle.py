"""When an API came, was deprecated and went, and what the server says of it.

Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/deprecation/deprecation.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The life of one API version of a kind, seen from one minor. Minors are texts like ``1.22``; "" is never."""

    api_version: str
    kind: str
    introduced: str
    deprecated: str
    removed: str
    replacement: str
    """What to use instead, as the server says it: ``networking.k8s.io/v1 Ingress``."""
    at: str
    """The minor it is seen from."""

    @property
    def is_deprecated(self) -> bool:
        """Whether the server of this minor warns of it."""
        return bool(self.deprecated) and order(self.deprecated) <= order(self.at)

    @property
    def is_removed(self) -> bool:
        """Whether this minor no longer serves it."""
        return bool(self.removed) and order(self.removed) <= order(self.at)

    @property
    def warning(self) -> str:
        """The server's deprecation warning; "" while it is not deprecated.

        ``v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice``
        """
        if not self.is_deprecated:
            return ""
        said = f"{self.api_version} {self.kind} is deprecated in v{self.deprecated}+"
        if self.removed:
            said += f", unavailable in v{self.removed}+"
        if self.replacement:
            said += f"; use {self.replacement}"
        return said


def order(minor: str) -> tuple[int, ...]:
    """A minor as numbers, for comparing: (1, 36)."""
    return tuple(int(part) for part in minor.split("."))


def lifecycle_of(entry: Mapping[str, str], at: str) -> Lifecycle:
    """The lifecycle of one entry of ``lifecycle.json``."""
    group, version = entry["group"], entry["version"]
    replacement, _, kind = entry.get("replacement", "").rpartition("/")
    return Lifecycle(
        api_version=f"{group}/{version}" if group else version,
        kind=entry["kind"],
        introduced=entry.get("introduced", ""),
        deprecated=entry.get("deprecated", ""),
        removed=entry.get("removed", ""),
        replacement=f"{replacement.lstrip('/')} {kind}" if kind else "",
        at=at,
    )
