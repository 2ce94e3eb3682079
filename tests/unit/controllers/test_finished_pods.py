"""Which finished pods are collected when there are too many."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.controllers import podgc


@pytest.mark.parametrize(
    ("phases", "most", "gone"),
    [
        (["Failed", "Succeeded", "Failed"], 1, ["pod-0", "pod-1"]),
        (["Running", "Succeeded", "Failed"], 1, ["pod-1"]),
        (["Failed", "Succeeded"], 1, ["pod-0"]),
        (["Failed", "Succeeded"], 5, []),
        (["Failed", "Succeeded", "Evicted"], 1, ["pod-0", "pod-2"]),
        (["Running", "Succeeded", "Evicted"], 1, ["pod-2"]),
        (["Failed", "Pending", "Unknown"], 0, ["pod-0"]),
    ],
)
def test_evicted_ones_go_first_then_the_oldest(cluster: Any, monkeypatch: Any, phases: list[str], most: int, gone: list[str]) -> None:
    monkeypatch.setattr(podgc, "MOST_TERMINATED", most)
    world = cluster()
    world.add({"Node": "n1"})
    for i, phase in enumerate(phases):
        status = {"phase": "Failed", "reason": "Evicted"} if phase == "Evicted" else {"phase": phase}
        world.add({"Pod": f"pod-{i}", "age": 1000 - i, "status": status})
    done = world.reconcile(podgc.CONTROLLER(), "terminated pods")
    assert sorted(row["delete"].split()[-1] for row in done if "delete" in row) == gone
    assert not any("status" in row for row in done)
