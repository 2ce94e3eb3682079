"""Names and UIDs drawn from a seed: same input, same bytes.

Mirrors: staging/src/k8s.io/apiserver/pkg/storage/names/generate.go, apimachinery/pkg/util/rand/rand.go (1.36)
Differs: drawn from a hash of the seed, the prefix and a counter instead of from entropy.
"""

from __future__ import annotations

import hashlib
import uuid

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_MOST = 63 - 5


class Names:
    """Draws what Kubernetes draws at random. Draws with different prefixes do not disturb each other."""

    def __init__(self, seed: int = 0, start: int = 0) -> None:
        """``start`` keeps the draws of one run apart from those of the runs before it: the cluster's last seq."""
        self._seed = f"{seed}\0{start}" if start else str(seed)
        self._counts: dict[str, int] = {}

    def restart(self) -> None:
        """Draw again what was drawn first."""
        self._counts.clear()

    def _draw(self, purpose: str) -> bytes:
        n = self._counts.get(purpose, 0)
        self._counts[purpose] = n + 1
        return hashlib.blake2b(f"{self._seed}\0{purpose}\0{n}".encode(), digest_size=16).digest()

    def suffix(self, purpose: str, length: int = 5) -> str:
        """A random suffix such as ``x7k2p``."""
        number = int.from_bytes(self._draw(purpose), "big")
        out = []
        for _ in range(length):
            number, i = divmod(number, len(ALPHABET))
            out.append(ALPHABET[i])
        return "".join(out)

    def generate(self, prefix: str) -> str:
        """A name for ``generateName``: the prefix, cut to 58 characters, and five more."""
        return prefix[:_MOST] + self.suffix(prefix)

    def uid(self, purpose: str) -> str:
        """A UID of version 4's shape."""
        return str(uuid.UUID(bytes=self._draw("uid\0" + purpose), version=4))
