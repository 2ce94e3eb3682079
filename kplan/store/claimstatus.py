"""What the status of a claim says of its volume's growth, as the resizers and the kubelets write it in turn.

Mirrors: pkg/volume/util/resize_util.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.model.objects import EMPTY, Object, get_in

FILE_SYSTEM_PENDING, NODE_PENDING = "FileSystemResizePending", "NodeResizePending"
NODE_STATES = (NODE_PENDING, "NodeResizeInProgress")
"""The states in which it is a kubelet's turn."""
_RESIZE_CONDITIONS = frozenset(("Resizing", FILE_SYSTEM_PENDING, "ControllerResizeError", "NodeResizeError"))

Status = Mapping[str, Any]


def allocation_state(claim: Object) -> str:
    """How far the growth is: the state of the storage in ``status.allocatedResourceStatuses``, or ""."""
    return get_in(claim, ("status", "allocatedResourceStatuses", "storage")) or ""


def with_allocation_state(status: Status, state: str) -> dict[str, Any]:
    """The status with another state of its storage; "": none."""
    left = {k: v for k, v in (status.get("allocatedResourceStatuses") or EMPTY).items() if k != "storage"}
    states = left | ({"storage": state} if state else {})
    kept = {k: v for k, v in status.items() if k != "allocatedResourceStatuses"}
    return kept | ({"allocatedResourceStatuses": states} if states else {})


def with_resize_condition(status: Status, condition: Mapping[str, Any] | None) -> dict[str, Any]:
    """The status with this one of the conditions of growth, or none of them; other conditions stay, as does this one if it was there."""
    conditions: list[Mapping[str, Any]] = []
    for known in status.get("conditions") or ():
        if known["type"] not in _RESIZE_CONDITIONS:
            conditions.append(known)
        elif condition is not None and known["type"] == condition["type"]:
            conditions.append(known if known["status"] == condition["status"] else condition)
    if condition is not None and all(c["type"] != condition["type"] for c in conditions):
        conditions.append(condition)
    kept = {k: v for k, v in status.items() if k != "conditions"}
    return kept | ({"conditions": conditions} if conditions else {})


def finished(status: Status, size: str) -> dict[str, Any]:
    """The status of a claim whose volume has grown to a size, file system and all."""
    done = with_allocation_state(with_resize_condition(status, None), "")
    return done | {"capacity": {**(done.get("capacity") or {}), "storage": size}}
