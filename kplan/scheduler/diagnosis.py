"""Why no node fits, in the scheduler's words: ``0/5 nodes are available: 2 Insufficient cpu, 3 node(s) were unschedulable.``

Mirrors: pkg/scheduler/framework/types.go FitError, Diagnosis (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from kplan.scheduler.evaluation import Evaluation
from kplan.scheduler.framework import Mask, Refusal

NO_NODES = "no nodes available to schedule pods"


@dataclass(slots=True)
class Diagnosis:
    """Why a pod fits nowhere: counts of reasons, who refused, and on which nodes evicting pods might help."""

    nodes: int
    pre_filter_message: str = ""
    reasons: dict[str, int] = field(default_factory=dict)
    plugins: frozenset[str] = frozenset()
    pending_plugins: frozenset[str] = frozenset()
    resolvable: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))
    post_filter_message: str = ""

    def message(self) -> str:
        """The message of the FailedScheduling event and the PodScheduled condition."""
        text = f"0/{self.nodes} nodes are available:"
        if self.pre_filter_message:
            text += f" {self.pre_filter_message}."
        elif self.reasons:
            text += f" {histogram(self.reasons)}."
        if self.post_filter_message:
            text += f" {self.post_filter_message}"
        return text


def histogram(reasons: dict[str, int]) -> str:
    """``1 Insufficient cpu, 2 Too many pods``: sorted as texts, numbers included."""
    return ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))


Overruled = Mapping[int, tuple[str, Refusal]]
"""Rows refused on account of pods nominated to them: by which plugin, and why."""


def diagnose(evaluation: Evaluation, overruled: Overruled | None = None, *, absent: bool = True) -> Diagnosis:
    """Why none of the nodes is feasible.

    ``absent`` False leaves out the nodes that were not looked at because the pod names others.
    """
    size = evaluation.nodes.size
    if evaluation.refused is not None:
        refused = evaluation.refused.refused
        return Diagnosis(
            size,
            ", ".join(refused.reasons),
            plugins=frozenset(filter(None, [evaluation.refused.plugin, *evaluation.named_by])),
            resolvable=np.full(size, refused.resolvable),
        )
    first, codes = evaluation.first_refusals()
    looked_at = np.ones(size, dtype=bool) if evaluation.within is None else evaluation.within
    found = Diagnosis(size, resolvable=np.zeros(size, dtype=bool))
    plugins = set(evaluation.named_by)
    for row, (name, refusal) in (overruled or {}).items():
        first[row] = -1
        plugins.add(name)
        _add(found, refusal, np.arange(size) == row)
    for i, (name, state) in enumerate(evaluation.filters):
        here = (first == i) & looked_at
        for code in np.unique(codes[here]):
            plugins.add(name)
            which = here & (codes == code)
            _add(found, state.refusal(int(code)), which)
    found.plugins = frozenset(plugins)
    others = size - int(np.count_nonzero(looked_at))
    if others and absent:
        reason = f"node(s) didn't satisfy plugin(s) [{' '.join(sorted(evaluation.named_by))}]"
        found.reasons[reason] = found.reasons.get(reason, 0) + others
    return found


def _add(found: Diagnosis, refusal: Refusal, which: Mask) -> None:
    number = int(np.count_nonzero(which))
    for reason in refusal.reasons:
        found.reasons[reason] = found.reasons.get(reason, 0) + number
    if refusal.resolvable:
        found.resolvable |= which
