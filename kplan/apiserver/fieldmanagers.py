"""Keeps ``metadata.managedFields``: of what users write always, of what controllers write where an object has them.

Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/{create,update,patch}.go,
         GetResetFields of pkg/registry/*/*/strategy.go (1.36)
Differs: what controllers create, and what they say in a status, is nobody's.  Fields that admission sets are nobody's here, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.conversion import convert
from kplan.apiserver.merge.apply.fields import Fields, path_of
from kplan.apiserver.merge.apply.scaling import resized
from kplan.apiserver.merge.apply.shape import DEDUCED, CustomShapes, Shape, Shapes
from kplan.apiserver.merge.apply.tracking import FieldManager
from kplan.apiserver.merge.apply.zero import Zeros
from kplan.apiserver.strategy import Draft, StrategyContext
from kplan.catalog.catalog import Catalog
from kplan.catalog.kinds import KindInfo
from kplan.model.instants import write_instant
from kplan.model.objects import Object, Ref, get_in
from kplan.store.view import View

Resolve = Callable[[str, str], KindInfo | None]

OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

_PROGRAMS = {"kubelet": "kubelet", "scheduler": "kube-scheduler", "kube-scheduler": "kube-scheduler"}
_CONTROLLERS = "kube-controller-manager"

_RESET = {
    "CertificateSigningRequest.certificates.k8s.io": {"": ("spec", "status"), "status": ("spec",)},
}
_BY_STATUS = {"status": ("spec",)}
_WITH_METADATA = ("flowcontrol.apiserver.k8s.io", "networking.k8s.io", "resource.k8s.io", "storage.k8s.io", "storagemigration.k8s.io")


def reset_fields(info: KindInfo, subresource: str, has_status: bool) -> Fields:
    """What a request leaves as it is, and so nobody manages through it."""
    if (special := _RESET.get(info.group_kind)) is not None:
        return Fields.of(*map(path_of, special.get(subresource, ())))
    if not has_status:
        return Fields()
    if not subresource:
        return Fields.of(path_of("status"))
    names: tuple[str, ...] = _BY_STATUS.get(subresource, ())
    if names and (not info.definition or (info.group in _WITH_METADATA and info.kind != "Ingress")):
        names = (*names, "metadata")
    return Fields.of(*map(path_of, names))


@dataclass(frozen=True, slots=True)
class KindVersions:
    """The versions of one kind that are served."""

    kind: str
    group: str
    resolve: Resolve
    shape_of: Callable[[KindInfo], Shape]

    def shape(self, api_version: str) -> Shape | None:
        """The shape of a version, None where it is not served any more."""
        info = self.resolve(api_version, self.kind)
        return self.shape_of(info) if info is not None and info.group == self.group else None

    def convert(self, obj: Object, api_version: str) -> Object:
        """An object in a version that is served."""
        if not obj.get("apiVersion") or obj["apiVersion"] == api_version:
            return obj
        info = self.resolve(api_version, self.kind)
        return convert(obj, info) if info is not None else obj


class FieldManagers:
    """The managers of all kinds of a cluster."""

    def __init__(self, catalog: Catalog, view: View, resolve: Resolve) -> None:
        self._catalog, self._view, self._resolve = catalog, view, resolve
        self._shapes, self._zeros = Shapes(catalog), Zeros(catalog)
        self._custom: dict[int, tuple[Object, Shape]] = {}
        self.unknown: dict[Ref, None] = {}
        """What was applied server-side to objects that say nothing of who manages them."""

    def of(self, info: KindInfo, has_status: bool, now: float, subresource: str = "") -> FieldManager:
        """What keeps managedFields of a kind in the version of a request."""
        versions = KindVersions(info.kind, info.group, self._resolve, self.shape)
        zero = {**self._zeros.of(info.definition)} if info.definition else {}
        head = {"apiVersion": info.api_version, "kind": info.kind}
        ignored = reset_fields(info, subresource, has_status)
        return FieldManager(versions, info.api_version, info.kind, head | zero, ignored, subresource, write_instant(now))

    def shape(self, info: KindInfo) -> Shape:
        """What objects of a kind may hold."""
        if info.definition:
            return self._shapes.definition(info.definition)
        crd = self._view.get(Ref("CustomResourceDefinition.apiextensions.k8s.io", "", f"{info.plural}.{info.group}"))
        for version in get_in(crd, ("spec", "versions")) or [] if crd is not None else []:
            if version["name"] == info.version:
                schema = get_in(version, ("schema", "openAPIV3Schema"))
                return self._custom_shape(schema) if schema else DEDUCED
        return DEDUCED

    def _custom_shape(self, schema: Object) -> Shape:
        known = self._custom.get(id(schema))
        if known is None or known[0] is not schema:
            made = CustomShapes(self._shapes.definition(OBJECT_META)).top(schema)
            known = self._custom[id(schema)] = schema, made
        return known[1]

    def note(
        self, draft: Draft, old: Object | None, info: KindInfo, context: StrategyContext, *, manager: str, user: bool, has_status: bool
    ) -> None:
        """Write down in a draft who manages what of it. A draft without managedFields keeps those of the stored object."""
        before = (old or {}).get("metadata", {}).get("managedFields")
        meta = draft["metadata"]
        if not user and context.subresource != "status" and before:
            manager = manager or _PROGRAMS.get(context.actor, _CONTROLLERS)
        if not manager:
            if before and "managedFields" not in meta:
                meta["managedFields"] = before
            return
        if context.subresource == "scale":
            entries = self._resized(draft, old, info, manager, context.now)
        else:
            entries = self._updated(draft, old, info, context, manager, has_status)
        if entries:
            meta["managedFields"] = entries
        else:
            meta.pop("managedFields", None)

    def _updated(
        self, draft: Draft, old: Object | None, info: KindInfo, context: StrategyContext, manager: str, has_status: bool
    ) -> list[dict[str, Any]]:
        new: Object = draft
        asked = self._resolve(context.requested, info.kind) if context.requested not in ("", info.api_version) else None
        if asked is not None:
            info, new, old = asked, convert(draft, asked), old and convert(old, asked)
        return self.of(info, has_status, context.now, context.subresource).update(old, new, manager)

    def _resized(self, draft: Draft, old: Object | None, info: KindInfo, manager: str, now: float) -> list[dict[str, Any]]:
        before: list[dict[str, Any]] = (old or {}).get("metadata", {}).get("managedFields") or []
        path = self._size_path(info)
        if not before or old is None or get_in(old, path) == get_in(draft, path):
            return before
        return resized(before, path_of(*path), info.api_version, manager, write_instant(now))

    def _size_path(self, info: KindInfo) -> tuple[str, ...]:
        if info.definition:
            return ("spec", "replicas")
        crd = self._view.get(Ref("CustomResourceDefinition.apiextensions.k8s.io", "", f"{info.plural}.{info.group}"))
        for version in get_in(crd, ("spec", "versions")) or [] if crd is not None else []:
            given = get_in(version, ("subresources", "scale", "specReplicasPath"))
            if version["name"] == info.version and given:
                return tuple(str(given).strip(".").split("."))
        return ("spec", "replicas")

