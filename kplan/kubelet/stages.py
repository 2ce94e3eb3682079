"""A pod's life on its node, as a table of stages: what must hold, how long it takes, the status that follows.

What a container really does cannot be known offline: pods run and become Ready, a Job's pod succeeds, unless the pod is
annotated ``sim.kplan.dev/outcome`` or the user assumes otherwise.  What can be known is known: a ConfigMap, Secret, key
or claim that is missing holds the pod back just as it would a real one.

Mirrors: pkg/kubelet/status/generate.go, pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables),
         pkg/volume/{configmap,secret,projected} (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kplan.model.instants import write_instant
from kplan.model.objects import Object, annotations_of, controller_of, get_in

OUTCOME = "sim.kplan.dev/outcome"
OUTCOMES = ("running", "succeeded", "failed", "unready", "image-pull-backoff", "crash-loop")

Status = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Container:
    """What one container is made to look like: its state and whether it is ready and started."""

    state: Mapping[str, Any]
    ready: bool = False
    started: bool = False
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a pod's life.

    ``init`` and ``main`` make the containers; ``conditions`` gives status and reason of PodReadyToStartContainers,
    Initialized, Ready and ContainersReady.
    """

    name: str
    phase: str
    init: Callable[[str], Container]
    main: Callable[[str], Container]
    conditions: tuple[tuple[str, str], tuple[str, str], tuple[str, str], tuple[str, str]]
    has_ip: bool = True


def _waiting(reason: str, restarts: int = 0) -> Callable[[str], Container]:
    return lambda now: Container({"waiting": {"reason": reason}}, restarts=restarts)


def _running(ready: bool) -> Callable[[str], Container]:
    return lambda now: Container({"running": {"startedAt": now}}, ready, True)


def _ended(code: int, reason: str, ready: bool = False) -> Callable[[str], Container]:
    return lambda now: Container({"terminated": {"exitCode": code, "reason": reason, "startedAt": now, "finishedAt": now}}, ready)


_DONE = _ended(0, "Completed", ready=True)
_NOT_READY = ("False", "ContainersNotReady")
_YES, _NO = ("True", ""), ("False", "")

STAGES: dict[str, Stage] = {
    s.name: s
    for s in (
        Stage("running", "Running", _DONE, _running(True), (_YES, _YES, _YES, _YES)),
        Stage("unready", "Running", _DONE, _running(False), (_YES, _YES, _NOT_READY, _NOT_READY)),
        Stage("succeeded", "Succeeded", _DONE, _ended(0, "Completed"), (_NO, ("True", "PodCompleted"), ("False", "PodCompleted"), ("False", "PodCompleted"))),
        Stage("failed", "Failed", _DONE, _ended(1, "Error"), (_NO, _YES, ("False", "PodFailed"), ("False", "PodFailed"))),
        Stage("image-pull-backoff", "Pending", _DONE, _waiting("ImagePullBackOff"), (_YES, _YES, _NOT_READY, _NOT_READY)),
        Stage("crash-loop", "Running", _DONE, _waiting("CrashLoopBackOff", 3), (_YES, _YES, _NOT_READY, _NOT_READY)),
        Stage("waiting-for-volumes", "Pending", _waiting("ContainerCreating"), _waiting("ContainerCreating"), (_NO, _YES, _NOT_READY, _NOT_READY), False),
        Stage("config-error", "Pending", _DONE, _waiting("CreateContainerConfigError"), (_YES, _YES, _NOT_READY, _NOT_READY)),
        Stage("init-config-error", "Pending", _waiting("CreateContainerConfigError"), _waiting("PodInitializing"), (_YES, _NO, _NOT_READY, _NOT_READY)),
    )
}
_CONDITIONS = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady")


def outcome_of(pod: Object, assumed: str) -> str:
    """What a pod is assumed to do: its annotation, else a Job's pod succeeds, else what the user assumes."""
    said = annotations_of(pod).get(OUTCOME)
    if said in OUTCOMES:
        return _possible(pod, said)
    owner = controller_of(pod)
    if owner is not None and owner["kind"] == "Job" and assumed == "running":
        return "succeeded"
    return _possible(pod, assumed)


def _possible(pod: Object, outcome: str) -> str:
    """Only a pod that is never restarted can fail, and one that always is cannot end at all: it crashes again and again."""
    policy = pod["spec"].get("restartPolicy", "Always")
    if (outcome == "failed" and policy != "Never") or (outcome == "succeeded" and policy == "Always"):
        return "crash-loop"
    return outcome


