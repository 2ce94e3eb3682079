"""Makes ResourceClaims of templates for pods, and takes claims back from pods that do not run any more.

Mirrors: pkg/controller/resourceclaim/controller.go,
         staging/src/k8s.io/dynamic-resource-allocation/resourceclaim/resourceclaim.go (1.36)
Differs: claims of pod groups are not made; their gate is off.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any

from kplan.apiserver.outcome import Outcome
from kplan.controllers.ownership import REFUSERS, SyncFailed, stored
from kplan.controllers.pods import is_terminal, node_of
from kplan.controllers.storage import without_finalizer
from kplan.engine.contract import Action, Context, Create, Delete, Emit, Key, Noop, Steps, Update, Watch
from kplan.model.objects import (
    EMPTY,
    Object,
    Ref,
    annotations_of,
    controller_of,
    finalizers_of,
    is_deleting,
    name_of,
    namespace_of,
    owner_references,
    ref_of,
    uid_of,
)
from kplan.store.journal import Write
from kplan.store.view import View

CLAIM, TEMPLATE = "ResourceClaim.resource.k8s.io", "ResourceClaimTemplate.resource.k8s.io"
FINALIZER = "resource.kubernetes.io/delete-protection"
POD_CLAIM = "resource.kubernetes.io/pod-claim-name"
MOST_CONSUMERS = 256
_LONGEST_BASE = 57

Named = Mapping[str, Any]
"""An entry of ``spec.resourceClaims``."""


class ResourceClaims:
    """The key is a pod with claims, or a claim."""

    name = "resourceclaim-controller"
    priority = 0

    def __init__(self) -> None:
        self._pods: dict[tuple[str, str, str], dict[Ref, None]] = {}
        """Pods by (kind, namespace, name) of the claims and templates they name."""
        self._refused: dict[Ref, None] = {}
        self.watches = (
            Watch("Pod", self._of_pod, "a pod with claims"),
            Watch(CLAIM, self._of_claim, "a claim, and the pods that name it"),
            Watch(TEMPLATE, self._of_template, "a template pods wait for"),
            *(Watch(kind, self._retry, "what refused it has changed") for kind in REFUSERS),
        )

    def start(self, view: View, _: Context) -> None:
        """Learn which pods name which claims."""
        for pod in view.objects("Pod"):
            for place in _named_by(pod):
                self._pods.setdefault(place, {})[ref_of(pod)] = None

    def observe(self, write: Write) -> None:
        """Follow the pods."""
        if write.ref.kind == "Pod":
            for place in _named_by(write.before):
                self._pods.get(place, {}).pop(write.ref, None)
            for place in _named_by(write.after):
                self._pods.setdefault(place, {})[write.ref] = None

    def _of_pod(self, write: Write, _: View) -> Iterator[Key]:
        pod = write.after or write.before
        if pod is None or not _has_claims(pod):
            return
        if write.after is None or is_done(pod):
            yield from (Ref(CLAIM, ns, name) for kind, ns, name in _named_by(pod) if kind == CLAIM)
        if write.after is not None:
            yield write.ref

    def _of_claim(self, write: Write, _: View) -> Iterator[Key]:
        if write.after is not None:
            yield write.ref
        yield from self._pods.get((CLAIM, write.ref.namespace, write.ref.name), ())

    def _of_template(self, write: Write, _: View) -> Iterable[Key]:
        return list(self._pods.get((TEMPLATE, write.ref.namespace, write.ref.name), ())) if write.after is not None else ()

    def _retry(self, write: Write, _: View) -> Iterable[Key]:
        return [p for p in self._refused if write.ref.namespace in ("", p.namespace)] if self._refused else ()

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Take the pod or the claim one step further."""
        assert isinstance(key, Ref)
        found = view.get(key)
        self._refused.pop(key, None)
        if found is None:
            return
        if key.kind == CLAIM:
            yield from _sync_claim(found, view)
            return
        if is_deleting(found):
            yield Noop("pod-is-being-deleted")
            return
        try:
            yield from self._sync_pod(found, view)
        except SyncFailed as problem:
            self._refused[key] = None
            yield Emit(key, "FailedResourceClaimCreation", problem.error.message, "Warning")

    def _sync_pod(self, pod: Object, view: View) -> Steps:
        made: dict[str, str] = {}
        for named in pod["spec"].get("resourceClaims") or ():
            template_name = named.get("resourceClaimTemplateName")
            if template_name is None or not _is_missing(pod, named, view):
                continue
            claim = _found_for(pod, named["name"], view)
            if claim is None:
                template = view.get(Ref(TEMPLATE, namespace_of(pod), template_name))
                if template is None:
                    said = f'resource claim template "{template_name}": resourceclaimtemplate.resource.k8s.io "{template_name}" not found'
                    yield Emit(ref_of(pod), "FailedResourceClaimCreation", f"PodResourceClaim {named['name']}: {said}", "Warning")
                    return
                claim = stored((yield Create(_claim(pod, named, template), because="pod-without-claim")))
            made[named["name"]] = name_of(claim)
        if made:
            pod = stored((yield Update(_with_statuses(pod, made), because="claim-was-made", subresource="status")))
        if node_of(pod):
            yield from _reserve(pod, view)


