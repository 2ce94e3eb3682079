"""The conditions a kubelet keeps of a pod."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.kubelet.conditions import conditions_of

NOW = "2026-01-01T00:01:00Z"
THEN = "2026-01-01T00:00:00Z"
TWO = [{"name": "one"}, {"name": "two"}]
SIDECAR = [{"name": "one", "restartPolicy": "Always"}]


def told(
    status: dict[str, Any],
    *,
    init: list[dict[str, Any]] | None = None,
    before: list[dict[str, Any]] | None = None,
    gates: tuple[str, ...] = (),
    tracking: bool = True,
    sandbox: bool = True,
) -> list[dict[str, Any]]:
    spec = {"initContainers": init or [], "containers": [{"name": "main"}], "readinessGates": [{"conditionType": g} for g in gates]}
    pod = {"metadata": {"name": "a", "generation": 3}, "spec": spec, "status": {"conditions": before or []}}
    return [dict(c) for c in conditions_of(pod, {"phase": "Running", **status}, sandbox=sandbox, moment=NOW, tracking=tracking)]


def condition(kind: str, status: dict[str, Any], **more: Any) -> tuple[str, str | None]:
    (found,) = [c for c in told(status, **more) if c["type"] == kind]
    return found["status"], found.get("reason")


def containers(**ready: bool) -> list[dict[str, Any]]:
    return [{"name": n, "ready": r, "started": r, "state": {"waiting": {}}} for n, r in ready.items()]


@pytest.mark.parametrize(
    ("init", "init_statuses", "main", "said"),
    [
        ([], [], {"waiting": {}}, "True"),
        (TWO, [], {"waiting": {}}, "False"),
        (TWO, containers(one=True), {"waiting": {}}, "False"),
        (TWO, containers(one=True, two=False), {"waiting": {}}, "False"),
        (TWO, containers(one=True, two=True), {"waiting": {}}, "True"),
        (SIDECAR, containers(one=False), {"waiting": {}}, "False"),
        (SIDECAR, [{"name": "one", "ready": False, "started": True}], {"waiting": {}}, "True"),
        (SIDECAR, containers(one=False), {"running": {}}, "True"),
        (TWO, containers(one=False, two=False), {"terminated": {}}, "True"),
    ],
)
def test_initialized(init: list[dict[str, Any]], init_statuses: list[dict[str, Any]], main: dict[str, Any], said: str) -> None:
    status = {"initContainerStatuses": init_statuses, "containerStatuses": [{"name": "main", "state": main}]}
    assert condition("Initialized", status, init=init) == (said, None)


@pytest.mark.parametrize(
    ("init", "init_statuses", "statuses", "said"),
    [
        ([], [], [], ("False", "ContainersNotReady")),
        ([], [], containers(main=False), ("False", "ContainersNotReady")),
        ([], [], containers(main=True), ("True", None)),
        (TWO, containers(one=False, two=False), containers(main=True), ("True", None)),
        (SIDECAR, [], containers(main=True), ("False", "ContainersNotReady")),
        (SIDECAR, containers(one=False), containers(main=True), ("False", "ContainersNotReady")),
        (SIDECAR, containers(one=True), containers(main=True), ("True", None)),
    ],
)
def test_readiness(init: list[dict[str, Any]], init_statuses: list[dict[str, Any]], statuses: list[dict[str, Any]], said: tuple[str, str | None]) -> None:
    status = {"initContainerStatuses": init_statuses, "containerStatuses": statuses}
    assert condition("ContainersReady", status, init=init) == said
    assert condition("Ready", status, init=init) == said


@pytest.mark.parametrize(("phase", "reason", "initialized"), [("Succeeded", "PodCompleted", "PodCompleted"), ("Failed", "PodFailed", None)])
def test_of_pods_that_have_finished(phase: str, reason: str, initialized: str | None) -> None:
    status = {"phase": phase, "containerStatuses": [{"name": "main", "ready": False, "state": {"terminated": {}}}]}
    assert condition("Ready", status) == condition("ContainersReady", status) == ("False", reason)
    assert condition("Initialized", status) == ("True", initialized)
    assert condition("PodReadyToStartContainers", status) == ("False", None)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ([], 'corresponding condition of pod readiness gate "g" does not exist.'),
        ([{"type": "g", "status": "Unknown"}], 'the status of pod readiness gate "g" is not "True", but Unknown'),
        ([{"type": "g", "status": "True"}], None),
    ],
)
def test_readiness_gates(before: list[dict[str, Any]], said: str | None) -> None:
    (ready,) = [c for c in told({"containerStatuses": containers(main=True)}, before=before, gates=("g",)) if c["type"] == "Ready"]
    assert (ready["status"], ready.get("message")) == ("False" if said else "True", said)


def test_what_others_say_comes_first_and_stays() -> None:
    before = [
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": THEN},
        {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"},
        {"type": "Ready", "status": "True", "lastTransitionTime": THEN},
        {"type": "Initialized", "status": "False", "lastTransitionTime": THEN, "reason": "ContainersNotInitialized"},
    ]
    made = told({"containerStatuses": containers(main=True)}, before=before)
    assert [c["type"] for c in made] == ["DisruptionTarget", "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]
    assert made[0] == before[1]
    assert [c["lastTransitionTime"] for c in made[1:]] == [NOW, NOW, THEN, NOW, THEN]
    assert "reason" not in made[2]


@pytest.mark.parametrize(("tracking", "old", "seen"), [(True, None, 3), (True, 2, 3), (False, None, None), (False, 2, 3)])
def test_which_generation_was_observed(tracking: bool, old: int | None, seen: int | None) -> None:
    before = [{"type": "Ready", "status": "True", **({"observedGeneration": old} if old else {})}]
    (ready,) = [c for c in told({"containerStatuses": containers(main=True)}, before=before, tracking=tracking) if c["type"] == "Ready"]
    assert ready.get("observedGeneration") == seen


def test_a_pod_without_sandbox() -> None:
    assert condition("PodReadyToStartContainers", {"phase": "Pending"}, sandbox=False) == ("False", None)


@pytest.mark.parametrize(("phase", "reason"), [("Running", None), ("Succeeded", "PodCompleted"), ("Failed", "PodFailed")])
def test_a_pod_that_may_restart_as_a_whole_says_that_it_does_not(phase: str, reason: str | None) -> None:
    init = [{"name": "one", "restartPolicyRules": [{"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [88]}}]}]
    assert told({"phase": phase}, init=init)[-1] == {
        "type": "AllContainersRestarting",
        "status": "False",
        "lastProbeTime": None,
        "lastTransitionTime": NOW,
        **({"reason": reason} if reason else {}),
    }
    assert all(c["type"] != "AllContainersRestarting" for c in told({"phase": phase}, init=[{"name": "one"}]))
