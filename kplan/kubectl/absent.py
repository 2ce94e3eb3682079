"""kubectl's verbs that a simulated cluster has no answer to, and why."""

from __future__ import annotations

from collections.abc import Mapping

_NO_NODE = "needs a container that runs on a node; kplan simulates the cluster's objects only"
_OWN_CLUSTER = "is about your connection to a cluster; kplan works on a simulated one"

ABSENT: Mapping[str, str] = {
    "attach": _NO_NODE,
    "cp": _NO_NODE,
    "debug": _NO_NODE,
    "exec": _NO_NODE,
    "logs": _NO_NODE,
    "port-forward": _NO_NODE,
    "top": "needs metrics that nodes measure; kplan knows requests, not usage",
    "edit": "opens an editor; change the manifest and plan to apply it, or plan a patch",
    "proxy": "serves a cluster's API; kplan's cluster is a file",
    "auth": _OWN_CLUSTER,
    "certificate": "signs with a cluster's keys; kplan has none",
    "cluster-info": _OWN_CLUSTER,
    "config": _OWN_CLUSTER,
    "plugin": "belongs to kubectl itself",
    "options": "belongs to kubectl itself",
    "completion": "belongs to kubectl itself",
    "events": "shows what happened; a plan's causes are in `kplan explain`, recorded events in `kplan get events`",
    "kustomize": "builds manifests; `kplan apply -k` builds and plans them",
}


def why_absent(verb: str) -> str:
    """One line that says why kplan does not have a verb; "" for what is none of kubectl's."""
    reason = ABSENT.get(verb)
    return f"kubectl {verb} {reason}" if reason else ""
