"""A new node is tainted as not ready until it is known to be.

Mirrors: plugin/pkg/admission/nodetaint/admission.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.admission.contract import CREATE, AdmissionContext, Attributes, Plugin
from kplan.apiserver.outcome import Status

NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


def admit(attributes: Attributes, _: AdmissionContext) -> Status | None:
    """Add the taint unless it is there."""
    node = attributes.object
    assert node is not None
    spec = node.setdefault("spec", {})
    taints = spec.get("taints") or []
    if not any(t.get("key") == NOT_READY["key"] and t.get("effect") == NOT_READY["effect"] for t in taints):
        spec["taints"] = [*taints, dict(NOT_READY)]
    return None


PLUGIN = Plugin("TaintNodesByCondition", frozenset((CREATE,)), frozenset(("Node",)), admit=admit)
