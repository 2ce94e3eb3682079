"""What Services use of a quota: their node ports and load balancers.

Mirrors: pkg/quota/v1/evaluator/core/services.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.quota.evaluator import ONE, ZERO, Evaluator
from kplan.model.objects import Object
from kplan.model.podresources import Amounts
from kplan.model.quantity import Quantity

_NAMES = frozenset(("count/services", "services", "services.nodeports", "services.loadbalancers"))


def _usage(service: Object, _: float) -> Amounts:
    spec = service.get("spec") or {}
    ports = spec.get("ports") or []
    out = {"count/services": ONE, "services": ONE, "services.loadbalancers": ZERO, "services.nodeports": ZERO}
    kind = spec.get("type")
    if kind in ("NodePort", "LoadBalancer"):
        count = len(ports)
        if kind == "LoadBalancer":
            out["services.loadbalancers"] = ONE
            if spec.get("allocateLoadBalancerNodePorts") is False:
                count = sum(bool(p.get("nodePort")) for p in ports)
        out["services.nodeports"] = Quantity.parse(str(count))
    return out


def counted_type(service: Object) -> str:
    """The type of a Service that quotas tell apart, or ""."""
    kind = service["spec"].get("type") or ""
    return kind if kind in ("NodePort", "LoadBalancer") else ""


EVALUATOR = Evaluator(_usage, lambda name: name in _NAMES, on_update=True)
