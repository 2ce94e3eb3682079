"""Which writes concern which kubelet: the keys are pods, and nodes whose kubelets have something to post.

Mirrors: pkg/kubelet/config/apiserver.go, pkg/kubelet/util/manager/watch_based_manager.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.engine.contract import Key, Watch
from kplan.kubelet.phase import FINAL
from kplan.model.kubelets import is_lost, ready_status
from kplan.model.objects import Object, Ref, get_in, ref_of
from kplan.store.attachment import reported
from kplan.store.claimstatus import NODE_STATES, allocation_state
from kplan.store.journal import Write
from kplan.store.view import View, pods_on

CAME_BACK = "came-back"
"""Begins the key of a node whose kubelet was lost."""

def is_silent(node: Object) -> bool:
    """Whether nothing is heard of the node's kubelet."""
    return is_lost(node) or ready_status(node) == "Unknown"


def _pod(write: Write, _: View) -> Iterable[Key]:
    """The pod; when it has finished or gone, the node, whose kubelet may be done with its volumes."""
    pod = write.after or write.before
    assert pod is not None
    node = get_in(pod, ("spec", "nodeName"))
    if not node:
        return
    if write.after is not None:
        yield write.ref
    if write.seq and pod["spec"].get("volumes") and (write.after is None or get_in(pod, ("status", "phase")) in FINAL):
        yield Ref("Node", "", node)


def _node(write: Write, view: View) -> Iterable[Key]:
    """The node whose kubelet comes, or comes back, and its pods; those that wait, when a volume is attached."""
    if write.after is None or is_lost(write.after):
        return
    if write.before is None:
        yield from (ref_of(p) for p in pods_on(view, write.ref.name) if write.seq)
        return
    if is_lost(write.before):
        yield (CAME_BACK, write.ref)
    if is_silent(write.before):
        yield from (ref_of(p) for p in pods_on(view, write.ref.name))
    elif len(reported(write.after)) > len(reported(write.before)):
        yield from (ref_of(p) for p in pods_on(view, write.ref.name) if _waits(p))


def _claim(write: Write, view: View) -> Iterable[Key]:
    """Pods that wait, and those that use a claim whose file system is to grow."""
    yield from _waiting_in_namespace(write, view)
    if write.after is not None and allocation_state(write.after) in NODE_STATES:
        yield from (ref_of(p) for p in view.lookup("claim", (write.ref.namespace, write.ref.name)))


def _waiting_in_namespace(write: Write, view: View) -> Iterable[Key]:
    """Pods of the namespace that are held back by something missing."""
    return [ref_of(p) for p in view.objects("Pod", write.ref.namespace) if get_in(p, ("spec", "nodeName")) and _waits(p)]


def _waits(pod: Object) -> bool:
    return get_in(pod, ("status", "phase")) in (None, "Pending")


WATCHES = (
    Watch("Pod", _pod, "a pod bound to the node"),
    Watch("Node", _node, "its kubelet comes, or comes back"),
    Watch("ConfigMap", _waiting_in_namespace, "a pod waits for it"),
    Watch("Secret", _waiting_in_namespace, "a pod waits for it"),
    Watch("PersistentVolumeClaim", _claim, "a pod waits for it, or for its volume to grow"),
)
