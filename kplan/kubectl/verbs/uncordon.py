"""``kubectl uncordon``: pods may come to a node again.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/drain/drain.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.command import Command
from kplan.kubectl.cordon import cordon, find_nodes
from kplan.kubectl.failure import AnyFailure
from kplan.kubectl.flags import DRY_RUN, SELECTOR

FLAGS = (DRY_RUN, SELECTOR)


def run(command: Command) -> AnyFailure | None:
    """Mark nodes."""
    nodes = find_nodes(command, "uncordon NODE")
    if not isinstance(nodes, list):
        return nodes
    cordon(command, nodes, False)
    return None
