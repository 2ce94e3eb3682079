"""``kubectl autoscale``: a HorizontalPodAutoscaler for what has a scale.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/autoscale/autoscale.go (1.36)
"""

from __future__ import annotations

import re
from typing import Any

from kplan.apiserver.outcome import Outcome
from kplan.kubectl.annotation import updated_annotation
from kplan.kubectl.client import CLIENT
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, of_status
from kplan.kubectl.flags import BOOL, DRY_RUN, FILES, INT, OUTPUT, flag, manager
from kplan.kubectl.generating import made
from kplan.kubectl.info import Info
from kplan.model.objects import Object
from kplan.model.quantity import Quantity, QuantityError

FLAGS = (
    *FILES,
    *OUTPUT,
    DRY_RUN,
    manager("kubectl-autoscale"),
    flag("min", INT, default=-1),
    flag("max", INT, default=-1),
    flag("cpu-percent", INT, default=-1),
    flag("cpu"),
    flag("memory"),
    flag("name"),
    flag("save-config", BOOL),
    flag("record", BOOL),
)
_PLAIN_UNITS = {"cpu": "m", "memory": "Mi"}


def run(command: Command) -> AnyFailure | None:
    """Autoscale objects."""
    a = command.arguments
    if "cpu-percent" in a.changed:
        command.client.screen.complain(
            "Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource quantity format "
            "(e.g., '70%' for utilization or '500m' for milliCPU)."
        )
    if error := _conflicting(command):
        return error
    selection = command.builder(a.args).select()
    if selection.error is not None:
        return selection.error
    count = 0

    def scale(info: Info) -> AnyFailure | None:
        nonlocal count
        error = _autoscale(command, info)
        count += error is None
        return error

    error = selection.visit(scale)
    return error or (None if count else Failure("no objects passed to autoscale"))


def _conflicting(command: Command) -> AnyFailure | None:
    a = command.arguments
    if "max" not in a.changed:
        return Failure('required flag(s) "max" not set')
    if a["max"] < 1:
        return Failure(f"--max=MAXPODS is required and must be at least 1, max: {a['max']}")
    if a["max"] < a["min"]:
        return Failure(f"--max=MAXPODS must be larger or equal to --min=MINPODS, max: {a['max']}, min: {a['min']}")
    if a["cpu-percent"] > 0 and a["cpu"]:
        return Failure("--cpu-percent and --cpu are mutually exclusive")
    for name in ("cpu", "memory"):
        if a[name] and isinstance(wrong := _target(a[name], name), Failure):
            return wrong
    return None


def _target(text: str, name: str) -> dict[str, Any] | Failure:
    """A metric's target: ``70%`` of the request, or a quantity on average."""
    text = text.strip()
    if text.endswith("%"):
        number = text[:-1]
        if not re.fullmatch(r"\+?\d+|-0+", number, re.ASCII) or int(number) >= 2**31:
            return Failure(f"invalid percentage value: {number}")
        return {"type": "Utilization", "averageUtilization": int(number)}
    quantity = text + _PLAIN_UNITS[name] if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII) else text
    try:
        return {"type": "AverageValue", "averageValue": str(Quantity.parse(quantity))}
    except QuantityError:
        return Failure(f"invalid resource {name} value: {text}" if text else "empty input")


def _autoscale(command: Command, info: Info) -> AnyFailure | None:
    a = command.arguments
    if "scale" not in info.kind.subresources and info.kind.definition:
        resource = f"{info.kind.group}/{info.kind.version}, Resource={info.kind.plural}"
        return Failure(f"cannot autoscale a {info.kind.kind}: could not find scale subresource for {resource} in discovery information")
    hpa = updated_annotation(_autoscaler(command, info), create=a["save-config"])
    if command.dry_run == CLIENT:
        command.say(hpa, "created")
        return None
    outcome = _create(command, hpa)
    if outcome.error is not None:
        only_percent = (a["cpu-percent"] >= 0 or a["cpu"].endswith("%")) and not a["memory"]
        if not only_percent:
            return Failure("failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: %!w(<nil>)")
        return of_status(outcome.error)
    command.say(outcome.object or {}, "autoscaled")
    return None


def _create(command: Command, hpa: Object) -> Outcome:
    kind = command.client.resolve("autoscaling/v2", "HorizontalPodAutoscaler")
    if kind is None:
        return Outcome()
    return command.client.create(kind, command.client.namespace, hpa, manager=command.arguments["field-manager"], dry_run=command.dry_run, validation="Warn")


def _autoscaler(command: Command, info: Info) -> dict[str, Any]:
    a = command.arguments
    spec: dict[str, Any] = {"scaleTargetRef": {"apiVersion": info.kind.api_version, "kind": info.kind.kind, "name": info.name}, "maxReplicas": a["max"]}
    if a["min"] > 0:
        spec["minReplicas"] = a["min"]
    metrics = []
    if a["cpu-percent"] > 0:
        metrics.append({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": a["cpu-percent"]}}})
    for name in ("cpu", "memory"):
        if a[name]:
            metrics.append({"type": "Resource", "resource": {"name": name, "target": _target(a[name], name)}})
    if metrics:
        spec["metrics"] = metrics
    metadata = {"namespace": command.client.namespace} if command.client.enforce_namespace else None
    return made("autoscaling/v2", "HorizontalPodAutoscaler", a["name"] or info.name, metadata=metadata, spec=spec)
