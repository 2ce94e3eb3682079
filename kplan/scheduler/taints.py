"""Which taints a pod tolerates.

Mirrors: staging/src/k8s.io/api/core/v1/toleration.go, staging/src/k8s.io/component-helpers/scheduling/corev1/helpers.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kplan.model.integers import parse_int
from kplan.scheduler.nodes import Taint

Toleration = Mapping[str, Any]
NO_SCHEDULE, NO_EXECUTE, PREFER_NO_SCHEDULE = "NoSchedule", "NoExecute", "PreferNoSchedule"
UNSCHEDULABLE_TAINT: Taint = ("node.kubernetes.io/unschedulable", "", NO_SCHEDULE)


def tolerates(toleration: Toleration, taint: Taint, *, comparison: bool = False) -> bool:
    """Whether a toleration covers a taint; ``comparison`` lets Gt and Lt count."""
    key, value, effect = taint
    if toleration.get("effect") and toleration["effect"] != effect:
        return False
    if toleration.get("key") and toleration["key"] != key:
        return False
    operator, own = toleration.get("operator") or "Equal", toleration.get("value") or ""
    if operator == "Equal":
        return bool(own == value)
    if operator in ("Gt", "Lt") and comparison:
        return _compares(operator, own, value)
    return bool(operator == "Exists")


def _compares(operator: str, own: str, value: str) -> bool:
    wanted, have = parse_int(own), parse_int(value)
    if wanted is None or have is None:
        return False
    return have > wanted if operator == "Gt" else have < wanted


def tolerated(tolerations: Iterable[Toleration], taint: Taint, *, comparison: bool = False) -> bool:
    """Whether any of the tolerations covers the taint."""
    return any(tolerates(t, taint, comparison=comparison) for t in tolerations)


def untolerated(taints: Iterable[Taint], tolerations: Sequence[Toleration], *, comparison: bool = False) -> list[Taint]:
    """The taints that keep new pods away and are not tolerated."""
    return [t for t in taints if t[2] in (NO_SCHEDULE, NO_EXECUTE) and not tolerated(tolerations, t, comparison=comparison)]
