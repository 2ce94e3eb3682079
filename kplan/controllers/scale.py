"""The scale of an object: replicas wanted, replicas there, and the selector of its pods.

Mirrors: the scale subresources of pkg/registry/{apps,core}, apiextensions-apiserver pkg/registry/customresource (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kplan.engine.contract import Context
from kplan.model.objects import EMPTY, Object, Path, Ref, get_in, group_kind, group_of, replace_in
from kplan.model.selectors import from_label_selector, from_labels
from kplan.store.view import View

CRD = "CustomResourceDefinition.apiextensions.k8s.io"
_BUILT_IN = ("Deployment.apps", "ReplicaSet.apps", "StatefulSet.apps", "ReplicationController")


class NoScale(Exception):
    """The object has no scale; the message is the API server's. ``missing``: only the object itself is not there."""

    def __init__(self, message: str, *, missing: bool = False, resource: str = "") -> None:
        super().__init__(message)
        self.missing, self.resource = missing, resource


@dataclass(frozen=True, slots=True)
class Scale:
    """One target as its scale subresource shows it."""

    target: Object
    replicas_path: Path
    replicas: int
    status_replicas: int
    selector: str

    def with_replicas(self, count: int) -> Object:
        """The target at another size."""
        changed: Object = replace_in(self.target, self.replicas_path, count)
        return changed


def target_ref(reference: Mapping[str, Any], namespace: str) -> Ref:
    """The identity of what a reference (apiVersion, kind, name) names."""
    return Ref(group_kind(reference.get("apiVersion") or "", reference["kind"]), namespace, reference["name"])


def scale_of(reference: Mapping[str, Any], namespace: str, view: View, ctx: Context) -> Scale:
    """The scale of what a reference names.

    Raises: NoScale.
    """
    ref = target_ref(reference, namespace)
    if (reference.get("apiVersion") or "").count("/") > 1:
        raise NoScale(f"unexpected GroupVersion string: {reference['apiVersion']}")
    info = ctx.kind_info(ref.kind)
    if info is None:
        raise NoScale(f'no matches for kind "{reference["kind"]}" in group "{group_of(reference.get("apiVersion") or "")}"')
    crd = _definition_of(ref, view)
    paths = _scale_paths(crd, reference) if crd is not None else EMPTY
    if not paths and ref.kind not in _BUILT_IN:
        raise NoScale("the server could not find the requested resource", resource=info.resource)
    target = view.get(ref)
    if target is None:
        raise NoScale(f'{info.resource} "{ref.name}" not found', missing=True, resource=info.resource)
    return _custom(target, paths) if paths else _built_in(target, ref)


def _built_in(target: Object, ref: Ref) -> Scale:
    selector = target["spec"].get("selector")
    found = from_labels(selector) if ref.kind == "ReplicationController" else from_label_selector(selector)
    count = target["spec"].get("replicas")
    there = (target.get("status") or EMPTY).get("replicas") or 0
    return Scale(target, ("spec", "replicas"), 1 if count is None else count, there, str(found))


def _definition_of(ref: Ref, view: View) -> Object | None:
    for crd in view.objects(CRD):
        if crd["spec"]["group"] == ref.group and crd["spec"]["names"]["kind"] == ref.short_kind:
            return crd
    return None


def _scale_paths(crd: Object, reference: Mapping[str, Any]) -> Mapping[str, Any]:
    version = (reference.get("apiVersion") or "").rpartition("/")[2]
    for v in crd["spec"]["versions"]:
        if v["name"] == version or v.get("storage"):
            found = get_in(v, ("subresources", "scale"))
            if found:
                return dict(found)
    return EMPTY


def _custom(target: Object, paths: Mapping[str, Any]) -> Scale:
    def path(key: str) -> Path:
        return tuple(step for step in (paths.get(key) or "").split(".") if step)

    count, there = get_in(target, path("specReplicasPath")), get_in(target, path("statusReplicasPath"))
    selector = get_in(target, path("labelSelectorPath")) if paths.get("labelSelectorPath") else ""
    return Scale(target, path("specReplicasPath"), count or 0, there or 0, selector or "")
