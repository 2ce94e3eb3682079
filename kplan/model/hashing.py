"""The hashes Kubernetes names things by: ``pod-template-hash`` and the hash in a ControllerRevision's name.

>>> safe_encode("2166136261")
'654887846d'

FNV-1a multiplies a running number by a prime for each byte.  Only its lowest eight bits meet the byte, and they evolve
by themselves: what a piece of text adds is ``h * prime^n + d``, where ``d`` depends on the piece and on the low byte
before it alone.  So a piece that has been hashed once costs one lookup ever after, and the 4 KB of text of a template
cost about what differs from the other templates.

Mirrors: pkg/controller/controller_utils.go ComputeHash, pkg/util/hash/hash.go,
pkg/controller/history/controller_history.go HashControllerRevision, apimachinery/pkg/util/rand/rand.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from kplan.model.objects import Object
from kplan.model.spew import GoTypes, Spew

_OFFSET = 0x811C9DC5
_PRIME = 0x01000193
_MASK = 0xFFFFFFFF
_LOW_PRIME = _PRIME & 0xFF
_SAFE = "bcdfghjklmnpqrstvwxz2456789"
_REMEMBERED = 100_000


def safe_encode(text: str) -> str:
    """A text in Kubernetes' alphabet without vowels, so that no hash spells a word."""
    return "".join(_SAFE[ord(c) % len(_SAFE)] for c in text)


def fnv1(data: bytes) -> int:
    """FNV-1, 32 bits: multiply, then xor."""
    h = _OFFSET
    for byte in data:
        h = (h * _PRIME & _MASK) ^ byte
    return h


def fnv1a(parts: Iterable[str], tail: bytes = b"") -> int:
    """FNV-1a, 32 bits, of the UTF-8 of the parts one after the other, and of some bytes after them."""
    h = _OFFSET
    for part in parts:
        power, addend = _advance(part, h & 0xFF)
        h = (h * power + addend) & _MASK
    for byte in tail:
        h = ((h ^ byte) * _PRIME) & _MASK
    return h


@lru_cache(maxsize=200_000)
def _advance(part: str, low: int) -> tuple[int, int]:
    """(prime^n, what the part adds) for a running number whose low byte is ``low``."""
    power, addend = 1, 0
    for byte in part.encode():
        met = low ^ byte
        addend = (addend + met - low) * _PRIME & _MASK
        power = power * _PRIME & _MASK
        low = met * _LOW_PRIME & 0xFF
    return power, addend


class TemplateHasher:
    """Computes ``pod-template-hash`` of defaulted pod templates; remembers the templates it has seen by identity."""

    def __init__(self, types: GoTypes) -> None:
        self._spew = Spew(types)
        self._seen: dict[int, tuple[Object, int | None, str]] = {}

    def hash(self, template: Object, collision_count: int | None = None) -> str:
        """The hash of a template; ``collision_count`` is ``status.collisionCount`` where the status has one.

        A template seen before is known by identity, so it must not have been changed since.
        """
        known = self._seen.get(id(template))
        if known is not None and known[0] is template and known[1] == collision_count:
            return known[2]
        tail = b"" if collision_count is None else (collision_count & _MASK).to_bytes(8, "little")
        text = safe_encode(str(fnv1a(self._spew.parts("v1.PodTemplateSpec", template), tail)))
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        self._seen[id(template)] = (template, collision_count, text)
        return text

    def text(self, template: Object) -> str:
        """The text that is hashed."""
        return self._spew.text("v1.PodTemplateSpec", template)


def revision_hash(data: bytes, collision_count: int | None = None) -> str:
    """The hash in the name of a ControllerRevision that holds ``data``."""
    probe = b"" if collision_count is None else str(collision_count).encode()
    return safe_encode(str(fnv1(data + probe)))


def revision_name(owner: str, digest: str) -> str:
    """The name of a ControllerRevision; a long owner's name is cut to 223 characters."""
    return f"{owner[:223]}-{digest}"
