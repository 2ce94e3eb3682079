"""Which of two pods is better deleted, when pods become available, and who may claim them."""

from __future__ import annotations

import random
from typing import Any

import pytest

from kplan.controllers.pods import (
    is_active,
    is_available,
    is_terminating,
    next_availability,
    rank_for_deletion,
    sort_active,
)
from kplan.model.instants import write_instant

NOW = 1_800_000_000.0
HOUR, MONTH = 3600.0, 30 * 86400.0


def pod(name: str, node: str = "n", phase: str = "Running", *, ready: bool = False, **more: Any) -> dict[str, Any]:
    """A pod; ``since`` and ``age`` are seconds ago, ``restarts`` those of its container and its sidecar."""
    meta: dict[str, Any] = {"name": name, "uid": name, "namespace": "default"}
    if "age" in more:
        meta["creationTimestamp"] = write_instant(NOW - more["age"])
    if "cost" in more:
        meta["annotations"] = {"controller.kubernetes.io/pod-deletion-cost": more["cost"]}
    status: dict[str, Any] = {"phase": phase}
    if ready:
        status["conditions"] = [{"type": "Ready", "status": "True"}]
        if "since" in more:
            status["conditions"][0]["lastTransitionTime"] = write_instant(NOW - more["since"])
    main, sidecar = more.get("restarts", (0, 0))
    status["containerStatuses"] = [{"name": "main", "restartCount": main}, {"name": "other", "restartCount": 0}]
    status["initContainerStatuses"] = [{"name": "sidecar", "restartCount": sidecar}, {"name": "init", "restartCount": 99}]
    spec: dict[str, Any] = {"initContainers": [{"name": "sidecar", "restartPolicy": "Always"}, {"name": "init"}]}
    if node:
        spec["nodeName"] = node
    return {"kind": "Pod", "metadata": meta, "spec": spec, "status": status}


FIRST_TO_LAST = [
    pod("unscheduled", "", "Pending"),
    pod("pending", "bar", "Pending"),
    pod("unknown", "foo", "Unknown"),
    pod("not ready", "foo"),
    pod("ready, nobody knows since when", "foo", ready=True, restarts=(3, 0)),
    pod("ready now", "foo", ready=True, since=0, restarts=(3, 0)),
    pod("ready long", "foo", ready=True, since=MONTH, restarts=(3, 0)),
    pod("fewer restarts, but of the sidecar", "foo", ready=True, since=MONTH, age=0, restarts=(2, 2)),
    pod("fewer restarts", "foo", ready=True, since=MONTH, age=0, restarts=(2, 0)),
    pod("oldest", "foo", ready=True, since=MONTH, age=MONTH, restarts=(2, 0)),
]


@pytest.mark.parametrize("seed", range(10))
def test_the_least_advanced_goes_first(seed: int) -> None:
    shuffled = random.Random(seed).sample(FIRST_TO_LAST, len(FIRST_TO_LAST))
    assert [p["metadata"]["name"] for p in sort_active(shuffled)] == [p["metadata"]["name"] for p in FIRST_TO_LAST]


UNSCHEDULED, PENDING, UNKNOWN, NOT_READY = FIRST_TO_LAST[:4]
READY = pod("ready", ready=True)
READY_NOW = pod("ready now", ready=True, since=0, age=0)
READY_LONG = pod("ready long", ready=True, since=MONTH, age=MONTH)
RESTARTED = pod("restarted", ready=True, since=0, age=0, restarts=(9001, 0))
ALL_RESTARTED = pod("all restarted", ready=True, since=0, age=0, restarts=(9001, 9001))
OLD_READY_NOW = pod("old, ready now", ready=True, since=0, age=MONTH)
CHEAP, DEAR = (pod(f"costs {c}", ready=True, since=0, age=MONTH, cost=c) for c in ("10", "100"))
TWO_HOURS, FIVE_HOURS = (pod(f"ready for {h} h", ready=True, since=h * HOUR, age=MONTH) for h in (2, 5))


