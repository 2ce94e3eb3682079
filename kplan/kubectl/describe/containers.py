"""Containers and pod templates.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go: describeContainers, DescribePodTemplate (1.36)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kplan.kubectl.columns.base import NONE, selector_text
from kplan.kubectl.describe.paper import Paper
from kplan.kubectl.describe.parts import instant, labels, notes, tolerations, yes_or_no
from kplan.kubectl.describe.volumes import volumes
from kplan.model.gotext import go_text
from kplan.model.objects import Object, get_in
from kplan.model.quantity import parse_or_zero

Container = Mapping[str, Any]
Resolver = Callable[[str], str]
"""The value of a field of the pod."""


def pod_template(paper: Paper, template: Mapping[str, Any] | None) -> None:
    """The template of a workload's pods."""
    paper.write(0, "Pod Template:\n")
    if template is None:
        paper.write(1, "<unset>")
        return
    meta, spec = template.get("metadata") or {}, template.get("spec") or {}
    labels(paper, "  Labels", meta.get("labels"))
    if meta.get("annotations"):
        notes(paper, "  Annotations", meta["annotations"])
    if spec.get("serviceAccountName"):
        paper.line(1, "Service Account", spec["serviceAccountName"])
    if spec.get("initContainers"):
        containers(paper, "Init Containers", spec["initContainers"], (), None, "  ")
    containers(paper, "Containers", spec.get("containers") or (), (), None, "  ")
    volumes(paper, spec.get("volumes"), "  ")
    spreading(paper, spec.get("topologySpreadConstraints"), "  ")
    if spec.get("priorityClassName"):
        paper.line(1, "Priority Class Name", spec["priorityClassName"])
    labels(paper, "  Node-Selectors", spec.get("nodeSelector"))
    tolerations(paper, "  Tolerations", spec.get("tolerations"))
    scheduling_group(paper, spec, "  ")


def scheduling_group(paper: Paper, spec: Mapping[str, Any], indent: str = "") -> None:
    """The group a pod is scheduled with."""
    if spec.get("schedulingGroup"):
        paper.write(0, f"{indent}SchedulingGroup:\n")
        paper.line(1, "PodGroupName", spec["schedulingGroup"].get("podGroupName"))


def spreading(paper: Paper, given: Iterable[Mapping[str, Any]] | None, indent: str = "") -> None:
    """Topology spread constraints by key."""
    found = sorted(given or (), key=lambda c: str(c.get("topologyKey") or ""))
    if not found:
        return
    paper.write(0, f"{indent}Topology Spread Constraints:\t")
    for i, c in enumerate(found):
        selector = f" for selector {selector_text(c['labelSelector'])}" if c.get("labelSelector") is not None else ""
        text = f"{c.get('topologyKey')}:{c.get('whenUnsatisfiable')} when max skew {c.get('maxSkew')} is exceeded{selector}\n"
        paper.write(0, (f"{indent}\t" if i else "") + text)


def containers(
    paper: Paper, title: str, given: Iterable[Container], statuses: Iterable[Mapping[str, Any]], resolve: Resolver | None, indent: str = ""
) -> None:
    """Containers with their states."""
    known = {s["name"]: s for s in statuses}
    found = list(given)
    paper.write(0, f"{indent}{title}:{'' if found else f' {NONE}'}\n")
    for container in found:
        _container(paper, container, known.get(container["name"]), resolve, indent)


def _container(paper: Paper, container: Container, status: Mapping[str, Any] | None, resolve: Resolver | None, indent: str) -> None:
    paper.write(1, f"{' ' if indent else ''}{container['name']}:\n")
    if status is not None:
        paper.line(2, "Container ID", status.get("containerID") or "")
    paper.line(2, "Image", container.get("image") or "")
    if status is not None:
        paper.line(2, "Image ID", status.get("imageID") or "")
    _ports(paper, container)
    _seccomp(paper, container)
    for title, field in (("Command", "command"), ("Args", "args")):
        if container.get(field):
            paper.line(2, title)
            for word in container[field]:
                for text in word.split("\n"):
                    paper.write(3, f"{text}\n")
    if status is not None:
        _state(paper, status)
    resources(paper, container.get("resources"), 2)
    for title, field in (("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")):
        if container.get(field) is not None:
            paper.line(2, title, probe_text(container[field]))
    _environment_from(paper, container)
    _environment(paper, container, resolve)
    _mounts(paper, container)


