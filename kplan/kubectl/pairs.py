"""``KEY=VALUE`` and ``KEY-`` among the arguments, and lists of labels.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go: GetResourcesAndPairs, ParsePairs;
         pkg/generate/generate.go: ParseLabels (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.kubectl.failure import Failure


def split_pairs(arguments: Iterable[str], what: str) -> tuple[list[str], list[str]] | Failure:
    """(what names objects, the pairs), which come last."""
    named: list[str] = []
    pairs: list[str] = []
    for word in arguments:
        if ("=" in word and not word.startswith("=")) or (word.endswith("-") and word != "-"):
            pairs.append(word)
        elif pairs:
            return Failure(f"all resources must be specified before {what} changes: {word}")
        else:
            named.append(word)
    return named, pairs


def parse_pairs(pairs: Iterable[str], what: str, *, removals: bool) -> tuple[dict[str, str], list[str]] | Failure:
    """(what to set, what to remove)."""
    new: dict[str, str] = {}
    gone: list[str] = []
    wrong: list[str] = []
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if equals and key:
            new[key] = value
        elif removals and pair.endswith("-") and pair != "-":
            gone.append(pair[:-1])
        else:
            wrong.append(pair)
    return Failure(f"invalid {what} format: {', '.join(wrong)}") if wrong else (new, gone)


def parse_labels(text: str) -> dict[str, str] | Failure:
    """``KEY=VALUE,KEY=VALUE``."""
    out = {}
    for part in text.split(","):
        pieces = part.split("=")
        if len(pieces) != 2:
            return Failure(f"unexpected label spec: {part}")
        if not pieces[0]:
            return Failure("unexpected empty label key")
        out[pieces[0]] = pieces[1]
    return out
