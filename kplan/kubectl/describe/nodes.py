"""Nodes, described: what they are, and what the pods on them ask for.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go: describeNode (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping

from kplan.kubectl.columns.base import UNSET, age
from kplan.kubectl.columns.cluster import roles_of
from kplan.kubectl.describe.parts import Case, events, instant, marks, spec_of, status_of, taints
from kplan.model.podresources import Reported, pod_limits, pod_requests, sum_of
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
    _devices(case)
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


_MOST_POOLS = 10


def _devices(case: Case) -> None:
    """The pools of devices that only this node has."""
    pools: dict[tuple[str, str], list[int]] = {}
    for piece in case.find("ResourceSlice.resource.k8s.io"):
        spec = spec_of(piece)
        if spec.get("nodeName") == case.meta["name"]:
            pools.setdefault((spec["driver"], spec["pool"]["name"]), []).append(len(spec.get("devices") or ()))
    if not pools:
        return
    paper = case.paper
    paper.line(0, "Node-Local ResourceSlices")
    paper.write(1, "Driver\tPool\tSlices\tDevices\n")
    paper.write(1, "------\t----\t------\t-------\n")
    for key in sorted(pools, key="/".join)[:_MOST_POOLS]:
        paper.write(1, "\t".join([*key, str(len(pools[key])), str(sum(pools[key]))]) + "\n")
    if len(pools) > _MOST_POOLS:
        paper.write(1, f"...and {len(pools) - _MOST_POOLS} more pools\n")


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
    for pod in pods:
        requests, limits = pod_requests(pod, reported=Reported.CONTAINERS), pod_limits(pod, reported=Reported.CONTAINERS)
        shares = [_share(a, there, r) for r in ("cpu", "memory") for a in (requests, limits)]
        meta = pod["metadata"]
        paper.write(1, "\t".join([meta.get("namespace") or "", meta["name"], "", *shares, age(pod, case.now)]) + "\n")
    paper.write(0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n")
    paper.write(1, "Resource\tRequests\tLimits\n")
    paper.write(1, "--------\t--------\t------\n")
    requests, limits = sum_of(map(pod_requests, pods)), sum_of(map(pod_limits, pods))
    for name in ("cpu", "memory", "ephemeral-storage", *sorted(n for n in there if n.startswith("hugepages-"))):
        paper.write(1, f"{name}\t{_share(requests, there, name)}\t{_share(limits, there, name)}\n")
    for name in sorted(n for n in there if "/" in n):
        paper.write(1, f"{name}\t{requests.get(name, _NOTHING)}\t{limits.get(name, _NOTHING)}\n")


def _share(amounts: Amounts, there: Amounts, name: str) -> str:
    amount, whole = amounts.get(name, _NOTHING), there.get(name, _NOTHING)
    used, size = (amount.milli_value(), whole.milli_value()) if name == "cpu" else (amount.value(), whole.value())
    return f"{amount} ({int(used / size * 100) if size else 0}%)"


DESCRIBE = {"Node": node}
