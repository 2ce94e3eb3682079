"""A pod's life on its node, as a table: what its containers do, and so what its status becomes.

What a container really does cannot be known offline: pods run and become Ready, a Job's pod succeeds, unless the pod is
annotated ``sim.kplan.dev/outcome`` or the user assumes otherwise.  What can be known is known: a ConfigMap, Secret, key
or claim that is missing holds the pod back just as it would a real one, and whether a container that exits is started
again is in its spec.

Mirrors: pkg/kubelet/kubelet_pods.go (generateAPIPodStatus, convertToAPIContainerStatuses),
         pkg/kubelet/kuberuntime/kuberuntime_manager.go (SyncPod, doBackOff), pkg/kubelet/prober/prober_manager.go (1.36)
Differs: containers are listed in the order of the spec; a container that crashes has been started again three times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kplan.apiserver.rules.restarts import is_sidecar, starts_again
from kplan.kubelet.conditions import conditions_of
from kplan.kubelet.needs import CONFIG_ERROR, format_pod
from kplan.kubelet.phase import phase_of
from kplan.model.instants import write_instant
from kplan.model.objects import EMPTY, Object, annotations_of, controller_of

OUTCOME = "sim.kplan.dev/outcome"
WAITING_FOR_VOLUMES = "waiting-for-volumes"

Status = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Container:
    """What one container is made to look like: its state, the one before, whether it is ready and started."""

    state: Mapping[str, Any]
    ready: bool = False
    started: bool = False
    restarts: int = 0
    last: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a pod is in its life: an outcome, or what it waits for. ``held`` says why containers cannot be created, by name."""

    name: str
    held: Mapping[str, str] = field(default_factory=dict)

    @property
    def sandbox(self) -> bool:
        """Whether the pod has come so far that its containers could start."""
        return self.name != WAITING_FOR_VOLUMES


_Spec = Mapping[str, Any]
_Play = Callable[[Object, _Spec, str], Container]
"""What a container (the second) of a pod does, seen at a moment."""


def _waiting(reason: str, message: str = "") -> Container:
    return Container({"waiting": {"reason": reason} | ({"message": message} if message else {})})


def _running(ready: bool) -> _Play:
    return lambda pod, container, now: Container({"running": {"startedAt": now}}, ready, True)


def _ended(code: int, now: str) -> Mapping[str, Any]:
    reason = "Error" if code else "Completed"
    return {"terminated": {"exitCode": code, "reason": reason, "startedAt": now, "finishedAt": now}}


def _exits(code: int) -> _Play:
    """A container that exits; one that is started again does so again and again."""

    def play(pod: Object, container: _Spec, now: str) -> Container:
        ended = _ended(code, now)
        if not starts_again(container, pod["spec"], code):
            return Container(ended)
        words = f"back-off 40s restarting failed container={container['name']} pod={format_pod(pod)}"
        return Container({"waiting": {"reason": "CrashLoopBackOff", "message": words}}, restarts=3, last=ended)

    return play


def _pull(_: Object, container: _Spec, __: str) -> Container:
    return _waiting("ImagePullBackOff", f'Back-off pulling image "{container.get("image", "")}"')


_PLAYS: Mapping[str, _Play] = {
    "running": _running(True),
    "succeeded": _exits(0),
    "failed": _exits(1),
    "unready": _running(False),
    "image-pull-backoff": _pull,
    "crash-loop": _exits(1),
}
OUTCOMES = tuple(_PLAYS)
_NEVER_CREATED = ("image-pull-backoff",)
"""Outcomes that come before a container's configuration is looked at."""


def outcome_of(pod: Object, assumed: str) -> str:
    """What a pod is assumed to do: its annotation, else a Job's pod succeeds, else what the user assumes."""
    said = annotations_of(pod).get(OUTCOME)
    if said in OUTCOMES:
        return said
    owner = controller_of(pod)
    return "succeeded" if owner is not None and owner["kind"] == "Job" and assumed == "running" else assumed


def stage_of(outcome: str, init: Mapping[str, str], main: Mapping[str, str]) -> Stage:
    """The stage of a pod whose volumes are there: what its containers lack holds it back, else it does what is assumed of it."""
    if init:
        return Stage("init-config-error", init)
    return Stage("config-error" if main and outcome not in _NEVER_CREATED else outcome, EMPTY if outcome in _NEVER_CREATED else main)


