"""What a pod's volumes need before they can be mounted: ConfigMaps, Secrets, their keys, bound claims.

Mirrors: pkg/volume/{configmap,secret,projected,csi},
         pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go (createVolumeSpec) (1.36)
Differs: all that is missing is told, not only the first; trust bundles (off unless a cluster turns them on) are there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.kubelet.needs import Missing
from kplan.model.objects import EMPTY, Object, Ref, controller_of, get_in, is_deleting, name_of, namespace_of, uid_of
from kplan.store.view import View

_PROTECTION = "kubernetes.io/pvc-protection"
_Lack = tuple[Ref, str]


def missing_for_volumes(view: View, pod: Object) -> list[Missing]:
    """Whatever keeps the pod's volumes from being mounted."""
    return [m for v in get_in(pod, ("spec", "volumes")) or [] for m in _volume(view, pod, v)]


def _volume(view: View, pod: Object, volume: Mapping[str, Any]) -> Iterator[Missing]:
    name, claim = volume["name"], _claim_of(pod, volume)
    for ref, words in _sources(view, namespace_of(pod), volume):
        yield Missing(ref, words, told=f'MountVolume.SetUp failed for volume "{name}" : {words}')
    if claim is None:
        return
    listed = f"unmounted volumes=[{name}], unattached volumes=[], failed to process volumes=[{name}]"
    lacks = list(_claimed(view, pod, volume, claim))
    yield from (Missing(claim, words, told=f"Unable to attach or mount volumes: {listed}: {words}") for words in lacks)
    source = None if lacks else _volume_of(view, view.get(claim))
    if source is not None and (secret := get_in(source, ("spec", "csi", "nodePublishSecretRef"))):
        for ref, words in _published(view, Ref("Secret", secret.get("namespace") or "", secret.get("name") or "")):
            yield Missing(ref, words, told=f'MountVolume.SetUp failed for volume "{name_of(source)}" : {words}')


def _claim_of(pod: Object, volume: Mapping[str, Any]) -> Ref | None:
    """The claim a volume stands for, also the one that is made for the pod alone."""
    if source := volume.get("persistentVolumeClaim"):
        return Ref("PersistentVolumeClaim", namespace_of(pod), source.get("claimName") or "")
    return Ref("PersistentVolumeClaim", namespace_of(pod), f"{name_of(pod)}-{volume['name']}") if "ephemeral" in volume else None


def _sources(view: View, namespace: str, volume: Mapping[str, Any]) -> Iterator[_Lack]:
    if source := volume.get("configMap"):
        yield from _source(view, Ref("ConfigMap", namespace, source.get("name") or ""), source)
    if source := volume.get("secret"):
        yield from _source(view, Ref("Secret", namespace, source.get("secretName") or ""), source)
    for part in get_in(volume, ("projected", "sources")) or []:
        if source := part.get("configMap"):
            yield from _source(view, Ref("ConfigMap", namespace, source.get("name") or ""), source)
        if source := part.get("secret"):
            yield from _source(view, Ref("Secret", namespace, source.get("name") or ""), source)
    if source := get_in(volume, ("csi", "nodePublishSecretRef")):
        yield from _published(view, Ref("Secret", namespace, source.get("name") or ""))


def _source(view: View, ref: Ref, source: Mapping[str, Any]) -> Iterator[_Lack]:
    if source.get("optional"):
        return
    found = view.get(ref)
    if found is None:
        yield ref, f'{ref.kind.lower()} "{ref.name}" not found'
        return
    what = "configmap references non-existent config" if ref.kind == "ConfigMap" else "references non-existent secret"
    for item in source.get("items") or []:
        if item["key"] not in (found.get("data") or EMPTY) and item["key"] not in (found.get("binaryData") or EMPTY):
            yield ref, f"{what} key: {item['key']}"


def _published(view: View, ref: Ref) -> Iterator[_Lack]:
    """A Secret that a volume's driver is handed when it publishes the volume on the node."""
    if view.get(ref) is None:
        words = f'kubernetes.io/csi: failed to find the secret {ref.name} in the namespace {ref.namespace} with error: secrets "{ref.name}" not found'
        yield ref, f"fetching NodePublishSecretRef {ref.namespace}/{ref.name} failed: {words}"


def _claimed(view: View, pod: Object, volume: Mapping[str, Any], ref: Ref) -> Iterator[str]:
    """Why a pod cannot use the claim a volume stands for."""
    claim, where = view.get(ref), f"{ref.namespace}/{ref.name}"
    if claim is None:
        yield f'error processing PVC {where}: failed to fetch PVC from API server: persistentvolumeclaims "{ref.name}" not found'
    elif why := _unusable(view, claim):
        yield f"error processing PVC {where}: {why}"
    elif "ephemeral" in volume and (controller_of(claim) or EMPTY).get("uid") != uid_of(pod):
        yield f"PVC {where} was not created for pod {namespace_of(pod)}/{name_of(pod)} (pod is not owner)"
    elif (source := _volume_of(view, claim)) is not None:
        yield from _misused(pod, volume["name"], source)


def _volume_of(view: View, claim: Object | None) -> Object | None:
    return None if claim is None else view.get(Ref("PersistentVolume", "", get_in(claim, ("spec", "volumeName")) or ""))


def _unusable(view: View, claim: Object) -> str:
    """Why a claim cannot be used, "" where it can."""
    if is_deleting(claim) and _PROTECTION not in (claim["metadata"].get("finalizers") or ()):
        return "PVC is being deleted"
    if get_in(claim, ("status", "phase")) != "Bound":
        return "PVC is not bound"
    name = get_in(claim, ("spec", "volumeName"))
    if not name:
        return "PVC has empty pvc.Spec.VolumeName"
    source = _volume_of(view, claim)
    if source is None:
        return f'failed to fetch PV {name} from API server: persistentvolumes "{name}" not found'
    return _unclaimed(source, claim)


def _unclaimed(source: Object, claim: Object) -> str:
    """Why a volume is not the claim's, "" where it is."""
    name, uid = name_of(source), get_in(source, ("spec", "claimRef", "uid"))
    if not get_in(source, ("spec", "claimRef")):
        return f"found PV object {name} but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim"
    if uid != uid_of(claim):
        return f"found PV object {name} but its pv.Spec.ClaimRef.UID {uid or ''} does not point to claim.UID {uid_of(claim)}"
    return ""


def _misused(pod: Object, name: str, source: Object) -> Iterator[str]:
    """A volume must be of the kind its containers use it as."""
    mode = get_in(source, ("spec", "volumeMode")) or "Filesystem"
    for field, wanted in (("volumeMounts", "Filesystem"), ("volumeDevices", "Block")):
        if mode != wanted and any(m["name"] == name for c in _containers(pod) for m in c.get(field) or ()):
            yield f"volume {name} has volumeMode {mode}, but is specified in {field}"


def _containers(pod: Object) -> Iterator[Mapping[str, Any]]:
    for field in ("initContainers", "containers", "ephemeralContainers"):
        yield from pod["spec"].get(field) or ()
