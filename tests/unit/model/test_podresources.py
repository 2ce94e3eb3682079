"""Runs the table ``tests/cases/model/podresources.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kplan.model.podresources import Reported, amounts, pod_limits, pod_requests
from tests.tables import rows

KEYS = "pod requests overhead limits pod_level non_missing reported"

_SAID = ("limits", "has", "granted", "limited", "stays")


def container(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    asked = {k: v for k, v in row.items() if k not in _SAID}
    resources = {"requests": asked, **({"limits": row["limits"]} if "limits" in row else {})}
    return {"name": name, "resources": resources, **({"restartPolicy": "Always"} if row.get("stays") else {})}


def status(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name}
    if "has" in row or "limited" in row:
        found["resources"] = {"requests": row.get("has", {}), "limits": row.get("limited", {})}
    return found | ({"allocatedResources": row["granted"]} if "granted" in row else {})


def pod(row: Mapping[str, Any]) -> dict[str, Any]:
    places = (("containers", "containers", "containerStatuses"), ("init", "initContainers", "initContainerStatuses"))
    spec: dict[str, Any] = {field: [container(f"{key}-{i}", c) for i, c in enumerate(row.get(key, ()))] for key, field, _ in places}
    told: dict[str, Any] = {field: [status(f"{key}-{i}", c) for i, c in enumerate(row.get(key, ()))] for key, _, field in places}
    if "own" in row:
        spec["resources"] = {"requests": row["own"]}
    if "has" in row:
        told["resources"] = {"requests": row["has"]}
    if "granted" in row:
        told["allocatedResources"] = row["granted"]
    if row.get("infeasible"):
        told["conditions"] = [{"type": "PodResizePending", "status": "True", "reason": "Infeasible"}]
    return {"spec": spec | ({"overhead": row["overhead"]} if "overhead" in row else {}), "status": told}


@pytest.mark.parametrize("case", rows("model/podresources", KEYS))
def test_case(case: dict[str, Any]) -> None:
    options: dict[str, Any] = {"reported": Reported[case.get("reported", "NOTHING")], "overhead": case.get("overhead", True)}
    if "limits" in case:
        assert pod_limits(pod(case["pod"]), **options) == amounts(case["limits"])
    else:
        found = pod_requests(pod(case["pod"]), **options, pod_level=case.get("pod_level", True), non_missing=amounts(case.get("non_missing")))
        assert found == amounts(case["requests"])
