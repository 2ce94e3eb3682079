"""The scale subresource: one shape for the size of everything that has replicas.

Mirrors: pkg/registry/apps/{deployment,replicaset,statefulset}/storage/storage.go (ScaleREST),
         pkg/apis/autoscaling/validation/validation.go: ValidateScale,
         staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/etcd.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.apiserver.field import SPEC, FieldError, invalid
from kplan.apiserver.outcome import Status, invalid_status
from kplan.model.objects import Object, Path, get_in, replace_in
from kplan.model.selectors import from_label_selector, from_labels

API_VERSION, KIND = "autoscaling/v1", "Scale"


def scale_of(obj: Object, paths: dict[str, Path] | None = None) -> dict[str, Any]:
    """The Scale of an object. ``paths``: where a custom resource keeps what (specReplicasPath, statusReplicasPath)."""
    where = paths or {}
    meta = obj["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    default = 1 if not paths else 0
    status: dict[str, Any] = {"replicas": get_in(obj, where.get("statusReplicasPath", ("status", "replicas")), 0)}
    selector = _selector(obj, where)
    if selector:
        status["selector"] = selector
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {k: meta[k] for k in kept if k in meta},
        "spec": {"replicas": get_in(obj, where.get("specReplicasPath", ("spec", "replicas")), default)},
        "status": status,
    }


def _selector(obj: Object, where: dict[str, Path]) -> str:
    if where:
        found = get_in(obj, where["labelSelectorPath"]) if "labelSelectorPath" in where else None
        return str(found or "")
    given = get_in(obj, ("spec", "selector"))
    if given is None:
        return ""
    flat = obj["kind"] == "ReplicationController"
    return str(from_labels(given) if flat else from_label_selector(given))


def with_scale(obj: Object, scale: Object, paths: dict[str, Path] | None = None) -> Object | Status:
    """The object at the size a Scale asks for, or why that is no size."""
    replicas = get_in(scale, ("spec", "replicas"), 0)
    errors = list(_validate(replicas))
    if errors:
        return invalid_status("Scale.autoscaling", obj["metadata"]["name"], errors)
    changed = replace_in(obj, (paths or {}).get("specReplicasPath", ("spec", "replicas")), replicas)
    version = get_in(scale, ("metadata", "resourceVersion"))
    result: Object = replace_in(changed, ("metadata", "resourceVersion"), version) if version else changed
    return result


def _validate(replicas: Any) -> list[FieldError]:
    if isinstance(replicas, int) and replicas >= 0:
        return []
    return [invalid(SPEC.child("replicas"), replicas, "must be greater than or equal to 0")]


def scale_paths(crd: Object, version: str) -> dict[str, Path]:
    """Where a custom resource keeps its size, of its definition; {} where it has no scale."""
    for served in get_in(crd, ("spec", "versions")) or []:
        if served.get("name") == version:
            given = get_in(served, ("subresources", "scale")) or {}
            return {k: tuple(v.strip(".").split(".")) for k, v in given.items()}
    return {}
