"""Required node affinity and tolerations."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.model.nodeaffinity import RequiredNodeAffinity, tolerates, untolerated

NODE: dict[str, Any] = {"metadata": {"name": "n1", "labels": {"disk": "ssd", "cores": "8"}}}


def required(*terms: dict[str, Any]) -> dict[str, Any]:
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}}}


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("spec", "matches"),
    [
        ({}, True),
        ({"nodeSelector": {"disk": "ssd"}}, True),
        ({"nodeSelector": {"disk": "hdd"}}, False),
        (required(), False),
        (required({}), False),
        (required(expression("disk", "In", "ssd", "nvme")), True),
        (required(expression("disk", "NotIn", "ssd")), False),
        (required(expression("zone", "NotIn", "a")), True),
        (required(expression("zone", "Exists")), False),
        (required(expression("cores", "Gt", "4")), True),
        (required(expression("cores", "Lt", "4")), False),
        (required(expression("disk", "Like", "s*")), False),
        (required(expression("zone", "Exists"), expression("disk", "Exists")), True),
        (required({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}), True),
        (required({"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["n1"]}]}), False),
        (required({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1", "n2"]}]}), False),
        ({"nodeSelector": {"disk": "hdd"}} | required(expression("disk", "Exists")), False),
    ],
)
def test_required_affinity(spec: dict[str, Any], matches: bool) -> None:
    assert RequiredNodeAffinity(spec).matches(NODE) is matches


@pytest.mark.parametrize(
    ("toleration", "covered"),
    [
        ({"key": "gpu", "value": "yes"}, True),
        ({"key": "gpu", "operator": "Equal", "value": "no"}, False),
        ({"key": "gpu", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "gpu", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "cpu", "operator": "Exists"}, False),
    ],
)
def test_tolerations(toleration: dict[str, Any], covered: bool) -> None:
    assert tolerates(toleration, {"key": "gpu", "value": "yes", "effect": "NoSchedule"}) is covered


def test_only_the_effects_asked_about_count() -> None:
    taints = [{"key": "a", "effect": "PreferNoSchedule"}, {"key": "b", "effect": "NoSchedule"}]
    assert untolerated(taints, [], ("NoExecute",)) is None
    assert untolerated(taints, [], ("NoSchedule", "NoExecute")) == taints[1]
