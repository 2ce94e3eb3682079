"""Any other kind, field by field.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go: genericDescriber (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kplan.kubectl.describe.paper import Paper
from kplan.kubectl.describe.parts import Case, events, head, marks
from kplan.model.gotext import go_text

_SKIPPED = frozenset((".metadata.managedFields", ".metadata.name", ".metadata.namespace", ".metadata.labels", ".metadata.annotations"))
_ACRONYMS = frozenset(("API", "URL", "UID", "GUID"))
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|-+")


def anything(case: Case) -> None:
    """An object of any kind."""
    head(case)
    marks(case)
    _fields(case.paper, 0, case.object, "")
    events(case)


def _fields(paper: Paper, level: int, content: Mapping[str, Any], path: str) -> None:
    for name in sorted(content):
        value, here = content[name], f"{path}.{name}"
        if here in _SKIPPED:
            continue
        if isinstance(value, Mapping):
            paper.line(level, label_of(name))
            _fields(paper, level + 1, value, here)
        elif isinstance(value, list):
            paper.line(level, label_of(name))
            for item in value:
                if isinstance(item, Mapping):
                    _fields(paper, level + 1, item, here)
                else:
                    paper.write(level + 1, f"{go_text(item)}\n")
        else:
            paper.line(level, label_of(name), go_text(value))


def label_of(name: str) -> str:
    """``replicaCount`` as ``Replica Count``; names with other characters than letters stay as they are."""
    if not all(c.isalpha() or c == "-" for c in name):
        return name
    return " ".join(p.upper() if p.upper() in _ACRONYMS else p.capitalize() if p.islower() else p for p in _merged(_PARTS.findall(name)))


def _merged(parts: list[str]) -> list[str]:
    """Capitals and the word behind them are one, as in ``IPAddress``."""
    out: list[str] = []
    for part in parts:
        if out and len(out[-1]) >= 2 and out[-1].isupper() and part[:1].isupper():
            out[-1] += part
        else:
            out.append(part)
    return out
