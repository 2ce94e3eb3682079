"""How it is with a zone, and how fast its nodes are tainted."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.controllers.nodelifecycle.zones import (
    FULL,
    NORMAL,
    PARTIAL,
    Limiter,
    every_zone_is_disrupted,
    seconds_between,
    state_of,
    zone_of,
)


@pytest.mark.parametrize(
    ("ready", "unready", "state", "seconds"),
    [
        (1, 0, NORMAL, 10),
        (0, 1, FULL, 10),
        (1, 1, NORMAL, 10),
        (1, 2, NORMAL, 10),
        (1, 3, PARTIAL, None),
        (2, 3, PARTIAL, None),
        (3, 3, NORMAL, 10),
        (9, 11, PARTIAL, None),
        (10, 12, NORMAL, 10),
        (0, 60, FULL, 10),
        (22, 28, PARTIAL, None),
        (22, 29, PARTIAL, 100),
    ],
)
def test_the_state_of_a_zone(ready: int, unready: int, state: str, seconds: float | None) -> None:
    nodes = [True] * ready + [False] * unready
    assert state_of(nodes) == state
    assert seconds_between(nodes) == seconds


def test_no_zone_is_left_only_when_no_node_is_ready_anywhere() -> None:
    assert every_zone_is_disrupted({("", "a"): [False], ("", "b"): [False, False]})
    assert not every_zone_is_disrupted({("", "a"): [False], ("", "b"): [False, True]})
    assert not every_zone_is_disrupted({})


@pytest.mark.parametrize(
    ("taken", "rates", "free_at"),
    [
        ([], [], 100),
        ([95], [], 105),
        ([80], [], 100),
        ([], [None], None),
        ([], [None, 10.0], 110),
        ([95], [10.0], 105),
        ([95], [100.0], 200),
        ([], [100.0], 100),
        ([], [100.0, 10.0], 100),
    ],
)
def test_who_could_not_pass_waits_longer_after_a_change_of_the_rate(taken: list[float], rates: list[float | None], free_at: float | None) -> None:
    limiter = Limiter(0.0)
    for moment in taken:
        limiter.take(moment)
    for rate in rates:
        limiter.change(rate, 100.0)
    assert limiter.free_at(100.0) == free_at


@pytest.mark.parametrize(
    ("labels", "zone"),
    [
        ({}, ("", "")),
        ({"topology.kubernetes.io/region": "r", "topology.kubernetes.io/zone": "z"}, ("r", "z")),
        ({"topology.kubernetes.io/zone": "z", "failure-domain.beta.kubernetes.io/zone": "old"}, ("", "old")),
    ],
)
def test_the_old_labels_of_a_zone_count_first(labels: dict[str, Any], zone: tuple[str, str]) -> None:
    assert zone_of({"metadata": {"name": "n", "labels": labels}}) == zone
