"""What kubectl prints: two streams and an exit code.

Mirrors: staging/src/k8s.io/cli-runtime/pkg/genericiooptions/io_options.go, client-go/rest/warnings.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Printed:
    """What a command printed and how it ended."""

    stdout: str = ""
    stderr: str = ""
    code: int = 0


@dataclass(slots=True)
class Screen:
    """The streams of one command while it runs."""

    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    _warned: set[str] = field(default_factory=set)

    def say(self, line: str) -> None:
        """A line on stdout."""
        self.stdout.append(line + "\n")

    def complain(self, line: str) -> None:
        """A line on stderr."""
        self.stderr.append(line + "\n")

    def warn(self, warnings: Iterable[str]) -> None:
        """The server's warnings, each text once a command."""
        for text in warnings:
            if text not in self._warned:
                self._warned.add(text)
                self.complain(f"Warning: {text}")

    def printed(self, code: int = 0) -> Printed:
        """All that was printed."""
        return Printed("".join(self.stdout), "".join(self.stderr), code)
