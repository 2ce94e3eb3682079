"""What a plan has found, as annotations of a pull request: what is refused, what will not work, what is worth knowing."""

from __future__ import annotations

from typing import Any

from kplan.plan.plan import Plan
from kplan.render.annotations import annotation


def render(plan: Plan, **_: Any) -> str:
    """One annotation a finding, and what would help."""
    return "".join(annotation(d, f"{d.message} ({d.hint})" if d.hint else d.message) for d in plan.diagnostics)
