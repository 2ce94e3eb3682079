"""Events of events.k8s.io and of the core group, the one made of the other.

Mirrors: pkg/apis/events/v1/conversion.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.model.objects import Object

_NAMES = {
    "regarding": "involvedObject",
    "note": "message",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
    "reportingController": "reportingComponent",
}
"""The names of events.k8s.io that differ, and those of the core group."""

_CORE_NAMES = {core: name for name, core in _NAMES.items()}


def to_core(event: Object) -> dict[str, Any]:
    """An Event of events.k8s.io/v1 as v1 has it."""
    renamed = {_NAMES.get(k, k): v for k, v in event.items()}
    return {"reportingComponent": "", "reportingInstance": "", **renamed, "apiVersion": "v1"}


def to_events(event: Object) -> dict[str, Any]:
    """An Event of v1 as events.k8s.io/v1 has it."""
    renamed = {_CORE_NAMES.get(k, k): v for k, v in event.items() if v != ""}
    return {**renamed, "apiVersion": "events.k8s.io/v1"}