def is_done(pod: Object) -> bool:
    """Whether the pod will not run any more, or never will."""
    return is_terminal(pod) or (is_deleting(pod) and not node_of(pod))


def _has_claims(pod: Object) -> bool:
    return bool(pod["spec"].get("resourceClaims")) or bool((pod.get("status") or EMPTY).get("extendedResourceClaimStatus"))


def _named_by(pod: Object | None) -> Iterator[tuple[str, str, str]]:
    if pod is None or not _has_claims(pod):
        return
    for named in pod["spec"].get("resourceClaims") or ():
        if template := named.get("resourceClaimTemplateName"):
            yield TEMPLATE, namespace_of(pod), template
        if name := claim_name(pod, named):
            yield CLAIM, namespace_of(pod), name
    if extended := (pod.get("status") or EMPTY).get("extendedResourceClaimStatus"):
        yield CLAIM, namespace_of(pod), extended.get("resourceClaimName") or ""


def claim_name(pod: Object, named: Named) -> str | None:
    """The claim an entry of the pod stands for; None where there is none yet, or none is needed."""
    if named.get("resourceClaimName"):
        return str(named["resourceClaimName"])
    status = _status_of(pod, named["name"])
    return status.get("resourceClaimName") if status is not None else None


def _status_of(pod: Object, name: str) -> Named | None:
    statuses = (pod.get("status") or EMPTY).get("resourceClaimStatuses") or ()
    return next((s for s in statuses if s["name"] == name), None)


def _is_missing(pod: Object, named: Named, view: View) -> bool:
    """Whether a claim has to be made: none was, or the one that was is not the pod's any more."""
    status = _status_of(pod, named["name"])
    if status is None:
        return True
    name = status.get("resourceClaimName")
    if name is None:
        return False
    claim = view.get(Ref(CLAIM, namespace_of(pod), name))
    return claim is None or not _is_for(claim, pod)


def _is_for(claim: Object, pod: Object) -> bool:
    owner = controller_of(claim)
    return owner is not None and owner.get("uid") == uid_of(pod)


def _found_for(pod: Object, name: str, view: View) -> Object | None:
    """A claim made before for this entry of the pod."""
    owned = (c for c in view.lookup("owner", uid_of(pod)) if c["kind"] == "ResourceClaim")
    return next((c for c in owned if annotations_of(c).get(POD_CLAIM) == name and _is_for(c, pod)), None)


