"""Clusters of which only a part was dumped: what must be there is taken for granted, and said; else the dump is refused.

``kubectl get all`` leaves out the Nodes, the Namespaces and much else, and not everybody may read Secrets.  Every object
is in a namespace that exists, every namespace has some objects of its own, and what pods run with is there.  What they
run on, and what controls them, cannot be guessed: without it they would seem to be orphans, and be deleted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from kplan.load.profiles import NAMESPACES, namespace_with_its_own, profile, stored
from kplan.model.objects import Object, Ref, controller_of, get_in, group_of, is_deleting, name_of, namespace_of, ref_of
from kplan.partial.volumes import CLAIM, VOLUME, held_claims, held_volumes

_CONTROLLERS = ("ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job")
_GROUPS = ("", "apps", "batch")
_EVERYWHERE = ("Namespace", "PriorityClass", "ServiceAccount", "ConfigMap")
_HELD = ("ServiceAccount", "ConfigMap", "Secret")
"""What a namespace holds of its own, or pods are run with: taken for granted where a dump has none of the kind."""
_STARTED = ("Running", "Succeeded", "Failed")
_REFERENCES = (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret"), ("configMapRef", "ConfigMap"), ("secretRef", "Secret"))


class PartialCluster(ValueError):
    """A dump that leaves out what its own objects need; the message says what, and how to take it."""


def taken_for_granted(objects: Sequence[Object], version: str) -> list[Object]:
    """What a dump leaves out though its cluster has it.

    Raises: PartialCluster where pods were taken without the nodes they run on, or without what controls them.
    """
    kinds = {o["kind"] for o in objects}
    if not kinds.issuperset(_CONTROLLERS) or "Node" not in kinds:
        _refuse_orphans((o for o in objects if o["kind"] == "Pod"), kinds)
    known = {ref_of(o) for o in objects if o["kind"] in (*_EVERYWHERE, *_HELD, CLAIM, VOLUME)}
    wanted = _EVERYWHERE if Ref("Namespace", "", "kube-system") not in known else ("PriorityClass",)
    granted = {ref_of(o): o for o in profile("empty", version) if o["kind"] in wanted}
    for namespace in sorted({namespace_of(o) for o in objects} - {"", *NAMESPACES}):
        if Ref("Namespace", "", namespace) not in known:
            granted |= {ref_of(o): o for o in namespace_with_its_own(namespace)}
    if missing := [kind for kind in _HELD if kind not in kinds]:
        granted |= _held(objects, missing)
    granted |= _storage(objects, kinds)
    return [o for ref, o in granted.items() if ref not in known]


def told(objects: Sequence[Object], granted: Iterable[Object]) -> str:
    """What is taken for granted, in a line; "" where nothing is."""
    kinds = {o["kind"] for o in objects}
    found = Counter(o["kind"] for o in granted)
    without = [f"{kind}s" for kind in ("Namespace", *_HELD, CLAIM, VOLUME) if found[kind] and kind not in kinds]
    if found["Namespace"] and "Namespace" in kinds:
        without.insert(0, f"{found['Namespace']} of its Namespaces")
    return f"the cluster was given without {', '.join(without)}: what must be there is taken for granted" if without else ""


def _refuse_orphans(pods: Iterable[Object], kinds: set[str]) -> None:
    for pod in pods:
        if is_deleting(pod):  # may outlive its controller and its node, where a finalizer holds it
            continue
        owner = controller_of(pod)
        is_ours = owner is not None and owner["kind"] in _CONTROLLERS and group_of(owner["apiVersion"]) in _GROUPS
        if owner is not None and is_ours and owner["kind"] not in kinds:
            missing = f"the {owner['kind']}s that control them"
        elif "Node" not in kinds and get_in(pod, ("spec", "nodeName")):
            missing = "the nodes they run on"
        else:
            continue
        raise PartialCluster(
            f"holds pods ({namespace_of(pod)}/{name_of(pod)} …), but not {missing}: it is only a part of a cluster. "
            "Take nodes, namespaces and all else there is with it; the README has the command"
        )


def _held(objects: Sequence[Object], kinds: Sequence[str]) -> dict[Ref, Object]:
    """Objects of some kinds that namespaces have of their own, and that pods in a dump are run with."""
    found: dict[Ref, Object] = {}
    for namespace in sorted({name_of(o) for o in objects if o["kind"] == "Namespace"}):
        found |= {ref_of(o): o for o in namespace_with_its_own(namespace) if o["kind"] in kinds}
    keys: dict[Ref, set[str]] = {}
    for pod in objects:
        if pod["kind"] == "Pod" and get_in(pod, ("status", "phase")) in _STARTED:
            for kind, name, key in _used(pod["spec"]):
                if kind in kinds and isinstance(name, str) and name:
                    keys.setdefault(Ref(kind, namespace_of(pod), name), set()).update({key} if key else ())
    for ref in sorted(keys):
        data = {"data": dict.fromkeys(sorted(keys[ref]), "")} if keys[ref] else {}
        made = {"apiVersion": "v1", "kind": ref.kind, "metadata": {"name": ref.name, "namespace": ref.namespace}, **data}
        found.setdefault(ref, stored(made))
    return found


def _storage(objects: Sequence[Object], kinds: Collection[str]) -> dict[Ref, Object]:
    """The claims pods have started with, and the volumes claims are bound to, of kinds that a dump has none of."""
    started = [o for o in objects if o["kind"] == "Pod" and get_in(o, ("status", "phase")) in _STARTED]
    claims = held_claims(objects, started) if CLAIM not in kinds else {}
    bound = (*claims.values(), *(o for o in objects if o["kind"] == CLAIM))
    return claims | (held_volumes(bound) if VOLUME not in kinds else {})


def _used(spec: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """(kind, name, key or "") of what a pod cannot be run without."""
    yield "ServiceAccount", spec.get("serviceAccountName"), ""
    for volume in spec.get("volumes") or ():
        for source in (volume, *((volume.get("projected") or {}).get("sources") or ())):
            for field, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
                if (wanted := source.get(field)) and not wanted.get("optional"):
                    for key in [i["key"] for i in wanted.get("items") or ()] or [""]:
                        yield kind, wanted.get("secretName") or wanted.get("name"), key
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        sources = (*(container.get("envFrom") or ()), *((v.get("valueFrom") or {}) for v in container.get("env") or ()))
        for source in sources:
            for field, kind in _REFERENCES:
                if (wanted := source.get(field)) and not wanted.get("optional"):
                    yield kind, wanted.get("name"), wanted.get("key") or ""
