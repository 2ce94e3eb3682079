"""Autoscalers survive the way through autoscaling/v1 and back."""

from __future__ import annotations

import json
from typing import Any

from kplan.apiserver.conversion import convert
from kplan.catalog.catalog import Catalog

AUTOSCALER: dict[str, Any] = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "web", "annotations": {"mine": "stays"}},
    "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "minReplicas": 1,
        "maxReplicas": 3,
        "metrics": [
            {"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}},
            {
                "type": "ContainerResource",
                "containerResource": {"name": "cpu", "container": "c", "target": {"type": "Utilization", "averageUtilization": 5}},
            },
            {
                "type": "Object",
                "object": {
                    "describedObject": {"kind": "Service", "name": "s"},
                    "metric": {"name": "hits", "selector": {"matchLabels": {"a": "b"}}},
                    "target": {"type": "Value", "value": "5"},
                },
            },
            {"type": "Pods", "pods": {"metric": {"name": "m"}, "target": {"type": "AverageValue", "averageValue": "2"}}},
            {"type": "External", "external": {"metric": {"name": "q"}, "target": {"type": "Value", "value": "30"}}},
            {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}},
        ],
        "behavior": {"scaleDown": {"selectPolicy": "Max", "policies": [{"type": "Pods", "value": 1, "periodSeconds": 5}]}},
    },
    "status": {
        "currentReplicas": 1,
        "desiredReplicas": 2,
        "conditions": [{"type": "AbleToScale", "status": "True"}],
        "currentMetrics": [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageValue": "1", "averageUtilization": 7}}}],
    },
}


def test_there_and_back() -> None:
    catalog = Catalog.at("1.36")
    v1, v2 = (catalog.kind(f"autoscaling/{v}", "HorizontalPodAutoscaler") for v in ("v1", "v2"))
    assert v1 is not None and v2 is not None
    there = convert(AUTOSCALER, v1)
    assert there["spec"]["targetCPUUtilizationPercentage"] == 50
    assert there["status"] == {"currentReplicas": 1, "desiredReplicas": 2, "currentCPUUtilizationPercentage": 7}
    kept = there["metadata"]["annotations"]
    assert kept["mine"] == "stays"
    assert len(json.loads(kept["autoscaling.alpha.kubernetes.io/metrics"])) == 5
    back = convert(there, v2)
    back["status"]["conditions"] = [{k: v for k, v in c.items() if v is not None} for c in back["status"]["conditions"]]
    assert back == AUTOSCALER


def test_an_annotation_nobody_can_read_is_dropped() -> None:
    v2 = Catalog.at("1.36").kind("autoscaling/v2", "HorizontalPodAutoscaler")
    assert v2 is not None
    broken = {"autoscaling.alpha.kubernetes.io/metrics": "[{]", "autoscaling.alpha.kubernetes.io/behavior": "7"}
    obj = {"apiVersion": "autoscaling/v1", "kind": v2.kind, "metadata": {"name": "w", "annotations": broken}, "spec": {"maxReplicas": 1}}
    out = convert(obj, v2)
    assert out["metadata"]["annotations"] == {}
    assert out["spec"]["metrics"][0]["resource"]["target"] == {"type": "Utilization", "averageUtilization": 80}
