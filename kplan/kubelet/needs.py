"""What a pod needs from the cluster before its containers can start: ConfigMaps, Secrets, their keys, bound claims.

Mirrors: pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables), pkg/volume/{configmap,secret,projected},
         pkg/kubelet/volumemanager (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kplan.model.objects import Object, Ref, annotations_of, get_in, name_of, namespace_of, owner_references, uid_of
from kplan.store.view import View


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing: which object, said in the kubelet's words, and the container that asks for it.

    ``container`` is "" for what a volume asks for: then no container of the pod can start. ``told``: somebody else tells the pod.
    """

    ref: Ref
    words: str
    container: str = ""
    told: bool = False


def missing_for_volumes(view: View, pod: Object) -> list[Missing]:
    """Whatever keeps the pod's volumes from being mounted."""
    return [m for v in get_in(pod, ("spec", "volumes")) or [] for m in _volume(view, pod, v)]


def missing_for_containers(view: View, pod: Object, field: str) -> list[Missing]:
    """Whatever keeps containers (``containers`` or ``initContainers``) from being created: their environment."""
    return [m for c in get_in(pod, ("spec", field)) or [] for m in _environment(view, namespace_of(pod), c)]


def _volume(view: View, pod: Object, volume: Mapping[str, Any]) -> Iterator[Missing]:
    namespace = namespace_of(pod)
    if source := volume.get("configMap"):
        yield from _source(view, "ConfigMap", namespace, source.get("name") or "", source)
    if source := volume.get("secret"):
        yield from _source(view, "Secret", namespace, source.get("secretName") or "", source)
    for part in get_in(volume, ("projected", "sources")) or []:
        if source := part.get("configMap"):
            yield from _source(view, "ConfigMap", namespace, source.get("name") or "", source)
        if source := part.get("secret"):
            yield from _source(view, "Secret", namespace, source.get("name") or "", source)
    if source := volume.get("persistentVolumeClaim"):
        yield from _claim(view, Ref("PersistentVolumeClaim", namespace, source.get("claimName") or ""), None)
    if "ephemeral" in volume:
        yield from _claim(view, Ref("PersistentVolumeClaim", namespace, f"{name_of(pod)}-{volume['name']}"), pod)


def _source(view: View, kind: str, namespace: str, name: str, source: Mapping[str, Any]) -> Iterator[Missing]:
    if source.get("optional"):
        return
    ref = Ref(kind, namespace, name)
    found = view.get(ref)
    if found is None:
        yield Missing(ref, f'{kind.lower()} "{name}" not found')
        return
    for item in source.get("items") or []:
        if item["key"] not in _keys(found):
            yield Missing(ref, f"references non-existent {'config' if kind == 'ConfigMap' else 'secret'} key: {item['key']}")


def _claim(view: View, ref: Ref, owner: Object | None) -> Iterator[Missing]:
    claim = view.get(ref)
    if claim is None:
        yield Missing(ref, f'persistentvolumeclaim "{ref.name}" not found')
    elif owner is not None and not any(r.get("uid") == uid_of(owner) for r in owner_references(claim)):
        yield Missing(ref, f'PVC "{ref.namespace}/{ref.name}" was not created for pod "{ref.namespace}/{name_of(owner)}" (pod is not owner)')
    elif get_in(claim, ("status", "phase")) != "Bound" or "pv.kubernetes.io/bind-completed" not in annotations_of(claim):
        yield Missing(ref, f'persistentvolumeclaim "{ref.name}" is not bound')


def _environment(view: View, namespace: str, container: Mapping[str, Any]) -> Iterator[Missing]:
    name = container["name"]
    for source in container.get("envFrom") or []:
        for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            wanted = source.get(key)
            if wanted and not wanted.get("optional") and view.get(ref := Ref(kind, namespace, wanted.get("name") or "")) is None:
                yield Missing(ref, f'{kind.lower()} "{ref.name}" not found', name)
    for variable in container.get("env") or []:
        for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            wanted = get_in(variable, ("valueFrom", key))
            if not wanted or wanted.get("optional"):
                continue
            ref = Ref(kind, namespace, wanted.get("name") or "")
            found = view.get(ref)
            if found is None:
                yield Missing(ref, f'{kind.lower()} "{ref.name}" not found', name)
            elif wanted["key"] not in _keys(found):
                yield Missing(ref, f"couldn't find key {wanted['key']} in {kind} {namespace}/{ref.name}", name)


def _keys(source: Object) -> set[str]:
    return set(source.get("data") or ()) | set(source.get("binaryData") or ())
