"""Makes kubectl's way of writing flags digestible: ``--dry-run`` with or without a value, ``--force=true``.

Mirrors: the pflag options of kubectl (NoOptDefVal), staging/src/k8s.io/kubectl/pkg/cmd (1.36)
"""

from __future__ import annotations

OPTIONAL_VALUE = {
    "--dry-run": "plan",
    "--cascade": "background",
    "--validate": "strict",
}
"""Flags whose value may be left out, and what that means. ``plan`` is kplan's own: a full plan."""

_BOOLEANS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
_VALUED = frozenset(OPTIONAL_VALUE) | {"--grace-period", "--replicas", "--min", "--max", "--port", "--seed", "--limit"}


def normalize(argv: list[str]) -> list[str]:
    """The same command line in the one form the parser knows. What comes after ``--`` is left alone."""
    out: list[str] = []
    for i, word in enumerate(argv):
        if word == "--":
            return [*out, *argv[i:]]
        if word in OPTIONAL_VALUE:
            out.append(f"{word}={OPTIONAL_VALUE[word]}")
            continue
        name, equals, value = word.partition("=")
        if equals and name.startswith("--") and name not in _VALUED and value.lower() in _BOOLEANS:
            out.append(name if _BOOLEANS[value.lower()] else f"--no-{name[2:]}")
        else:
            out.append(word)
    return out
