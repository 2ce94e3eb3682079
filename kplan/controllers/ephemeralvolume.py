"""Makes the claims of generic ephemeral volumes.

Mirrors: pkg/controller/volume/ephemeral/controller.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.controllers.ownership import REFUSERS
from kplan.controllers.storage import PVC, ephemeral_claim_name, is_made_for
from kplan.engine.contract import Context, Create, Emit, Key, Steps, Watch
from kplan.model.objects import EMPTY, Object, Ref, is_deleting, name_of, namespace_of, owner_ref, ref_of
from kplan.store.journal import Write
from kplan.store.view import View


def _has_ephemeral(pod: Object) -> bool:
    return not is_deleting(pod) and any(v.get("ephemeral") for v in pod["spec"].get("volumes") or ())


def _new_pod(write: Write, _: View) -> Iterable[Key]:
    return (write.ref,) if write.before is None and write.after is not None and _has_ephemeral(write.after) else ()


def _claim_went(write: Write, view: View) -> Iterable[Key]:
    if write.after is not None:
        return ()
    return [ref_of(p) for p in view.lookup("claim", (write.ref.namespace, write.ref.name)) if _has_ephemeral(p)]


class EphemeralVolumes:
    """The key is a pod."""

    name = "ephemeral-volume-controller"
    priority = 0

    def __init__(self) -> None:
        self._refused: dict[Ref, None] = {}
        """Pods whose claims were refused: to be tried again when what may refuse them changes."""
        retries = tuple(Watch(kind, self._retry, "what refused it has changed") for kind in REFUSERS)
        self.watches = (Watch("Pod", _new_pod, "a pod with ephemeral volumes"), Watch(PVC, _claim_went, "its claim went"), *retries)

    def _retry(self, write: Write, _: View) -> Iterable[Key]:
        return [p for p in self._refused if write.ref.namespace in ("", p.namespace)] if self._refused else ()

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Create the claims that are missing."""
        assert isinstance(key, Ref)
        self._refused.pop(key, None)
        pod = view.get(key)
        if pod is None or is_deleting(pod):
            return
        for volume in pod["spec"].get("volumes") or ():
            if not volume.get("ephemeral"):
                continue
            name = ephemeral_claim_name(pod, volume)
            claim = view.get(Ref(PVC, key.namespace, name))
            said = ""
            if claim is None:
                outcome = yield Create(_claim(pod, volume, name), because="ephemeral-volume-without-claim")
                if outcome.error is not None:
                    said = f"create PVC {name}: {outcome.error.message}"
                    self._refused[key] = None
            elif not is_made_for(claim, pod):
                said = f"PVC {key.namespace}/{name} was not created for pod {key.namespace}/{name_of(pod)} (pod is not owner)"
            if said:
                yield Emit(key, "FailedBinding", f"ephemeral volume {volume['name']}: {said}", "Warning")
                return


def _claim(pod: Object, volume: Mapping[str, Any], name: str) -> dict[str, Any]:
    template = volume["ephemeral"]["volumeClaimTemplate"]
    source = template.get("metadata") or EMPTY
    meta: dict[str, Any] = {"name": name, "namespace": namespace_of(pod), "ownerReferences": [owner_ref(pod)]}
    meta |= {key: source[key] for key in ("annotations", "labels") if source.get(key)}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": template["spec"]}


CONTROLLER = EphemeralVolumes
