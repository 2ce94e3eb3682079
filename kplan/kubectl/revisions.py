"""The revisions of a rollout: ReplicaSets of a Deployment, ControllerRevisions of a DaemonSet or StatefulSet.

Mirrors: staging/src/k8s.io/kubectl/pkg/polymorphichelpers/{history,rollback}.go, pkg/util/deployment/deployment.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.model.integers import parse_int
from kplan.model.objects import Object, annotations_of, controller_of, get_in, namespace_of, uid_of
from kplan.model.selectors import from_label_selector
from kplan.store.view import View, select

REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"


def replica_sets(view: View, deployment: Object) -> list[Object]:
    """The ReplicaSets a Deployment controls, the one with its present template last."""
    selector = from_label_selector(get_in(deployment, ("spec", "selector")))
    mine = [rs for rs in select(view, "ReplicaSet.apps", namespace_of(deployment), selector) if _controls(deployment, rs)]
    current = [rs for rs in mine if same_template(rs["spec"]["template"], deployment["spec"]["template"])]
    newest = min(current, key=lambda rs: rs["metadata"].get("creationTimestamp") or "") if current else None
    return [rs for rs in mine if rs is not newest] + ([newest] if newest is not None else [])


def _controls(owner: Object, obj: Object) -> bool:
    controller = controller_of(obj)
    return controller is not None and controller.get("uid") == uid_of(owner)


def same_template(a: Any, b: Any) -> bool:
    """Whether two pod templates are equal but for the hash label."""
    return bool(without_hash(a) == without_hash(b))


def without_hash(template: Any) -> Any:
    """The template without the ``pod-template-hash`` label."""
    labels = get_in(template, ("metadata", "labels")) or {}
    if HASH not in labels:
        return template
    kept = {k: v for k, v in labels.items() if k != HASH}
    return {**template, "metadata": {**template["metadata"], "labels": kept}}


def revision_of(replica_set: Object) -> int | None:
    """The revision a ReplicaSet stands for; 0 where it has none, None where it is no number."""
    text = annotations_of(replica_set).get(REVISION)
    return 0 if text is None else parse_int(text)


def controller_revisions(view: View, owner: Object) -> list[Object]:
    """The ControllerRevisions of a DaemonSet or StatefulSet, oldest revision first."""
    selector = from_label_selector(get_in(owner, ("spec", "selector")))
    found = select(view, "ControllerRevision.apps", namespace_of(owner), selector)
    return sorted((r for r in found if _controls(owner, r)), key=lambda r: r.get("revision") or 0)
