"""The conditions a kubelet keeps of a pod, after those that others set.

Mirrors: pkg/kubelet/status/generate.go, pkg/kubelet/kubelet_pods.go (generateAPIPodStatus), pkg/api/v1/pod/util.go
         (CalculatePodConditionObservedGeneration) (1.36)
Differs: which containers are not ready is not told in messages, nor why a pod is not Initialized; PodScheduled is left to
         whoever bound the pod. Pods are never seen while all their containers are restarted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kplan.apiserver.rules.restarts import is_sidecar, may_restart_as_a_whole
from kplan.kubelet.phase import FINAL
from kplan.model.objects import EMPTY, Object

READY_TO_START, INITIALIZED, READY, CONTAINERS_READY = "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"
GATES_NOT_READY = "ReadinessGatesNotReady"
_SCHEDULED = "PodScheduled"
_RESTARTING = "AllContainersRestarting"
_OWN = (READY_TO_START, INITIALIZED, READY, CONTAINERS_READY, _SCHEDULED, _RESTARTING)
_ENDED = {"Succeeded": "PodCompleted", "Failed": "PodFailed"}

Condition = Mapping[str, Any]
_Made = tuple[str, str, str]
"""Status, reason, message."""
_TRUE: _Made = ("True", "", "")


def conditions_of(pod: Object, status: Mapping[str, Any], *, sandbox: bool, moment: str, tracking: bool) -> list[Condition]:
    """All conditions of a pod whose phase and containers are as this status says.

    ``sandbox``: whether its containers could start. ``tracking``: whether generations are tracked.
    """
    before: Sequence[Condition] = (pod.get("status") or EMPTY).get("conditions") or ()
    known = {c["type"]: c for c in before}
    said = {
        READY_TO_START: _TRUE if sandbox and status["phase"] not in FINAL else ("False", "", ""),
        INITIALIZED: _initialized(pod["spec"], status),
        READY: ready(pod, status),
        CONTAINERS_READY: _containers_ready(pod["spec"], status),
    }
    generation = pod["metadata"].get("generation")
    seen = {c["type"]: generation if tracking or c.get("observedGeneration") else None for c in before}
    own = [made(kind, s, known.get(kind, EMPTY), moment, seen.get(kind, generation if tracking else None)) for kind, s in said.items()]
    own += [_observed(known[_SCHEDULED], seen[_SCHEDULED])] if _SCHEDULED in known else []
    if may_restart_as_a_whole(pod["spec"]):
        own.append(made(_RESTARTING, ("False", _ENDED.get(status["phase"], ""), ""), known.get(_RESTARTING, EMPTY), moment, None))
    return [*(c for c in before if c["type"] not in _OWN), *own]


def ready(pod: Object, status: Mapping[str, Any]) -> _Made:
    """Whether a pod is Ready: its containers are, and its readiness gates are met."""
    containers = _containers_ready(pod["spec"], status)
    if containers != _TRUE:
        return containers
    unmet = _unmet_gates(pod)
    return ("False", GATES_NOT_READY, unmet) if unmet else _TRUE


def _containers_ready(spec: Mapping[str, Any], status: Mapping[str, Any]) -> _Made:
    if status["phase"] in _ENDED:
        return "False", _ENDED[status["phase"]], ""
    return _TRUE if all(_readiness(spec, status)) else ("False", "ContainersNotReady", "")


def _readiness(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Iterator[bool]:
    """Whether each container that does not end before others start is ready; one of which nothing is known is not."""
    for field, told in (("containers", "containerStatuses"), ("initContainers", "initContainerStatuses")):
        if spec.get(field):
            known = {s["name"]: s.get("ready") for s in status.get(told) or ()}
            yield from (bool(known.get(c["name"])) for c in spec[field] if field == "containers" or is_sidecar(c))


def _initialized(spec: Mapping[str, Any], status: Mapping[str, Any]) -> _Made:
    if status["phase"] == "Succeeded":
        return "True", _ENDED["Succeeded"], ""
    if any(key in (s.get("state") or EMPTY) for s in status.get("containerStatuses") or () for key in ("running", "terminated")):
        return _TRUE
    statuses = {s["name"]: s for s in status.get("initContainerStatuses") or ()}
    done = (statuses.get(c["name"], EMPTY).get("started" if is_sidecar(c) else "ready") for c in spec.get("initContainers") or ())
    return _TRUE if all(done) else ("False", "", "")


def _unmet_gates(pod: Object) -> str:
    """What is said of readiness gates nobody has met."""
    known = {c["type"]: c for c in (pod.get("status") or EMPTY).get("conditions") or ()}
    said = []
    for gate in pod["spec"].get("readinessGates") or ():
        kind = gate["conditionType"]
        if kind not in known:
            said.append(f'corresponding condition of pod readiness gate "{kind}" does not exist.')
        elif known[kind]["status"] != "True":
            said.append(f'the status of pod readiness gate "{kind}" is not "True", but {known[kind]["status"]}')
    return ", ".join(said)


def made(kind: str, said: _Made, old: Condition, moment: str, generation: int | None) -> Condition:
    """A condition that says so, since the old one began to say it; ``generation`` is that of the pod, where it is told."""
    status, reason, message = said
    since = old.get("lastTransitionTime") or moment if old.get("status") == status else moment
    condition: dict[str, Any] = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since}
    return _observed(condition | {key: text for key, text in (("reason", reason), ("message", message)) if text}, generation)


def _observed(condition: Condition, generation: int | None) -> Condition:
    return {**condition, "observedGeneration": generation} if generation else condition
