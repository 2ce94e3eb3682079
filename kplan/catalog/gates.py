"""Feature gates of one Kubernetes minor, as a frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Gates:
    """Which feature gates are on. A gate nobody knows is off."""

    enabled: Mapping[str, bool] = field(default_factory=dict)

    def on(self, gate: str) -> bool:
        """Whether the gate is enabled."""
        return self.enabled.get(gate, False)
