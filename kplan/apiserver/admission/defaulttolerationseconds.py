"""Pods stay five minutes on a node that is not ready or unreachable.

Mirrors: plugin/pkg/admission/defaulttolerationseconds/admission.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.admission.contract import CREATE, UPDATE, AdmissionContext, Attributes, Plugin
from kplan.apiserver.outcome import Status

SECONDS = 300
TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def admit(attributes: Attributes, _: AdmissionContext) -> Status | None:
    """Add the tolerations for the taints that no toleration of the pod speaks of."""
    pod = attributes.object
    assert pod is not None
    spec = pod.setdefault("spec", {})
    have = spec.get("tolerations") or []
    added = [
        {"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": SECONDS}
        for taint in TAINTS
        if not any(t.get("key", "") in (taint, "") and t.get("effect", "") in ("NoExecute", "") for t in have)
    ]
    if added:
        spec["tolerations"] = [*have, *added]
    return None


PLUGIN = Plugin("DefaultTolerationSeconds", frozenset((CREATE, UPDATE)), frozenset(("Pod",)), admit=admit)
