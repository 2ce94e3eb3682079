"""Objects of one served version made into another: as they are stored, as they are asked for.

Mirrors: pkg/apis/*/*/conversion.go (1.36)
Differs: versions that differ in nothing but their name are not converted by way of an internal type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kplan.apiserver import autoscalingversions, eventversions
from kplan.catalog.kinds import KindInfo
from kplan.model.objects import Object

_CONVERSIONS: Mapping[tuple[str, str], Callable[[Object], dict[str, Any]]] = {
    ("autoscaling/v1", "autoscaling/v2"): autoscalingversions.to_v2,
    ("autoscaling/v2", "autoscaling/v1"): autoscalingversions.to_v1,
    ("events.k8s.io/v1", "v1"): eventversions.to_core,
    ("v1", "events.k8s.io/v1"): eventversions.to_events,
}
"""Pairs of versions whose fields differ."""


def convert(obj: Object, info: KindInfo) -> dict[str, Any]:
    """The object in the version of ``info``."""
    found = _CONVERSIONS.get((obj["apiVersion"], info.api_version))
    return found(obj) if found is not None else {**obj, "apiVersion": info.api_version}
