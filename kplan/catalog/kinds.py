"""The kinds a Kubernetes minor serves, and what users call them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kplan.model.objects import group_kind


@dataclass(frozen=True, slots=True)
class KindInfo:
    """One served kind: what discovery says of it, and the name of its definition."""

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    short_names: tuple[str, ...]
    namespaced: bool
    verbs: tuple[str, ...]
    categories: tuple[str, ...]
    subresources: tuple[str, ...]
    definition: str
    """The name of its definition; "" for a custom resource."""
    api_version: str = field(init=False)
    """``apps/v1``, ``v1``."""
    group_kind: str = field(init=False)
    """``Deployment.apps``, ``Pod``: the kind as a :class:`~kplan.model.objects.Ref` has it."""
    resource: str = field(init=False)
    """``deployments.apps``, ``pods``: what kubectl prints."""

    def __post_init__(self) -> None:
        api_version = f"{self.group}/{self.version}" if self.group else self.version
        object.__setattr__(self, "api_version", api_version)
        object.__setattr__(self, "group_kind", group_kind(api_version, self.kind))
        object.__setattr__(self, "resource", f"{self.plural}.{self.group}" if self.group else self.plural)


def kind_info(entry: Mapping[str, Any]) -> KindInfo:
    """The kind of one entry of ``kinds.json``."""
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    return KindInfo(**values)


def by_word(kinds: Iterable[KindInfo]) -> dict[str, KindInfo]:
    """The kinds under every word kubectl takes for them, in lower case.

    A word several groups share means the first in discovery's order: ``events`` is the core group's.

    Mirrors: kubectl get deployments | deployments.apps | deployments.v1.apps | deployment | deploy | Deployment.
    """
    out: dict[str, KindInfo] = {}
    for info in kinds:
        for word in dict.fromkeys((info.plural, info.singular, info.kind.lower(), *info.short_names)):
            out.setdefault(word, info)
            out.setdefault(f"{word}.{info.group}", info)
            out.setdefault(f"{word}.{info.version}.{info.group}", info)
    return out
