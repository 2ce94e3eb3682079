"""What the server itself writes into a new object: name, UID, time and generation.

Mirrors: staging/src/k8s.io/apiserver/pkg/registry/rest/{meta,create}.go:
         FillObjectMetaSystemFields, BeforeCreate; staging/src/k8s.io/apiserver/pkg/storage/names/generate.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.strategy import Draft, Strategy
from kplan.catalog.kinds import KindInfo
from kplan.model.instants import write_instant
from kplan.model.names import Names
from kplan.model.objects import Ref
from kplan.store.view import View

_NOT_OF_NEW = ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion")
_DRAWS = 8
"""How often a name is drawn until nobody has it."""


def fill_system_fields(draft: Draft, info: KindInfo, strategy: Strategy, *, names: Names, view: View, now: float) -> None:
    """Set what the server owns in a new object, and drop what its sender cannot know."""
    meta = draft["metadata"]
    if not meta.get("name") and meta.get("generateName"):
        meta["name"] = _generated_name(meta, info, names, view)
    for dropped in _NOT_OF_NEW:
        meta.pop(dropped, None)
    if not info.namespaced:
        meta.pop("namespace", None)
    meta["uid"] = names.uid(f"{info.group_kind}/{meta.get('namespace', '')}/{meta.get('name', '')}")
    meta["creationTimestamp"] = write_instant(now)
    if strategy.generation_fields and strategy.first_generation:
        meta["generation"] = strategy.first_generation
    if strategy.has_status and not strategy.prepares_status:
        draft.pop("status", None)


def _generated_name(meta: Draft, info: KindInfo, names: Names, view: View) -> str:
    name = ""
    for _ in range(_DRAWS):
        name = names.generate(meta["generateName"])
        if view.get(Ref(info.group_kind, meta.get("namespace") or "", name)) is None:
            break
    return name