def status_at(pod: Object, stage: Stage, *, now: float, blocked: frozenset[str], host_ip: str, pod_ip: str) -> Status:
    """The status of a pod that has reached a stage.

    ``blocked``: names of containers whose configuration is missing; only these wait in the config-error stages.
    """
    moment = write_instant(now)
    before = pod.get("status") or {}
    spec = pod["spec"]
    status: Status = {k: v for k, v in before.items() if k not in ("nominatedNodeName",)}
    status["phase"] = stage.phase
    status["conditions"] = _conditions(pod, before.get("conditions") or [], stage, moment)
    if host_ip:
        status["hostIP"], status["hostIPs"] = host_ip, [{"ip": host_ip}]
    if stage.has_ip and not before.get("podIP"):
        ip = host_ip if spec.get("hostNetwork") and host_ip else pod_ip
        status["podIP"], status["podIPs"] = ip, [{"ip": ip}]
    status.setdefault("startTime", moment)
    if spec.get("initContainers"):
        status["initContainerStatuses"] = _init_statuses(spec["initContainers"], before, stage, moment, blocked)
    status["containerStatuses"] = [
        _container_status(c, _state_of(pod, c, stage, blocked)(moment), before, "containerStatuses") for c in spec.get("containers") or []
    ]
    return status


def main_of(pod: Object, stage: Stage) -> Callable[[str], Container]:
    """What the pod's containers are made to look like: while volumes are mounted they wait for its init containers, if any."""
    if stage.name == "waiting-for-volumes" and pod["spec"].get("initContainers"):
        return _waiting("PodInitializing")
    return stage.main


def _state_of(pod: Object, container: Mapping[str, Any], stage: Stage, blocked: frozenset[str]) -> Callable[[str], Container]:
    if stage.name == "config-error" and container["name"] not in blocked:
        return _running(True)
    return main_of(pod, stage)


def _init_statuses(
    containers: Iterable[Mapping[str, Any]], before: Mapping[str, Any], stage: Stage, moment: str, blocked: frozenset[str]
) -> list[Status]:
    out, stuck = [], False
    for c in containers:
        sidecar = c.get("restartPolicy") == "Always"
        if stage.name == "init-config-error":
            if stuck:
                make = _waiting("PodInitializing")
            elif c["name"] in blocked:
                make, stuck = stage.init, True
            else:
                make = _running(True) if sidecar else _DONE
        elif sidecar and stage.main(moment).state.keys() == {"terminated"}:
            make = _ended(0, "Completed", ready=False)
        elif sidecar and stage.init is _DONE:
            make = _running(True)
        else:
            make = stage.init
        out.append(_container_status(c, make(moment), before, "initContainerStatuses"))
    return out


def _container_status(spec: Mapping[str, Any], made: Container, before: Mapping[str, Any], kind: str) -> Status:
    known = next((s for s in before.get(kind) or [] if s["name"] == spec["name"]), None)
    if known is not None and known.get("state", {}).keys() == made.state.keys() == {"running"}:
        state = known["state"]
    else:
        state = made.state
    return {
        "name": spec["name"],
        "state": state,
        "lastState": {},
        "ready": made.ready,
        "restartCount": made.restarts,
        "image": spec.get("image", ""),
        "imageID": "",
        "started": made.started,
    }


def _conditions(pod: Object, before: list[Mapping[str, Any]], stage: Stage, moment: str) -> list[Mapping[str, Any]]:
    known = {c["type"]: c for c in before}
    made: list[Mapping[str, Any]] = []
    for kind, (status, reason) in zip(_CONDITIONS, stage.conditions, strict=True):
        if kind == "Initialized" and status == "False" and not pod["spec"].get("initContainers"):
            status = "True"
        if kind == "Initialized" and stage.name == "waiting-for-volumes" and pod["spec"].get("initContainers"):
            status = "False"
        if kind == "Ready" and status == "True" and (missing := _missing_gates(pod, known)):
            status, reason = "False", "ReadinessGatesNotReady"
            made.append(_condition(known, kind, status, reason, moment, missing))
            continue
        made.append(_condition(known, kind, status, reason, moment, ""))
    kept = [c for c in before if c["type"] not in _CONDITIONS]
    return [*made, *kept]


def _condition(known: Mapping[str, Any], kind: str, status: str, reason: str, moment: str, message: str) -> Mapping[str, Any]:
    old = known.get(kind)
    since = old.get("lastTransitionTime") or moment if old is not None and old["status"] == status else moment
    condition = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since}
    if reason:
        condition["reason"] = reason
    if message:
        condition["message"] = message
    return condition


def _missing_gates(pod: Object, known: Mapping[str, Any]) -> str:
    """What is said of readiness gates nobody has met."""
    said = []
    for gate in get_in(pod, ("spec", "readinessGates")) or []:
        condition = known.get(gate["conditionType"])
        if condition is None:
            said.append(f'corresponding condition of pod readiness gate "{gate["conditionType"]}" does not exist.')
        elif condition["status"] != "True":
            said.append(f'the status of pod readiness gate "{gate["conditionType"]}" is not "True", but {condition["status"]}')
    return ", ".join(said)