def _ports(paper: Paper, container: Container) -> None:
    for title, field in (("Port", "containerPort"), ("Host Port", "hostPort")):
        texts = [
            f"{p.get(field) or 0}/{p.get('protocol') or 'TCP'}" + (f" ({p['name']})" if p.get("name") else "")
            for p in container.get("ports") or ()
        ]
        paper.line(2, f"{title}s" if len(texts) > 1 else title, ", ".join(texts) or NONE)


def _seccomp(paper: Paper, container: Container) -> None:
    profile = get_in(container, ("securityContext", "seccompProfile"))
    if profile:
        paper.line(2, "SeccompProfile", profile.get("type"))
        if profile.get("type") == "Localhost":
            paper.line(3, "LocalhostProfile", profile.get("localhostProfile"))


def resources(paper: Paper, given: Mapping[str, Any] | None, level: int) -> None:
    """Limits and requests."""
    for title, field in (("Limits", "limits"), ("Requests", "requests")):
        amounts = (given or {}).get(field) or {}
        if amounts:
            paper.line(level, title)
        for name in sorted(amounts):
            paper.line(level + 1, name, amounts[name])


def _state(paper: Paper, status: Mapping[str, Any]) -> None:
    _one_state(paper, "State", status.get("state") or {})
    if "terminated" in (status.get("lastState") or {}):
        _one_state(paper, "Last State", status["lastState"])
    paper.line(2, "Ready", yes_or_no(bool(status.get("ready"))))
    paper.line(2, "Restart Count", status.get("restartCount") or 0)


def _one_state(paper: Paper, title: str, state: Mapping[str, Any]) -> None:
    if "running" in state:
        paper.line(2, title, "Running")
        paper.line(3, "Started", instant(state["running"].get("startedAt")))
    elif "terminated" in state:
        ended = state["terminated"]
        paper.line(2, title, "Terminated")
        for label, field in (("Reason", "reason"), ("Message", "message")):
            if ended.get(field):
                paper.line(3, label, ended[field])
        paper.line(3, "Exit Code", ended.get("exitCode") or 0)
        if ended.get("signal"):
            paper.line(3, "Signal", ended["signal"])
        paper.line(3, "Started", instant(ended.get("startedAt")))
        paper.line(3, "Finished", instant(ended.get("finishedAt")))
    else:
        paper.line(2, title, "Waiting")
        if get_in(state, ("waiting", "reason")):
            paper.line(3, "Reason", state["waiting"]["reason"])


