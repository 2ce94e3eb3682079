"""Describes objects: each kind in its own way.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kplan.kubectl.client import Client
from kplan.kubectl.describe import (
    access,
    addresses,
    autoscaling,
    certificates,
    cluster,
    network,
    nodes,
    pods,
    storage,
    workloads,
)
from kplan.kubectl.describe.containers import pod_template
from kplan.kubectl.describe.generic import anything
from kplan.kubectl.describe.paper import Paper
from kplan.kubectl.describe.parts import Case
from kplan.model.objects import Object, get_in

DESCRIBE: Mapping[str, Callable[[Case], None]] = {
    **pods.DESCRIBE,
    **workloads.DESCRIBE,
    **network.DESCRIBE,
    **addresses.DESCRIBE,
    **storage.DESCRIBE,
    **cluster.DESCRIBE,
    **nodes.DESCRIBE,
    **autoscaling.DESCRIBE,
    **access.DESCRIBE,
    **certificates.DESCRIBE,
}


def describe(client: Client, group_kind: str, obj: Object, *, events: bool = True) -> str:
    """What is said of an object."""
    paper = Paper()
    DESCRIBE.get(group_kind, anything)(Case(obj, client, events, paper))
    return paper.text()


def pod_template_text(revision: Object) -> str:
    """The pod template of a ReplicaSet or ControllerRevision, with tabs as they are."""
    paper = Paper()
    template = get_in(revision, ("spec", "template")) or get_in(revision, ("data", "spec", "template"))
    pod_template(paper, {k: v for k, v in (template or {}).items() if k != "$patch"})
    return paper.raw()


