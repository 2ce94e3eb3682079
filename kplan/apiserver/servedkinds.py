"""The kinds a server serves: the built-in ones, and those that CustomResourceDefinitions in the store define.

Also how their objects are read from what is sent, and brought into the form in which they are kept.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go (1.36)
Differs: a definition is served at once; there is no discovery to wait for.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.apiserver.outcome import Status
from kplan.apiserver.strategy import PASS_THROUGH, Draft, Strategy, strategy_for
from kplan.catalog.catalog import Catalog
from kplan.catalog.kinds import KindInfo
from kplan.model.objects import Object, Path
from kplan.store.view import View

_KEPT_AS = {"Event.events.k8s.io": "Event"}
"""Kinds that are another group's kind by another name."""


class ServedKinds:
    """What kinds there are, how they are stored and what is done for them."""

    def __init__(self, catalog: Catalog, view: View) -> None:
        self.catalog = catalog
        self.view = view
        self._custom: tuple[int, dict[tuple[str, str], tuple[KindInfo, Strategy]]] = (-1, {})

    def resolve(self, api_version: str, kind: str) -> KindInfo | None:
        """The kind as it is served: built in, or by a CustomResourceDefinition in the store."""
        found = self.catalog.kind(api_version, kind)
        if found is None and (custom := self._custom_kinds().get((api_version, kind))):
            return custom[0]
        return found

    def custom_kinds(self) -> list[KindInfo]:
        """The kinds that CustomResourceDefinitions in the store serve."""
        return [info for info, _ in self._custom_kinds().values()]

    def all_kinds(self) -> list[KindInfo]:
        """Every kind that is served, in every version."""
        return [*self.catalog.kinds(), *self.custom_kinds()]

    def kind_info(self, name: str) -> KindInfo | None:
        """How a kind (``Deployment.apps``) or a resource (``deployments.apps``) is stored: built in, or a custom one."""
        found = self.catalog.storage_kind(name) or self.catalog.resource(name)
        if found is not None and name in (found.group_kind, found.resource):
            return found
        return next((info for info in self.custom_kinds() if name in (info.group_kind, info.resource)), None)

    def strategy(self, info: KindInfo) -> Strategy:
        """What is done for a kind; PASS_THROUGH where nobody has written it."""
        found = strategy_for(info.group_kind)
        if found is PASS_THROUGH and (custom := self._custom_kinds().get((info.api_version, info.kind))):
            return custom[1]
        return found

    def storage_info(self, info: KindInfo) -> KindInfo:
        """The version in which objects of a kind are kept."""
        return self.catalog.storage_kind(_KEPT_AS.get(info.group_kind, info.group_kind)) or info

    def decode(
        self, obj: Object, info: KindInfo, *, validation: str, duplicates: Iterable[Path]
    ) -> tuple[Draft, Status | None, tuple[str, ...]]:
        """What a user sent, read as a kind: the draft, or why it cannot be read; and warnings."""
        if (custom := self._custom_kinds().get((info.api_version, info.kind))) is not None:
            from kplan.apiserver.customresources.serving import decode_custom

            return decode_custom(obj, custom[0], custom[1], mode=validation, duplicates=duplicates)
        from kplan.apiserver.decoding import decode

        draft, error, warnings = decode(obj, info, self.catalog, mode=validation, duplicates=duplicates)
        lifecycle = self.catalog.lifecycle(info.api_version, info.kind)
        deprecated = (lifecycle.warning,) if lifecycle is not None and lifecycle.warning else ()
        return draft, error, (*deprecated, *warnings)

    def to_storage(self, draft: Draft, info: KindInfo) -> tuple[Draft, KindInfo]:
        """A draft in the version in which its kind is kept."""
        kept_as = self.storage_info(info)
        if kept_as.api_version == info.api_version:
            return draft, info
        from kplan.apiserver.conversion import convert

        return convert(draft, kept_as), kept_as

    def drop_empty(self, draft: Draft, info: KindInfo) -> None:
        """Leave out empty lists and maps, which are not stored; custom resources keep theirs."""
        if (info.api_version, info.kind) not in self._custom_kinds():
            from kplan.apiserver.decoding import drop_empty

            drop_empty(draft, info, self.catalog)

    def read_anew(self, before: Object | None, after: Object) -> Iterable[Object]:
        """The custom resources that look otherwise now that a definition changed."""
        if before is None or after["kind"] != "CustomResourceDefinition" or before["spec"] == after["spec"]:
            return ()
        from kplan.apiserver.customresources.serving import read_anew

        spec = after["spec"]
        return list(read_anew(after, self.view.objects(f"{spec['names']['kind']}.{spec['group']}")))

    def _custom_kinds(self) -> dict[tuple[str, str], tuple[KindInfo, Strategy]]:
        crd = "CustomResourceDefinition.apiextensions.k8s.io"
        epoch = self.view.epoch(crd) + 1 if self.view.objects(crd) else 0
        if self._custom[0] != epoch:
            served = {}
            if epoch:
                from kplan.apiserver.customresources.serving import served_kinds

                served = {(info.api_version, info.kind): (info, s) for info, s in served_kinds(self.view.objects(crd))}
            self._custom = (epoch, served)
        return self._custom[1]