def _claim(pod: Object, named: Named, template: Object) -> dict[str, Any]:
    source = (template["spec"].get("metadata")) or EMPTY
    base = f"{name_of(pod)}-{named['name']}-"
    if len(base) > _LONGEST_BASE:
        share = len(base)
        pod_part, claim_part = name_of(pod), named["name"]
        base = f"{pod_part[: len(pod_part) * _LONGEST_BASE // share]}-{claim_part[: len(claim_part) * _LONGEST_BASE // share]}"
    meta: dict[str, Any] = {
        "generateName": base,
        "namespace": namespace_of(pod),
        "annotations": {**(source.get("annotations") or EMPTY), POD_CLAIM: named["name"]},
        "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": name_of(pod), "uid": uid_of(pod), "controller": True}],
    }
    if source.get("labels"):
        meta["labels"] = source["labels"]
    return {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": meta, "spec": template["spec"]["spec"]}


def _with_statuses(pod: Object, made: Mapping[str, str]) -> Object:
    status = pod.get("status") or EMPTY
    kept = [s for s in status.get("resourceClaimStatuses") or () if s["name"] not in made]
    added = [{"name": name, "resourceClaimName": claim} for name, claim in made.items()]
    return {**pod, "status": {**status, "resourceClaimStatuses": [*kept, *added]}}


def _reserve(pod: Object, view: View) -> Steps:
    """A pod that was scheduled without the scheduler still has to reserve its claims."""
    for named in pod["spec"].get("resourceClaims") or ():
        name = claim_name(pod, named)
        claim = view.get(Ref(CLAIM, namespace_of(pod), name)) if name else None
        if claim is None or (not named.get("resourceClaimName") and not _is_for(claim, pod)):
            continue
        status = claim.get("status") or EMPTY
        consumers = status.get("reservedFor") or []
        if not status.get("allocation") or len(consumers) >= MOST_CONSUMERS or any(c.get("uid") == uid_of(pod) for c in consumers):
            continue
        mine = {"resource": "pods", "name": name_of(pod), "uid": uid_of(pod)}
        yield Update({**claim, "status": {**status, "reservedFor": [*consumers, mine]}}, because="pod-uses-claim", subresource="status")


# -- claims ------------------------------------------------------------------------------------------------------------


def _sync_claim(claim: Object, view: View) -> Steps:
    """Forget pods that are done; deallocate, unprotect and delete what nobody needs any more."""
    status = claim.get("status") or EMPTY
    consumers = status.get("reservedFor") or []
    remaining = [c for c in consumers if _still_needs(c, claim, view)]
    protected = FINALIZER in finalizers_of(claim)
    current: Object | None = claim
    if len(remaining) < len(consumers):
        current = yield from _release(claim, remaining)
    elif protected and is_deleting(claim) and not remaining:
        current = yield from _release(claim, [])
    if not remaining and current is not None and _is_orphan(current, view) and view.get(ref_of(claim)) is not None:
        yield Delete(ref_of(claim), because="pod-does-not-need-it")


def _release(claim: Object, remaining: list[Any]) -> Generator[Action, Outcome, Object | None]:
    """Write who is left; the last to go frees the devices and the claim."""
    frees = not remaining and FINALIZER in finalizers_of(claim)
    before = claim.get("status") or EMPTY
    status = {k: v for k, v in before.items() if k != "reservedFor" and not (frees and k == "allocation")}
    if remaining:
        status["reservedFor"] = remaining
    current: Object | None = claim
    if status != before:
        outcome = yield Update({**claim, "status": status}, because="pods-are-done", subresource="status")
        current = outcome.object
    if frees and current is not None and not (current.get("status") or EMPTY).get("allocation"):
        outcome = yield Update(without_finalizer(current, FINALIZER), because="claim-is-not-allocated")
        current = outcome.object
    return current


def _still_needs(consumer: Mapping[str, Any], claim: Object, view: View) -> bool:
    if consumer.get("apiGroup") or consumer.get("resource") != "pods":
        return True
    pod = view.get(Ref("Pod", namespace_of(claim), consumer.get("name") or ""))
    return pod is not None and uid_of(pod) == consumer.get("uid") and not is_done(pod)


def _is_orphan(claim: Object, view: View) -> bool:
    """Whether the claim was made for a pod that has been replaced or will not run."""
    owner = next((r for r in owner_references(claim) if r.get("controller") and r["kind"] == "Pod"), None)
    pod = view.get(Ref("Pod", namespace_of(claim), owner["name"])) if owner is not None else None
    return owner is not None and pod is not None and (uid_of(pod) != owner.get("uid") or is_done(pod))


CONTROLLER = ResourceClaims