def probe_text(probe: Mapping[str, Any]) -> str:
    """A probe on one line."""
    seconds = [probe.get(f) or 0 for f in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")]
    timing = "delay={}s timeout={}s period={}s #success={} #failure={}".format(*seconds)
    if "exec" in probe:
        return f"exec {go_text(list(probe['exec'].get('command') or []))} {timing}"
    if "httpGet" in probe:
        get = probe["httpGet"]
        host, port = get.get("host") or "", get.get("port", "")
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        path = get.get("path") or ""
        return f"http-get {(get.get('scheme') or '').lower()}://{where}{path if path.startswith('/') or not path else f'/{path}'} {timing}"
    if "tcpSocket" in probe:
        return f"tcp-socket {probe['tcpSocket'].get('host') or ''}:{probe['tcpSocket'].get('port')} {timing}"
    if "grpc" in probe:
        return f"grpc <pod>:{probe['grpc'].get('port')} {probe['grpc'].get('service') or ''} {timing}"
    return f"unknown {timing}"


def _environment_from(paper: Paper, container: Container) -> None:
    if not container.get("envFrom"):
        return
    paper.line(2, "Environment Variables from")
    for given in container["envFrom"]:
        kind = "ConfigMap" if "configMapRef" in given else "Secret" if "secretRef" in given else ""
        ref = given.get("configMapRef") or given.get("secretRef") or {}
        prefix = f" with prefix '{given['prefix']}'" if given.get("prefix") else ""
        paper.write(3, f"{ref.get('name') or ''}\t{kind}{prefix}\tOptional: {'true' if ref.get('optional') else 'false'}\n")


def _environment(paper: Paper, container: Container, resolve: Resolver | None) -> None:
    paper.write(2, f"Environment:{'' if container.get('env') else f'	{NONE}'}\n")
    for variable in container.get("env") or ():
        source = variable.get("valueFrom")
        if not source:
            for i, text in enumerate((variable.get("value") or "").split("\n")):
                paper.write(3, f"\t{text}\n" if i else f"{variable['name']}:\t{text}\n")
        elif (text := _origin(source, container, resolve)) is not None:
            paper.write(3, f"{variable['name']}:\t{text}\n")


def _origin(source: Mapping[str, Any], container: Container, resolve: Resolver | None) -> str | None:
    if "fieldRef" in source:
        ref = source["fieldRef"]
        value = resolve(ref["fieldPath"]) if resolve is not None else ""
        return f"{value} ({ref.get('apiVersion') or 'v1'}:{ref['fieldPath']})"
    if "resourceFieldRef" in source:
        wanted = source["resourceFieldRef"]["resource"]
        value = _amount(source["resourceFieldRef"], container)
        if value == "0" and wanted in ("limits.cpu", "limits.memory"):
            value = "node allocatable"
        return f"{value} ({wanted})"
    for field, kind in (("secretKeyRef", "in secret"), ("configMapKeyRef", "of config map")):
        if field in source:
            ref = source[field]
            return f"<set to the key '{ref['key']}' {kind} '{ref.get('name') or ''}'>\tOptional: {'true' if ref.get('optional') else 'false'}"
    return None


def _amount(ref: Mapping[str, Any], container: Container) -> str:
    """A limit or request in units of the divisor, rounded up."""
    side, _, name = ref["resource"].partition(".")
    if name not in ("cpu", "memory", "ephemeral-storage") and not name.startswith("hugepages-"):
        return ""
    amount = parse_or_zero(get_in(container, ("resources", side, name)))
    divisor = parse_or_zero(ref.get("divisor"))
    by_thousandths = name == "cpu"
    unit = (divisor.milli_value() if by_thousandths else divisor.value()) or (1000 if by_thousandths else 1)
    return str(-(-(amount.milli_value() if by_thousandths else amount.value()) // unit))


def _mounts(paper: Paper, container: Container) -> None:
    mounts = sorted(container.get("volumeMounts") or (), key=lambda m: str(m["mountPath"]))
    none = "" if mounts else f"\t{NONE}"
    paper.write(2, f"Mounts:{none}\n")
    for mount in mounts:
        flags = "ro" if mount.get("readOnly") else "rw"
        if mount.get("subPath"):
            flags += f",path={json.dumps(mount['subPath'], ensure_ascii=False)}"
        paper.write(3, f"{mount['mountPath']} from {mount['name']} ({flags})\n")
    if container.get("volumeDevices"):
        paper.write(2, f"Devices:{none}\n")
        for device in sorted(container["volumeDevices"], key=lambda d: str(d["devicePath"])):
            paper.write(3, f"{device['devicePath']} from {device['name']}\n")


def field_of(pod: Object) -> Resolver:
    """The values of a pod's fields, as environment variables have them."""

    def resolve(path: str) -> str:
        meta = pod["metadata"]
        if path.endswith("']"):
            where, _, key = path[:-2].partition("['")
            return str((meta.get(where.removeprefix("metadata.")) or {}).get(key) or "")
        if path in ("metadata.annotations", "metadata.labels"):
            return "\n".join(f"{k}={json.dumps(v)}" for k, v in sorted((meta.get(path.removeprefix("metadata.")) or {}).items()))
        return str(meta.get(path.removeprefix("metadata.")) or "") if path in ("metadata.name", "metadata.namespace", "metadata.uid") else ""

    return resolve
