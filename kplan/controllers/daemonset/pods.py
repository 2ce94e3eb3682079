"""A DaemonSet's pods: which nodes are to have one, and what it looks like there.

Mirrors: pkg/controller/daemon/util/daemonset_util.go, pkg/controller/daemon/daemon_controller.go (NodeShouldRunDaemonPod) (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kplan.controllers.pods import created, is_terminal, node_of, pod_from_template
from kplan.model.intstr import scaled_value
from kplan.model.nodeaffinity import RequiredNodeAffinity, untolerated
from kplan.model.objects import EMPTY, Object, annotations_of, get_in, is_deleting, labels_of, name_of

HASH_LABEL = "controller-revision-hash"
GENERATION_LABEL = "pod-template-generation"
GENERATION_ANNOTATION = "deprecated.daemonset.template.generation"
_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_NODE_AFFINITY = "requiredDuringSchedulingIgnoredDuringExecution"

_TOLERATED = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)
_TOLERATED_ON_HOST_NETWORK = ("node.kubernetes.io/network-unavailable", "NoSchedule")


# -- nodes -------------------------------------------------------------------------------------------------------------


class Eligibility:
    """Which nodes a DaemonSet's pods belong on."""

    def __init__(self, ds: Object) -> None:
        spec = ds["spec"]["template"]["spec"]
        self._node_name = spec.get("nodeName") or ""
        self._affinity = RequiredNodeAffinity(spec)
        self._tolerations = with_tolerations(spec)["tolerations"]

    def of(self, node: Object) -> tuple[bool, bool]:
        """(a pod is to be there, a pod that is there may stay)."""
        if self._node_name not in ("", name_of(node)) or not self._affinity.matches(node):
            return False, False
        taints = (node.get("spec") or EMPTY).get("taints") or ()
        if untolerated(taints, self._tolerations, ("NoSchedule", "NoExecute")) is None:
            return True, True
        return False, untolerated(taints, self._tolerations, ("NoExecute",)) is None


def with_tolerations(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec with the tolerations every daemon pod has; one of the same key and effect is replaced."""
    tolerations: list[Mapping[str, Any]] = list(spec.get("tolerations") or ())
    wanted = [*_TOLERATED, *([_TOLERATED_ON_HOST_NETWORK] if spec.get("hostNetwork") else [])]
    for key, effect in wanted:
        made = {"key": key, "operator": "Exists", "effect": effect}
        alike = [i for i, t in enumerate(tolerations) if _same_but_seconds(t, made)]
        for i in alike:
            tolerations[i] = made
        if not alike:
            tolerations.append(made)
    return {**spec, "tolerations": tolerations}


def _same_but_seconds(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    return all((a.get(k) or "") == (b.get(k) or "") for k in ("key", "effect", "operator", "value"))


def target_node(pod: Object) -> str:
    """The node a pod is on or made for; "" where it says neither."""
    if node_of(pod):
        return node_of(pod)
    for term in get_in(pod, ("spec", "affinity", "nodeAffinity", _NODE_AFFINITY, "nodeSelectorTerms")) or ():
        for field in term.get("matchFields") or ():
            if field.get("key") == "metadata.name" and field.get("operator") == "In":
                return field["values"][0] if len(field.get("values") or ()) == 1 else ""
    return ""


def by_node(pods: Sequence[Object], *, deleted_terminal: bool = False) -> dict[str, list[Object]]:
    """The pods by the node they are on or made for; ended ones that are being deleted only where asked for."""
    found: dict[str, list[Object]] = {}
    for pod in pods:
        if not deleted_terminal and is_terminal(pod) and is_deleting(pod):
            continue
        if node := target_node(pod):
            found.setdefault(node, []).append(pod)
    return found


def oldest_first(pod: Object) -> tuple[bool, float, str]:
    """A sort key: pods that are on their node, then the oldest."""
    return not node_of(pod), created(pod) or 0.0, name_of(pod)


# -- the template ------------------------------------------------------------------------------------------------------


def template_generation(ds: Object) -> str | None:
    """The generation of long ago, as an annotation; None where there is none or it is no number."""
    text = annotations_of(ds).get(GENERATION_ANNOTATION)
    return str(int(text)) if text is not None and _NUMBER.fullmatch(text) else None


def daemon_template(ds: Object, digest: str) -> dict[str, Any]:
    """The template of the DaemonSet's pods: labelled with hash and generation, with the tolerations of daemons."""
    template = ds["spec"]["template"]
    meta = template.get("metadata") or EMPTY
    labels = dict(meta.get("labels") or EMPTY)
    generation = template_generation(ds)
    if generation is not None:
        labels[GENERATION_LABEL] = generation
    if digest:
        labels[HASH_LABEL] = digest
    return {**template, "metadata": {**meta, "labels": labels}, "spec": with_tolerations(template["spec"])}


def pod_on(template: Object, ds: Object, node: str) -> dict[str, Any]:
    """A pod made for one node: its required node affinity names that node and nothing else."""
    spec = template["spec"]
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    affinity = spec.get("affinity") or EMPTY
    pinned = {**(affinity.get("nodeAffinity") or EMPTY), _NODE_AFFINITY: {"nodeSelectorTerms": [term]}}
    return pod_from_template(template, ds, spec={**spec, "affinity": {**affinity, "nodeAffinity": pinned}})


def is_updated(pod: Object, digest: str, generation: str | None) -> bool:
    """Whether a pod was made from the current template."""
    labels = labels_of(pod)
    return (bool(digest) and labels.get(HASH_LABEL) == digest) or (generation is not None and labels.get(GENERATION_LABEL) == generation)


# -- fenceposts --------------------------------------------------------------------------------------------------------


def _rolling(ds: Object) -> Mapping[str, Any]:
    strategy = ds["spec"].get("updateStrategy") or EMPTY
    return (strategy.get("rollingUpdate") or EMPTY) if strategy.get("type") == "RollingUpdate" else EMPTY


def surge_count(ds: Object, desired: int) -> int:
    """How many nodes may have a second pod during an update."""
    return scaled_value(_rolling(ds).get("maxSurge") or 0, desired, round_up=True)


def unavailable_count(ds: Object, desired: int) -> int:
    """How many nodes may do without a pod during an update."""
    return scaled_value(_rolling(ds).get("maxUnavailable") or 0, desired, round_up=True)


def fenceposts(ds: Object, desired: int) -> tuple[int, int]:
    """(surge, unavailable); where both come out as 0, one pod may be unavailable."""
    surge, unavailable = surge_count(ds, desired), unavailable_count(ds, desired)
    return (0, 1) if desired > 0 and not surge and not unavailable else (surge, unavailable)
