"""What the status of a claim says of its volume's growth."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.store.claimstatus import finished, with_allocation_state, with_resize_condition

OLD, NEW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def condition(kind: str, status: str = "True", since: str = OLD) -> dict[str, str]:
    return {"type": kind, "status": status, "lastTransitionTime": since}


RESIZING, OTHER = condition("Resizing"), condition("example.com/Mine")


@pytest.mark.parametrize(
    ("known", "told", "left"),
    [
        ([RESIZING], None, []),
        ([RESIZING, OTHER], None, [OTHER]),
        ([condition("ControllerResizeError"), OTHER], RESIZING, [OTHER, RESIZING]),
        ([RESIZING], condition("FileSystemResizePending"), [condition("FileSystemResizePending")]),
        ([RESIZING], condition("Resizing", since=NEW), [RESIZING]),
        ([RESIZING], condition("Resizing", "False", NEW), [condition("Resizing", "False", NEW)]),
        ([RESIZING, OTHER], condition("Resizing", "False", NEW), [condition("Resizing", "False", NEW), OTHER]),
        ([], RESIZING, [RESIZING]),
    ],
)
def test_conditions(known: list[Any], told: Any, left: list[Any]) -> None:
    status = {"phase": "Bound", "conditions": known}
    assert with_resize_condition(status, told) == {"phase": "Bound", **({"conditions": left} if left else {})}


def test_states_of_other_resources_stay() -> None:
    status = {"allocatedResourceStatuses": {"example.com/iops": "ControllerResizeFailed"}}
    pending = with_allocation_state(status, "NodeResizePending")
    assert pending["allocatedResourceStatuses"] == {"example.com/iops": "ControllerResizeFailed", "storage": "NodeResizePending"}
    assert with_allocation_state(pending, "") == status
    assert with_allocation_state(with_allocation_state({}, "NodeResizePending"), "") == {}


def test_grown() -> None:
    status = {"capacity": {"storage": "1Gi"}, "conditions": [RESIZING, OTHER], "allocatedResourceStatuses": {"storage": "NodeResizeInProgress"}, "allocatedResources": {"storage": "2Gi"}}
    assert finished(status, "2Gi") == {"capacity": {"storage": "2Gi"}, "conditions": [OTHER], "allocatedResources": {"storage": "2Gi"}}
