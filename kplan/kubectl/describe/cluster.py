"""Nodes, namespaces, quotas and the like, described.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go (1.36)
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from kplan.kubectl.columns.base import UNSET, age, labels_text, selector_text
from kplan.kubectl.columns.cluster import roles_of
from kplan.kubectl.describe.parts import Case, events, head, instant, marks, rows, spec_of, status_of, taints
from kplan.kubectl.podamounts import pod_amounts, sum_of
from kplan.model.objects import Object, get_in
from kplan.model.quantity import Quantity, parse_or_zero

_NOTHING = Quantity.parse("0")
_INFO = (
    ("Machine ID", "machineID"),
    ("System UUID", "systemUUID"),
    ("Boot ID", "bootID"),
    ("Kernel Version", "kernelVersion"),
    ("OS Image", "osImage"),
    ("Operating System", "operatingSystem"),
    ("Architecture", "architecture"),
    ("Container Runtime Version", "containerRuntimeVersion"),
    ("Kubelet Version", "kubeletVersion"),
)


def node(case: Case) -> None:
    """A Node."""
    paper, spec, status = case.paper, spec_of(case.object), status_of(case.object)
    paper.line(0, "Name", case.meta["name"])
    paper.line(0, "Roles", roles_of(case.object))
    marks(case)
    paper.line(0, "CreationTimestamp", instant(case.meta.get("creationTimestamp")))
    taints(paper, spec.get("taints"))
    paper.line(0, "Unschedulable", str(bool(spec.get("unschedulable"))).lower())
    _lease(case)
    _node_conditions(case)
    paper.line(0, "Addresses")
    for address in status.get("addresses") or ():
        paper.line(1, address["type"], address["address"])
    for label, field in (("Capacity", "capacity"), ("Allocatable", "allocatable")):
        amounts = status.get(field) or {}
        if amounts:
            paper.line(0, label)
        for name in sorted(amounts):
            paper.line(1, name, amounts[name])
    paper.line(0, "System Info")
    for label, field in _INFO:
        paper.line(1, label, (status.get("nodeInfo") or {}).get(field) or "")
    for label, text in (("PodCIDR", spec.get("podCIDR")), ("PodCIDRs", ",".join(spec.get("podCIDRs") or ())), ("ProviderID", spec.get("providerID"))):
        if text:
            paper.line(0, label, text)
    _usage(case)
    events(case)


def _lease(case: Case) -> None:
    paper, name = case.paper, case.meta["name"]
    lease = case.get("Lease.coordination.k8s.io", "kube-node-lease", name)
    if lease is None:
        paper.line(0, "Lease", f'Failed to get lease: leases.coordination.k8s.io "{name}" not found')
        return
    spec = spec_of(lease)
    paper.line(0, "Lease")
    paper.line(1, "HolderIdentity", spec.get("holderIdentity") or UNSET)
    for label, field in (("AcquireTime", "acquireTime"), ("RenewTime", "renewTime")):
        paper.line(1, label, instant(spec[field]) if spec.get(field) else UNSET)


def _node_conditions(case: Case) -> None:
    found = status_of(case.object).get("conditions") or ()
    if not found:
        return
    paper = case.paper
    paper.write(0, "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n")
    paper.write(1, "----\t------\t-----------------\t------------------\t------\t-------\n")
    for c in found:
        times = f"{instant(c.get('lastHeartbeatTime'))} \t{instant(c.get('lastTransitionTime'))}"
        paper.write(1, f"{c['type']} \t{c['status']} \t{times} \t{c.get('reason') or ''} \t{c.get('message') or ''}\n")


Amounts = Mapping[str, Quantity]


def _usage(case: Case) -> None:
    """What the pods on the node ask for."""
    paper, status = case.paper, status_of(case.object)
    on_node = [p for p in case.find("Pod") if spec_of(p).get("nodeName") == case.meta["name"]]
    pods = [p for p in on_node if status_of(p).get("phase") not in ("Succeeded", "Failed")]
    there = {k: parse_or_zero(v) for k, v in (status.get("allocatable") or status.get("capacity") or {}).items()}
    paper.line(0, "Non-terminated Pods", f"({len(pods)} in total)")
    paper.write(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n")
    paper.write(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n")
    asked = [(pod_amounts(p, "requests"), pod_amounts(p, "limits")) for p in pods]
    for pod, (requests, limits) in zip(pods, asked, strict=True):
        shares = [_share(a, there, r) for r in ("cpu", "memory") for a in (requests, limits)]
        meta = pod["metadata"]
        paper.write(1, "\t".join([meta.get("namespace") or "", meta["name"], "", *shares, age(pod, case.now)]) + "\n")
    paper.write(0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n")
    paper.write(1, "Resource\tRequests\tLimits\n")
    paper.write(1, "--------\t--------\t------\n")
    requests, limits = sum_of(a for a, _ in asked), sum_of(b for _, b in asked)
    for name in ("cpu", "memory", "ephemeral-storage", *sorted(n for n in there if n.startswith("hugepages-"))):
        paper.write(1, f"{name}\t{_share(requests, there, name)}\t{_share(limits, there, name)}\n")
    for name in sorted(n for n in there if "/" in n):
        paper.write(1, f"{name}\t{requests.get(name, _NOTHING)}\t{limits.get(name, _NOTHING)}\n")


def _share(amounts: Amounts, there: Amounts, name: str) -> str:
    amount, whole = amounts.get(name, _NOTHING), there.get(name, _NOTHING)
    used, size = (amount.milli_value(), whole.milli_value()) if name == "cpu" else (amount.value(), whole.value())
    return f"{amount} ({int(used / size * 100) if size else 0}%)"


def namespace(case: Case) -> None:
    """A Namespace, with its quotas and limits."""
    paper, status = case.paper, status_of(case.object)
    head(case, namespace=False)
    marks(case)
    paper.line(0, "Status", status.get("phase") or "")
    if status.get("conditions"):
        paper.line(0, "Conditions")
        paper.write(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage\n")
        paper.write(1, "----\t------\t------------------\t------\t-------\n")
        for c in status["conditions"]:
            paper.write(1, "\t".join([c["type"], c["status"], instant(c.get("lastTransitionTime")), c.get("reason") or "", c.get("message") or ""]) + "\n")
    paper.write(0, "\n")
    _quotas(case)
    paper.write(0, "\n")
    _limits(case)


def _quotas(case: Case) -> None:
    paper = case.paper
    found = sorted(case.find("ResourceQuota", case.meta["name"]), key=lambda q: str(q["metadata"]["name"]))
    if not found:
        paper.write(0, "No resource quota.\n")
        return
    paper.write(0, "Resource Quotas\n")
    for quota in found:
        paper.line(1, "Name", quota["metadata"]["name"])
        _scopes(case, quota, 1, "* ")
        paper.write(1, "Resource\tUsed\tHard\n")
        paper.write(1, "--------\t---\t---\n")
        _used(case, quota, 1)


_SCOPES = {
    "Terminating": "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively "
    "terminated by the system.",
    "NotTerminating": "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container "
    "command is not expected to terminate.",
    "BestEffort": "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.",
    "NotBestEffort": "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of "
    "service.",
}


def _scopes(case: Case, quota: Object, level: int, bullet: str) -> None:
    scopes = sorted(spec_of(quota).get("scopes") or ())
    if scopes:
        case.paper.line(level, "Scopes", ", ".join(scopes))
    for scope in scopes:
        if scope in _SCOPES:
            case.paper.write(level, f"{bullet}{_SCOPES[scope]}\n")


def _used(case: Case, quota: Object, level: int) -> None:
    status = status_of(quota)
    for name in sorted(status.get("hard") or {}):
        case.paper.write(level, f"{name}\t{(status.get('used') or {}).get(name, '0')}\t{status['hard'][name]}\n")


def quota(case: Case) -> None:
    """A ResourceQuota."""
    head(case)
    _scopes(case, case.object, 0, " * ")
    case.paper.write(0, "Resource\tUsed\tHard\n")
    case.paper.write(0, "--------\t----\t----\n")
    _used(case, case.object, 0)


_LIMIT_HEADS = (
    "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n",
    "----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n",
)
_LIMITS = ("min", "max", "defaultRequest", "default", "maxLimitRequestRatio")


def _limits(case: Case) -> None:
    found = case.find("LimitRange", case.meta["name"])
    if not found:
        case.paper.write(0, "No LimitRange resource.\n")
        return
    case.paper.write(0, "Resource Limits\n")
    for line in _LIMIT_HEADS:
        case.paper.write(0, f" {line}")
    for limits in found:
        _limit_rows(case, limits, " ")


def _limit_rows(case: Case, obj: Object, indent: str) -> None:
    for item in spec_of(obj).get("limits") or ():
        for name in sorted({n for field in _LIMITS for n in item.get(field) or ()}):
            cells = [str((item.get(field) or {}).get(name, "-")) for field in _LIMITS]
            case.paper.write(0, indent + "\t".join([item.get("type") or "", name, *cells]) + "\n")


def limit_range(case: Case) -> None:
    """A LimitRange."""
    head(case)
    for line in _LIMIT_HEADS:
        case.paper.write(0, line)
    _limit_rows(case, case.object, "")


def config_map(case: Case) -> None:
    """A ConfigMap."""
    paper = case.paper
    head(case)
    marks(case)
    paper.write(0, "\nData\n====\n")
    for key, text in sorted((case.object.get("data") or {}).items()):
        paper.write(0, f"{key}:\n----\n{text}\n\n")
    paper.write(0, "\nBinaryData\n====\n")
    for key, text in sorted((case.object.get("binaryData") or {}).items()):
        paper.write(0, f"{key}: {len(b64decode(text))} bytes\n")
    paper.write(0, "\n")
    events(case)


def secret(case: Case) -> None:
    """A Secret: how long its values are."""
    paper, kind = case.paper, case.object.get("type") or ""
    head(case)
    marks(case)
    paper.write(0, f"\nType:\t{kind}\n")
    paper.write(0, "\nData\n====\n")
    for key, text in sorted((case.object.get("data") or {}).items()):
        value = b64decode(text)
        shown = value.decode(errors="replace") if (key, kind) == ("token", "kubernetes.io/service-account-token") else f"{len(value)} bytes"
        paper.line(0, key, shown)


def service_account(case: Case) -> None:
    """A ServiceAccount."""
    head(case)
    marks(case)
    rows(case.paper, "Image pull secrets", (s.get("name") or "" for s in case.object.get("imagePullSecrets") or ()))
    events(case)


def budget(case: Case) -> None:
    """A PodDisruptionBudget."""
    paper, spec, status = case.paper, spec_of(case.object), status_of(case.object)
    head(case)
    if spec.get("minAvailable") is not None:
        paper.line(0, "Min available", spec["minAvailable"])
    elif spec.get("maxUnavailable") is not None:
        paper.line(0, "Max unavailable", spec["maxUnavailable"])
    paper.line(0, "Selector", UNSET if spec.get("selector") is None else selector_text(spec["selector"]))
    paper.line(0, "Status")
    for label, field in (
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ):
        paper.line(2, label, status.get(field) or 0)
    events(case)


def priority_class(case: Case) -> None:
    """A PriorityClass."""
    paper, obj = case.paper, case.object
    head(case, namespace=False)
    paper.line(0, "Value", obj.get("value") or 0)
    paper.line(0, "GlobalDefault", str(bool(obj.get("globalDefault"))).lower())
    paper.line(0, "PreemptionPolicy", obj.get("preemptionPolicy") or "")
    paper.line(0, "Description", obj.get("description") or "")
    paper.line(0, "Annotations", labels_text(case.meta.get("annotations")))
    events(case)


def autoscaler(case: Case) -> None:
    """A HorizontalPodAutoscaler."""
    paper, spec, status = case.paper, spec_of(case.object), status_of(case.object)
    target = spec.get("scaleTargetRef") or {}
    head(case)
    marks(case)
    paper.line(0, "CreationTimestamp", instant(case.meta.get("creationTimestamp")))
    paper.line(0, "Reference", f"{target.get('kind')}/{target.get('name')}")
    paper.line(0, "Metrics", "( current / target )")
    known = status.get("currentMetrics") or []
    for i, metric in enumerate(spec.get("metrics") or ()):
        _metric(case, metric, known[i] if i < len(known) else {})
    paper.line(0, "Min replicas", UNSET if spec.get("minReplicas") is None else spec["minReplicas"])
    paper.line(0, "Max replicas", spec.get("maxReplicas") or 0)
    if spec.get("behavior"):
        paper.line(0, "Behavior")
        for label, field in (("Scale Up", "scaleUp"), ("Scale Down", "scaleDown")):
            _direction(case, label, spec["behavior"].get(field))
    current, desired = status.get("currentReplicas") or 0, status.get("desiredReplicas") or 0
    paper.line(0, f"{target.get('kind')} pods", f"{current} current / {desired} desired")
    if status.get("conditions"):
        paper.line(0, "Conditions")
        paper.write(1, "Type\tStatus\tReason\tMessage\n")
        paper.write(1, "----\t------\t------\t-------\n")
        for c in status["conditions"]:
            paper.write(1, "\t".join([c["type"], c["status"], c.get("reason") or "", c.get("message") or ""]) + "\n")
    events(case)


_SOURCES = {"External": "external", "Pods": "pods", "Object": "object", "Resource": "resource", "ContainerResource": "containerResource"}


def _metric(case: Case, metric: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    source = _SOURCES.get(metric.get("type") or "")
    if source is None:
        case.paper.write(1, f'<unknown metric type "{metric.get("type")}">\n')
        return
    given, now = metric[source], get_in(known, (source, "current")) or {}
    target = given.get("target") or {}
    name = get_in(given, ("metric", "name"), "")
    average = "averageValue" in target
    current, wanted = (now.get("averageValue"), target.get("averageValue")) if average or source == "pods" else (now.get("value"), target.get("value"))
    if source in ("resource", "containerResource"):
        inside = f' of container "{given.get("container")}"' if source == "containerResource" else ""
        label = f"resource {given['name']}{inside} on pods"
        if not average:
            label += "  (as a percentage of request)"
            used, share = now.get("averageUtilization"), target.get("averageUtilization")
            current = None if used is None else f"{used}% ({now.get('averageValue')})"
            wanted = "<auto>" if share is None else f"{share}%"
    elif source == "pods":
        label = f'"{name}" on pods'
    else:
        about = f" on {given['describedObject']['kind']}/{given['describedObject']['name']}" if source == "object" else ""
        label = f'"{name}"{about} (target {"average " if average else ""}value)'
    case.paper.line(1, label, f"{'<unknown>' if current is None else current} / {wanted}")


def _direction(case: Case, title: str, rules: Mapping[str, Any] | None) -> None:
    if rules is None:
        return
    paper = case.paper
    paper.line(1, title)
    if rules.get("stabilizationWindowSeconds") is not None:
        paper.write(2, f"Stabilization Window: {rules['stabilizationWindowSeconds']} seconds\n")
    if rules.get("policies"):
        paper.write(2, f"Select Policy: {rules.get('selectPolicy') or 'Max'}\n")
        paper.line(2, "Policies")
        for p in rules["policies"]:
            paper.write(3, f"- Type: {p['type']}\tValue: {p['value']}\tPeriod: {p['periodSeconds']} seconds\n")


DESCRIBE = {
    "Node": node,
    "Namespace": namespace,
    "ResourceQuota": quota,
    "LimitRange": limit_range,
    "ConfigMap": config_map,
    "Secret": secret,
    "ServiceAccount": service_account,
    "PodDisruptionBudget.policy": budget,
    "PriorityClass.scheduling.k8s.io": priority_class,
    "HorizontalPodAutoscaler.autoscaling": autoscaler,
}
