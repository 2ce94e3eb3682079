"""JSON as kubectl writes it: keys in order, four spaces a level.

Mirrors: staging/src/k8s.io/cli-runtime/pkg/printers/json.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.model.gotext import go_json


def json_text(value: Any, depth: int = 0) -> str:
    """A value as indented JSON."""
    inner, outer = "    " * (depth + 1), "    " * depth
    if isinstance(value, Mapping) and value:
        rows = [f"{inner}{go_json(k)}: {json_text(value[k], depth + 1)}" for k in sorted(value)]
        return "{\n" + ",\n".join(rows) + f"\n{outer}}}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(inner + json_text(v, depth + 1) for v in value) + f"\n{outer}]"
    return go_json(value)
