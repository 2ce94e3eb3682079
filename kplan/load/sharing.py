"""Equal parts of many objects kept once: 150 000 pods come from a few thousand templates.

Sharing looks two levels deep (``spec.containers``, ``metadata.labels``, ``data``), which is where templates sit; what
differs per object (a node's name, a status) lies beside.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson


class Sharing:
    """A table of values seen; :meth:`object` returns an object made of parts that are already known."""

    def __init__(self) -> None:
        self._known: dict[int, Any] = {}

    def object(self, obj: dict[str, Any]) -> dict[str, Any]:
        """The same object, with the parts it has in common with earlier ones shared.

        The object must be the caller's own: its sections are replaced in place.
        """
        for name, section in obj.items():
            if type(section) is dict:
                for field, value in section.items():
                    if value and type(value) in (dict, list):
                        section[field] = self._share(value)
            elif section and type(section) is list:
                obj[name] = self._share(section)
        return obj

    def _share(self, value: Any) -> Any:
        key = hash(orjson.dumps(value))
        known = self._known.setdefault(key, value)
        return known if known is value or known == value else value


@contextmanager
def collection_paused() -> Iterator[None]:
    """No garbage collection meanwhile: many small containers are made and none is garbage."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
