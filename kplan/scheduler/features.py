"""Kubelet features a pod needs of its node.

Mirrors: staging/src/k8s.io/component-helpers/nodedeclaredfeatures/features (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kplan.catalog.gates import Gates

Spec = Mapping[str, Any]


def _restarts_all_containers(spec: Spec) -> bool:
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    return any(r.get("action") == "RestartAllContainers" for c in containers for r in c.get("restartPolicyRules") or ())


def _maps_users_on_host_network(spec: Spec) -> bool:
    return bool(spec.get("hostNetwork")) and spec.get("hostUsers") is False


INFERRED: dict[str, Callable[[Spec], bool]] = {
    "RestartAllContainersOnContainerExits": _restarts_all_containers,
    "UserNamespacesHostNetworkSupport": _maps_users_on_host_network,
}
"""Feature → whether a pod spec needs it."""


def required_features(spec: Spec, gates: Gates) -> frozenset[str]:
    """What a node must declare to run the pod; nothing while nodes do not declare features."""
    if not gates.on("NodeDeclaredFeatures"):
        return frozenset()
    return frozenset(name for name, needed in INFERRED.items() if needed(spec))
