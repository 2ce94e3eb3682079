"""Hints by ``spec.trafficDistribution``: an endpoint serves its own zone, or its own node.

Mirrors: staging/src/k8s.io/endpointslice/trafficdist/trafficdist.go, topologycache/utils.go RemoveHintsFromSlices (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.controllers.slices import endpoints_of
from kplan.engine.contract import Context
from kplan.model.objects import Object, get_in

Slice = dict[str, Any]
_GATED = ("PreferSameZone", "PreferSameNode")


def traffic_distribution(service: Object, ctx: Context) -> str | None:
    """The Service's trafficDistribution where this cluster knows it."""
    said = service["spec"].get("trafficDistribution")
    if said == "PreferClose" or (said in _GATED and ctx.gates.on("PreferSameTrafficDistribution")):
        return str(said)
    return None


def is_ready_endpoint(endpoint: Object) -> bool:
    """Whether the condition ready is true."""
    return get_in(endpoint, ("conditions", "ready")) is True


def add_traffic_hints(distribution: str, create: list[Slice], update: list[Slice], unchanged: list[Object]) -> None:
    """Hint at every ready endpoint's own zone, with PreferSameNode also at its node; slices whose hints are wrong are updated."""
    by_node = distribution == "PreferSameNode"
    for piece in unchanged:
        if any(is_ready_endpoint(e) and (e.get("hints") or None) != _hints_of(e, by_node) for e in endpoints_of(piece)):
            update.append({**piece, "endpoints": list(endpoints_of(piece))})
    for piece in (*create, *update):
        piece["endpoints"] = [hinted(e, _hints_of(e, by_node)) if is_ready_endpoint(e) else e for e in endpoints_of(piece)]


def _hints_of(endpoint: Object, by_node: bool) -> dict[str, Any] | None:
    hints: dict[str, Any] = {}
    if endpoint.get("zone") is not None:
        hints["forZones"] = [{"name": endpoint["zone"]}]
    if by_node and endpoint.get("nodeName") is not None:
        hints["forNodes"] = [{"name": endpoint["nodeName"]}]
    return hints or None


def hinted(endpoint: Object, hints: dict[str, Any] | None) -> dict[str, Any]:
    """The endpoint with other hints, or without any."""
    made = {k: v for k, v in endpoint.items() if k != "hints"}
    if hints is not None:
        made["hints"] = hints
    return made


def remove_hints(create: list[Slice], update: list[Slice], unchanged: list[Object]) -> bool:
    """Take all hints away; slices that had any are updated. Whether there was any."""
    stale = [s for s in unchanged if any(e.get("hints") is not None for e in endpoints_of(s))]
    update.extend({**s} for s in stale)
    for piece in (*create, *update):
        if any("hints" in e for e in endpoints_of(piece)):
            piece["endpoints"] = [hinted(e, None) for e in endpoints_of(piece)]
    return bool(stale)
