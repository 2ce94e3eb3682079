"""Stabilisation, rates and bounds of autoscalers."""

from __future__ import annotations

from typing import Any

from kplan.controllers.podautoscaler.normalize import (
    Past,
    limited_by_behavior,
    limited_by_rules,
    stabilized,
    stabilized_with_behavior,
)

FAST: dict[str, Any] = {
    "scaleUp": {"selectPolicy": "Max", "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15}]},
    "scaleDown": {"selectPolicy": "Min", "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}, {"type": "Percent", "value": 50, "periodSeconds": 60}]},
}


def test_a_lower_recommendation_counts_after_five_minutes() -> None:
    past = Past()
    assert stabilized(past, 8, 0) == 8
    assert stabilized(past, 3, 100) == 8
    assert stabilized(past, 3, 299) == 8
    assert stabilized(past, 3, 301) == 3


def test_bounds_and_doubling() -> None:
    assert limited_by_rules(3, 10, 1, 100)[:2] == (6, "ScaleUpLimit")
    assert limited_by_rules(1, 10, 1, 100)[:2] == (4, "ScaleUpLimit")
    assert limited_by_rules(3, 10, 1, 5)[:2] == (5, "TooManyReplicas")
    assert limited_by_rules(3, 1, 2, 5)[:2] == (2, "TooFewReplicas")
    assert limited_by_rules(3, 4, 2, 5)[:2] == (4, "DesiredWithinRange")


def test_the_larger_of_two_policies_and_the_past_of_its_period() -> None:
    past = Past()
    assert limited_by_behavior(past, 3, 50, 1, 100, FAST, 0)[:2] == (7, "ScaleUpLimit")
    assert limited_by_behavior(past, 10, 50, 1, 100, FAST, 0)[:2] == (20, "ScaleUpLimit")
    past.scaled(10, 20, 0)
    assert limited_by_behavior(past, 20, 50, 1, 100, FAST, 10)[:2] == (20, "ScaleUpLimit")
    assert limited_by_behavior(past, 20, 50, 1, 100, FAST, 16)[:2] == (40, "ScaleUpLimit")


def test_the_smaller_of_two_policies_downwards() -> None:
    assert limited_by_behavior(Past(), 10, 1, 1, 100, FAST, 0)[:2] == (9, "ScaleDownLimit")
    assert limited_by_behavior(Past(), 2, 0, 2, 100, FAST, 0)[:2] == (2, "TooFewReplicas")
    disabled = {"scaleDown": {"selectPolicy": "Disabled"}}
    assert limited_by_behavior(Past(), 10, 1, 1, 100, disabled, 0)[:2] == (10, "ScaleDownLimit")


def test_windows_of_both_directions() -> None:
    past = Past()
    behavior = {"scaleUp": {"stabilizationWindowSeconds": 60}, "scaleDown": {"stabilizationWindowSeconds": 0}}
    assert stabilized_with_behavior(past, 2, 2, behavior, 0).replicas == 2
    assert stabilized_with_behavior(past, 2, 6, behavior, 30)[:2] == (2, "ScaleUpStabilized")
    assert stabilized_with_behavior(past, 2, 6, behavior, 61).replicas == 6
    assert stabilized_with_behavior(past, 6, 1, behavior, 70).replicas == 1
