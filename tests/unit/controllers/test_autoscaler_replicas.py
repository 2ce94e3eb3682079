"""Runs the table ``tests/cases/autoscaler/replicas.yaml``: pods and what was measured in, a proposal of replicas out.

A pod is ``ready``, or some of ``unready``, ``fresh`` (started just now), ``deleting``, ``Pending``, ``Failed``.
"""

from __future__ import annotations

from typing import Any

import pytest

from kplan.controllers.podautoscaler.calculator import Calculator, Proposal, Tolerance
from kplan.controllers.podautoscaler.metrics import Metrics, MetricsUnavailable
from kplan.model.instants import write_instant
from kplan.model.objects import Object
from kplan.model.selectors import EVERYTHING, parse_selector
from tests.tables import rows

KEYS = "current pods resource requests used measured target refused expected container metric tolerance"
NOW = 1_800_000_000.0
LABELS = {"app": "web"}


def pod(i: int, words: str, case: dict[str, Any]) -> Object:
    """The pod ``web-<i>``; one that is not fresh has been there for ten minutes and was never ready where it is not."""
    since = write_instant(NOW if "fresh" in words else NOW - 600)
    phase = next((p for p in ("Pending", "Failed") if p in words), "Running")
    requests = {case["resource"]: case["requests"][i]} if i < len(case.get("requests", ())) else {}
    containers = [{"name": name, "resources": {"requests": requests}} for name in ("first", "second")]
    ready = {"type": "Ready", "status": "False" if "unready" in words else "True", "lastTransitionTime": since}
    meta: dict[str, Any] = {"name": f"web-{i}", "namespace": "default", "labels": LABELS}
    if "deleting" in words:
        meta["deletionTimestamp"] = write_instant(NOW)
    return {"metadata": meta, "spec": {"containers": containers}, "status": {"phase": phase, "startTime": since, "conditions": [ready]}}


def measured(i: int, used: int | list[int], case: dict[str, Any]) -> Object:
    """What the metrics API says of the pod ``web-<i>``."""
    name = case["measured"][i] if "measured" in case else f"web-{i}"
    amounts = used if isinstance(used, list) else [used, used]
    containers = [{"name": n, "usage": {case["resource"]: f"{a}m"}} for n, a in zip(("first", "second"), amounts, strict=False)]
    meta = {"name": name, "namespace": "default", "labels": LABELS}
    return {"apiVersion": "metrics.k8s.io/v1beta1", "metadata": meta, "timestamp": write_instant(NOW), "window": "1m", "containers": containers}


def metrics_of(case: dict[str, Any]) -> list[Object]:
    """All that was measured."""
    if "resource" in case:
        return [measured(i, used, case) for i, used in enumerate(case["used"])]
    return [
        {"apiVersion": "custom.metrics.k8s.io/v1beta2", "describedObject": {"kind": "Pod", "name": f"web-{i}"}, "metric": {"name": "qps"}, "value": f"{v}m"}
        for i, v in enumerate(case["used"])
    ]


def proposal(case: dict[str, Any], calculator: Calculator) -> Proposal:
    """What the calculator makes of the row."""
    if "resource" in case:
        return calculator.resource_utilization(case["current"], int(case["target"].rstrip("%")), case["resource"], case.get("container", ""))
    if case["metric"] == "pods":
        return calculator.pods_metric(case["current"], case["target"], "qps", EVERYTHING)
    compute = calculator.per_pod if case["metric"].endswith("by pod") else calculator.total
    return compute(case["current"], case["target"], sum(case["used"]))


@pytest.mark.parametrize("case", rows("autoscaler/replicas", KEYS))
def test_replicas(case: dict[str, Any]) -> None:
    pods = [pod(i, words, case) for i, words in enumerate(case["pods"])]
    tolerance = Tolerance(*case["tolerance"]) if "tolerance" in case else Tolerance()
    calculator = Calculator(Metrics.of(metrics_of(case)), "default", pods, parse_selector("app=web"), NOW, tolerance)
    if "refused" in case:
        with pytest.raises(MetricsUnavailable, match=case["refused"]):
            proposal(case, calculator)
        return
    found = proposal(case, calculator)
    assert found._asdict() == {"utilization": None, **case["expected"]}
