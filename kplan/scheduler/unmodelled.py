"""What of this cluster and this configuration the scheduler does not model, in words for the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.catalog.gates import Gates
from kplan.model.objects import EMPTY, Object
from kplan.store.view import View


def unmodelled(view: View, configuration: Mapping[str, Any] | None, gates: Gates) -> Iterator[str]:
    """Lines for extenders and plugins that are not asked, and for pods that belong together."""
    if configuration:
        from kplan.scheduler.configuration import configuration_of

        for what in configuration_of(configuration, gates).unmodelled:
            yield f"{what} is not asked where pods may go"
    groups = [p for p in view.objects("Pod") if _is_in_group(p)]
    if groups:
        yield f"{len(groups)} pods of pod groups are scheduled one by one"


def _is_in_group(pod: Object) -> bool:
    return bool((pod["spec"].get("schedulingGroup") or EMPTY).get("podGroupName"))