@pytest.mark.parametrize(
    ("first", "second", "ranks"),
    [
        (UNSCHEDULED, PENDING, (1, 2)),
        (UNSCHEDULED, PENDING, (2, 1)),
        (PENDING, UNKNOWN, (1, 2)),
        (UNKNOWN, NOT_READY, (1, 2)),
        (NOT_READY, READY, (1, 1)),
        (READY, READY_NOW, (1, 1)),
        (READY_NOW, READY, (2, 1)),
        (READY_NOW, READY_LONG, (1, 1)),
        (READY_NOW, READY_LONG, (2, 1)),
        (RESTARTED, READY_NOW, (1, 1)),
        (ALL_RESTARTED, RESTARTED, (1, 1)),
        (READY_NOW, RESTARTED, (2, 1)),
        (READY_NOW, OLD_READY_NOW, (1, 1)),
        (OLD_READY_NOW, READY_NOW, (2, 1)),
        (CHEAP, DEAR, (2, 1)),
        (CHEAP, DEAR, (1, 2)),
        (TWO_HOURS, FIVE_HOURS, (1, 1)),
    ],
    ids=lambda v: v["metadata"]["name"] if isinstance(v, dict) else None,
)
def test_pods_of_one_owner_are_spread_by_deletion(first: dict[str, Any], second: dict[str, Any], ranks: tuple[int, int]) -> None:
    """``ranks`` are how many pods of the owner there are on the nodes of the two."""
    a, b = ({**p, "spec": {**p["spec"], "nodeName": p["spec"].get("nodeName") and node}} for p, node in ((first, "a"), (second, "b")))
    related = [pod(f"{node}{i}", node) for node, rank in zip("ab", ranks, strict=True) for i in range(rank)]
    for pair in ([a, b], [b, a]):
        assert rank_for_deletion(pair, related, NOW)[0] is a


@pytest.mark.parametrize(
    ("cost", "number"),
    [("10", 10), ("-5", -5), ("0", 0), ("+5", 0), ("007", 0), ("1.5", 0), ("", 0), ("x", 0), ("2147483647", 2147483647), ("2147483648", 0)],
)
def test_a_cost_is_a_plain_number_of_32_bits(cost: str, number: int) -> None:
    one, other = pod("one", ready=True, since=0, cost=cost), pod("other", ready=True, since=0, cost=str(number))
    below = pod("below", ready=True, since=0, cost=str(max(-(2**31), number - 1)))
    assert rank_for_deletion([one, below], [], NOW)[0] is below
    assert {p["metadata"]["name"] for p in rank_for_deletion([one, other], [], NOW)} == {"one", "other"}


@pytest.mark.parametrize(
    ("p", "min_ready", "in_seconds"),
    [
        (pod("a"), 0, None),
        (pod("a", ready=True, since=0), 0, None),
        (pod("a", ready=True), 1, None),
        (pod("a", ready=True, since=0), 1, 1),
        (pod("a", ready=True, since=20), 30, 10),
        (pod("a", ready=True, since=51), 50, None),
    ],
)
def test_when_a_pod_becomes_available(p: dict[str, Any], min_ready: int, in_seconds: int | None) -> None:
    at = next_availability([p], min_ready, NOW)
    assert (None if at is None else at - NOW) == in_seconds
    assert at is None or not is_available(p, min_ready, NOW)
    assert at is None or is_available(p, min_ready, at)


def test_the_first_of_several_pods_to_become_available_counts() -> None:
    pods = [pod("a"), pod("b", ready=True, since=5), pod("c", ready=True, since=20), pod("d", ready=True, since=60)]
    assert next_availability(pods, 30, NOW) == NOW + 10


@pytest.mark.parametrize(
    ("phase", "deleting", "active", "terminating"),
    [
        ("Running", False, True, False),
        ("Pending", False, True, False),
        ("", False, True, False),
        ("Running", True, False, True),
        ("Succeeded", False, False, False),
        ("Failed", False, False, False),
        ("Failed", True, False, False),
    ],
)
def test_active_and_terminating(phase: str, deleting: bool, active: bool, terminating: bool) -> None:
    p = pod("a", phase=phase)
    if deleting:
        p["metadata"]["deletionTimestamp"] = write_instant(NOW)
    assert (is_active(p), is_terminating(p)) == (active, terminating)
