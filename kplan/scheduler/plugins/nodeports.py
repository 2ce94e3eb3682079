"""NodePorts: two pods cannot have the same port of one node, unless on different addresses or protocols.

Mirrors: pkg/scheduler/framework/plugins/nodeports/node_ports.go, staging/src/k8s.io/kube-scheduler/framework/types.go HostPortInfo (1.36)
"""

from __future__ import annotations

import numpy as np

from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import ALL, SKIP, Ids, Locality, Refusal, Rows, Skip
from kplan.scheduler.nodes import NodeTable
from kplan.scheduler.pods import HostPort, PodInfo

_ANY = "0.0.0.0"


def conflicts(wanted: HostPort, used_ips: dict[str, int]) -> bool:
    """Whether a port cannot be had besides these addresses on which it is used already."""
    return wanted.ip == _ANY or _ANY in used_ips or wanted.ip in used_ips


class NodePortsState:
    """Rows on which a wanted port is taken."""

    locality: Locality = "row"

    def __init__(self, wanted: tuple[HostPort, ...], nodes: NodeTable) -> None:
        self.codes: Ids = np.zeros(nodes.size, dtype=np.int32)
        self._wanted = wanted
        self._nodes = nodes
        self.filter(ALL)

    def filter(self, rows: Rows) -> None:
        """Judge again; only rows on which a wanted port is in use need a look."""
        self.codes[rows] = 0
        looked_at = None if isinstance(rows, slice) else set(rows.tolist())
        for port in self._wanted:
            for row, ips in self._nodes.ports.get((port.protocol, port.port), {}).items():
                if (looked_at is None or row in looked_at) and conflicts(port, ips):
                    self.codes[row] = 1

    def refusal(self, code: int) -> Refusal:
        """The only one."""
        return NodePorts.REFUSAL


class NodePorts:
    """Refuses nodes whose ports are taken."""

    name = "NodePorts"
    REFUSAL = Refusal(("node(s) didn't have free ports for the requested pod ports",))

    def pre_filter(self, pod: PodInfo, cluster: Cluster) -> Skip | NodePortsState:
        """Judge all nodes."""
        return NodePortsState(pod.host_ports, cluster.nodes) if pod.host_ports else SKIP