def status_at(pod: Object, stage: Stage, outcome: str, *, now: float, host_ips: list[str], pod_ip: Callable[[], str], tracking: bool) -> Status:
    """The status of a pod that has reached a stage, where its containers would do what the outcome says."""
    moment = write_instant(now)
    before, spec = pod.get("status") or EMPTY, pod["spec"]
    status: Status = {k: v for k, v in before.items() if k != "nominatedNodeName"}
    init, main = _containers(pod, stage, outcome, moment)
    if init:
        status["initContainerStatuses"] = _listed(spec["initContainers"], init, before.get("initContainerStatuses"))
    status["containerStatuses"] = _listed(spec.get("containers") or (), main, before.get("containerStatuses"))
    status["phase"] = phase_of(spec, status.get("initContainerStatuses") or (), status["containerStatuses"])
    if status["phase"] != before.get("phase"):
        status.pop("reason", None), status.pop("message", None)
    return placed(pod, status, stage.sandbox, moment=moment, host_ips=host_ips, pod_ip=pod_ip, tracking=tracking)


def placed(pod: Object, status: Status, sandbox: bool, *, moment: str, host_ips: list[str], pod_ip: Callable[[], str], tracking: bool) -> Status:
    """The status with what follows from phase and containers, and with addresses."""
    status["conditions"] = conditions_of(pod, status, sandbox=sandbox, moment=moment, tracking=tracking)
    if (generation := pod["metadata"].get("generation")) and (tracking or status.get("observedGeneration")):
        status["observedGeneration"] = generation
    if host_ips:
        status["hostIP"], status["hostIPs"] = host_ips[0], [{"ip": ip} for ip in host_ips]
    if sandbox and not status.get("podIP"):
        ips = host_ips if pod["spec"].get("hostNetwork") and host_ips else [pod_ip()]
        status["podIP"], status["podIPs"] = ips[0], [{"ip": ip} for ip in ips]
    status.setdefault("startTime", moment)
    return status


def _containers(pod: Object, stage: Stage, outcome: str, now: str) -> tuple[list[Container], list[Container]]:
    """What the init containers and the others do: each init container waits for those before it, the others for all."""
    spec = pod["spec"]
    wanted = spec.get("initContainers") or ()
    waiting = _waiting("PodInitializing" if wanted else "ContainerCreating")
    if not stage.sandbox:
        return [_waiting("ContainerCreating")] * len(wanted), [waiting] * len(spec.get("containers") or ())
    init: list[Container] = []
    stuck = False
    for container in wanted:
        init.append(waiting if stuck else _init(container, stage.held.get(container["name"]), now))
        stuck = stuck or "waiting" in init[-1].state
    main = [waiting if stuck else _main(pod, c, stage, outcome, now) for c in spec.get("containers") or ()]
    if main and all("terminated" in c.state for c in main):
        init = [Container(_ended(0, now)) if "running" in c.state else c for c in init]
    return init, main


def _init(container: _Spec, lacks: str | None, now: str) -> Container:
    if lacks is not None:
        return _waiting(CONFIG_ERROR, lacks)
    return _running(True)(EMPTY, container, now) if is_sidecar(container) else Container(_ended(0, now), ready=True)


def _main(pod: Object, container: _Spec, stage: Stage, outcome: str, now: str) -> Container:
    lacks = stage.held.get(container["name"])
    return _PLAYS[outcome](pod, container, now) if lacks is None else _waiting(CONFIG_ERROR, lacks)


def _listed(specs: Iterable[_Spec], made: list[Container], before: Iterable[Mapping[str, Any]] | None) -> list[Status]:
    known = {s["name"]: s for s in before or ()}
    return [_container_status(spec, container, known.get(spec["name"], EMPTY)) for spec, container in zip(specs, made, strict=True)]


def _container_status(spec: _Spec, made: Container, known: Mapping[str, Any]) -> Status:
    runs_on = (known.get("state") or EMPTY).keys() == made.state.keys() == {"running"}
    return {
        "name": spec["name"],
        "state": known["state"] if runs_on else made.state,
        "lastState": made.last,
        "ready": made.ready,
        "restartCount": made.restarts,
        "image": spec.get("image", ""),
        "imageID": "",
        "started": made.started,
    }
