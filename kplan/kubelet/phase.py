"""The phase of a pod, from what its containers do.

    init containers that are not done, containers that never started   Pending
    something runs, or will be started again                           Running
    all have ended for good                                            Succeeded, or Failed if one of them failed

Mirrors: pkg/kubelet/kubelet_pods.go (getPhase) (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.apiserver.rules.restarts import is_sidecar, starts_again
from kplan.model.objects import EMPTY

FINAL = ("Succeeded", "Failed")

_Spec = Mapping[str, Any]
_Statuses = Mapping[str, Mapping[str, Any]]


def phase_of(spec: _Spec, init_statuses: Iterable[Mapping[str, Any]], statuses: Iterable[Mapping[str, Any]]) -> str:
    """The phase of a pod whose containers have these statuses."""
    init, main = {s["name"]: s for s in init_statuses}, {s["name"]: s for s in statuses}
    regular = [_regular(c, spec, init.get(c["name"])) for c in spec.get("initContainers") or () if not is_sidecar(c)]
    sidecars = [_sidecar(init.get(c["name"])) for c in spec.get("initContainers") or () if is_sidecar(c)]
    if "failed" in regular:
        return "Failed"
    if "pending" in regular or "waiting" in sidecars or ("starting" in sidecars and not any(_has_run(s) for s in main.values())):
        return "Pending"
    return _of_containers(spec, main, "unknown" in sidecars, "running" in sidecars or "starting" in sidecars)


def _of_containers(spec: _Spec, main: _Statuses, unknown: bool, running: bool) -> str:
    ended: list[tuple[int, bool]] = []
    for container in spec.get("containers") or ():
        status = main.get(container["name"])
        state = (status or EMPTY).get("state") or EMPTY
        code = _exit_code(status)
        if "running" in state:
            running = True
        elif code is not None:
            ended.append((code, starts_again(container, spec, code)))
        elif "waiting" in state:
            return "Pending"
        else:
            unknown = True
    if unknown or not (running or ended):
        return "Pending"
    if running or any(again for _, again in ended):
        return "Running"
    return "Failed" if any(code for code, _ in ended) else "Succeeded"


def _regular(container: Mapping[str, Any], spec: _Spec, status: Mapping[str, Any] | None) -> str:
    """Of an init container that ends: ``done``, ``failed`` for good, or ``pending``; one that starts again is none of them."""
    code = _exit_code(status)
    if code is None:
        return "pending"
    if code == 0:
        return "done"
    return "again" if starts_again(container, spec, code) else "failed"


def _sidecar(status: Mapping[str, Any] | None) -> str:
    """Of a sidecar: ``running``, ``starting`` before its startup probe succeeds, ``waiting`` for its first start, ``ended``."""
    state = (status or EMPTY).get("state") or EMPTY
    if "running" in state:
        return "running" if (status or EMPTY).get("started") else "starting"
    return "ended" if _exit_code(status) is not None else "waiting" if "waiting" in state else "unknown"


def _exit_code(status: Mapping[str, Any] | None) -> int | None:
    """How a container ended that has ended, or that ended last and waits to be started again."""
    for key in ("state", "lastState"):
        state = (status or EMPTY).get(key) or EMPTY
        if "running" in state:
            return None
        if "terminated" in state:
            return int(state["terminated"].get("exitCode") or 0)
    return None


def _has_run(status: Mapping[str, Any]) -> bool:
    return "running" in (status.get("state") or EMPTY) or _exit_code(status) is not None
