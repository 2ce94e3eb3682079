"""Runs the table ``tests/cases/autoscaler/rates.yaml``: how fast, and how soon, an autoscaler may follow its metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kplan.apiserver.strategy import StrategyContext, strategy_for
from kplan.catalog.catalog import Catalog
from kplan.controllers.podautoscaler.normalize import Past, Timed, limited_by_behavior, stabilized_with_behavior
from kplan.store.store import Store
from tests.tables import table

TABLE = table("autoscaler/rates")
KIND = "HorizontalPodAutoscaler.autoscaling"
NOW = 1000.0


def rows(part: str) -> Iterator[Any]:
    for name, case in TABLE[part].items():
        yield pytest.param(case, id=name)


def defaulted(behavior: dict[str, Any]) -> dict[str, Any]:
    """A behavior as the API server stores it."""
    hpa: dict[str, Any] = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"}, "spec": {"maxReplicas": 1, "behavior": behavior}}
    strategy_for(KIND).default(hpa, StrategyContext(Catalog.at("1.36").gates, Store(), NOW))
    found: dict[str, Any] = hpa["spec"]["behavior"]
    return found


@pytest.mark.parametrize("case", list(rows("rates")))
def test_rate(case: dict[str, Any]) -> None:
    past = Past(ups=[Timed(n, NOW - ago) for n, ago in case.get("ups", ())], downs=[Timed(n, NOW - ago) for n, ago in case.get("downs", ())])
    behavior = defaulted({"scaleUp": case.get("up", {}), "scaleDown": case.get("down", {})})
    low, high = case["bounds"]
    found = limited_by_behavior(past, case["current"], case["wanted"], low, high, behavior, NOW)
    assert {"replicas": found.replicas, "reason": found.reason} == case["then"]


@pytest.mark.parametrize("case", list(rows("windows")))
def test_window(case: dict[str, Any]) -> None:
    up, down = case["windows"]
    past = Past(recommendations=[Timed(n, NOW - ago) for n, ago in case["before"]])
    behavior = defaulted({"scaleUp": {"stabilizationWindowSeconds": up}, "scaleDown": {"stabilizationWindowSeconds": down}})
    assert stabilized_with_behavior(past, case["current"], case["wanted"], behavior, NOW).replicas == case["then"]
