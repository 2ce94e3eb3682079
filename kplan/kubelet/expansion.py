"""Growing the file systems of volumes that have grown, where a pod that runs uses them.

Mirrors: pkg/volume/util/operationexecutor/node_expander.go, pkg/volume/util/resize_util.go (1.36)
Differs: every driver can grow a file system that is in use.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.engine.contract import Emit, Steps, Update
from kplan.model.objects import Object, Ref, get_in, ref_of
from kplan.store.claimstatus import NODE_STATES, allocation_state, finished
from kplan.store.index import by_claim
from kplan.store.view import View

_CLAIM, _VOLUME = "PersistentVolumeClaim", "PersistentVolume"


def pending_expansions(view: View, pod: Object) -> Iterable[tuple[Object, Object]]:
    """The pod's claims whose file systems are to grow, with their volumes."""
    for namespace, name in by_claim(pod):
        claim = view.get(Ref(_CLAIM, namespace, name))
        if claim is None or allocation_state(claim) not in NODE_STATES:
            continue
        volume = view.get(Ref(_VOLUME, "", claim["spec"].get("volumeName") or ""))
        if volume is not None:
            yield claim, volume


def expand(view: View, pod: Object) -> Steps:
    """Grow the file systems of a running pod's volumes."""
    for claim, volume in list(pending_expansions(view, pod)):
        said = f'MountVolume.NodeExpandVolume succeeded for volume "{volume["metadata"]["name"]}" {pod["spec"]["nodeName"]}'
        yield Emit(ref_of(pod), "FileSystemResizeSuccessful", said)
        yield Emit(ref_of(claim), "FileSystemResizeSuccessful", said)
        size = get_in(volume, ("spec", "capacity", "storage"))
        yield Update({**claim, "status": finished(claim["status"], size)}, because="file-system-has-grown", subresource="status")
