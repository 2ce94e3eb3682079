"""Something is deleted, or loses a key, that objects refer to which stay: nothing happens now, but new pods will not start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Path, Ref, controller_of, get_in, is_deleting, kind_of, ref_of
from kplan.plan.plan import Change, Symbol
from kplan.store.relations import REFERS, STATING, edges_of, pod_specs

_SHOWN = 3
_SOURCES = {"ConfigMap": ("configMap", "configMapKeyRef"), "Secret": ("secret", "secretKeyRef")}
_NO_START, _REFUSED = "new pods cannot start", "new pods are refused"
_WORKLOADS = {
    "ConfigMap": _NO_START,
    "Secret": _NO_START,
    "PersistentVolumeClaim": "new pods stay Pending",
    "ServiceAccount": _REFUSED,
    "PriorityClass.scheduling.k8s.io": _REFUSED,
    "RuntimeClass.node.k8s.io": _REFUSED,
}
"""What becomes of a workload by the kind of what its template refers to."""
_OTHERS = {
    ("Ingress.networking.k8s.io", "Secret"): "has no certificate",
    ("Ingress.networking.k8s.io", "IngressClass.networking.k8s.io"): "no controller serves it",
    ("RoleBinding.rbac.authorization.k8s.io", "Role.rbac.authorization.k8s.io"): "grants nothing",
    ("RoleBinding.rbac.authorization.k8s.io", "ClusterRole.rbac.authorization.k8s.io"): "grants nothing",
    ("ClusterRoleBinding.rbac.authorization.k8s.io", "ClusterRole.rbac.authorization.k8s.io"): "grants nothing",
    ("StatefulSet.apps", "Service"): "its pods have no names in DNS",
}
"""The same of other objects, by their kind and that of what they refer to."""


def run(subject: Subject) -> Iterator[Finding]:
    """Everything the user takes away, with who stays behind; what the user writes itself is told of by another check."""
    gone = {c.ref: c for c in subject.plan.changes if c.symbol is Symbol.DELETE and subject.view.get(c.ref) is None}
    lost = {c.ref: keys for c in subject.plan.changes if (keys := _lost_keys(c))}
    if not gone and not lost:
        return
    needed: dict[tuple[Ref, str], list[str]] = {}
    for obj in _staying(subject):
        for target, what, harm in (*_references(subject, obj, gone), *_keys(obj, lost)):
            needed.setdefault((target, what), []).append(f"{ref_of(obj)} ({harm})")
    for (target, what), by in needed.items():
        more = f" and {len(by) - _SHOWN} more" if len(by) > _SHOWN else ""
        yield Finding(target, f"{what}, but still needed: {', '.join(by[:_SHOWN])}{more}", _hint(target), _path(lost, target))


def _staying(subject: Subject) -> Iterator[Object]:
    """Those who state relations, were there before and are left as they are: pods only where they are nobody's."""
    written = {c.ref for c in subject.plan.changes if c.symbol is not Symbol.REFUSED}
    for kind in STATING:
        for obj in subject.view.objects(kind):
            if controller_of(obj) is None and not is_deleting(obj) and not _is_over(obj) and ref_of(obj) not in written:
                yield obj


def _is_over(obj: Object) -> bool:
    """Whether nothing starts any more: a finished Job, a pod that has ended."""
    finished = any(c.get("type") in ("Complete", "Failed") and c.get("status") == "True" for c in get_in(obj, ("status", "conditions")) or [])
    return (kind_of(obj) == "Job.batch" and finished) or get_in(obj, ("status", "phase")) in ("Succeeded", "Failed")


def _references(subject: Subject, obj: Object, gone: Mapping[Ref, Change]) -> Iterator[tuple[Ref, str, str]]:
    kind = kind_of(obj)
    for relation, target, optional in edges_of(subject.view, obj) if gone else ():
        if relation != REFERS or target not in gone or (optional and not target.kind.startswith("ClusterRole.")):
            continue
        if harm := _harm(obj, kind, target.kind):
            yield target, "is deleted", harm


def _harm(obj: Object, kind: str, target: str) -> str:
    if kind == "HorizontalPodAutoscaler.autoscaling":
        return "has nothing to scale"
    if kind == "PersistentVolumeClaim" and target.startswith("StorageClass."):
        return "" if get_in(obj, ("spec", "volumeName")) else "stays Pending"
    if kind == "Pod":
        return "cannot start again" if _WORKLOADS.get(target) == _NO_START else ""
    return _OTHERS.get((kind, target)) or (_WORKLOADS.get(target, "") if next(pod_specs(obj), None) is not None else "")


def _lost_keys(change: Change) -> frozenset[str]:
    """The keys a changed ConfigMap or Secret has no longer."""
    if change.ref.kind not in _SOURCES or change.symbol not in (Symbol.UPDATE, Symbol.REPLACE) or change.before is None or change.after is None:
        return frozenset()
    before, after = ({k for field in ("data", "binaryData") for k in o.get(field) or {}} for o in (change.before, change.after))
    return frozenset(before - after)


def _keys(obj: Object, lost: Mapping[Ref, frozenset[str]]) -> Iterator[tuple[Ref, str, str]]:
    namespace, harm = obj["metadata"].get("namespace") or "", "cannot start again" if kind_of(obj) == "Pod" else _NO_START
    read = {(Ref(kind, namespace, name), key) for _, spec in pod_specs(obj) for kind, name, key in _read_keys(spec)} if lost else set()
    for source, key in sorted(read):
        if key in lost.get(source, ()):
            yield source, f"loses the key {key}", harm


def _read_keys(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(kind, name, key) of every key a pod names and cannot be without."""
    for kind, (volume, variable) in _SOURCES.items():
        for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
            for env in container.get("env") or []:
                if (wanted := get_in(env, ("valueFrom", variable))) and not wanted.get("optional"):
                    yield kind, wanted.get("name") or "", wanted.get("key") or ""
        for source in (s for v in spec.get("volumes") or [] for s in (v, *(get_in(v, ("projected", "sources")) or []))):
            if (wanted := source.get(volume)) and not wanted.get("optional"):
                for item in wanted.get("items") or []:
                    yield kind, wanted.get("secretName") or wanted.get("name") or "", item.get("key") or ""


def _hint(target: Ref) -> str:
    return "change or delete those first" if target.kind in _WORKLOADS else ""


def _path(lost: Mapping[Ref, frozenset[str]], target: Ref) -> Path:
    return ("data",) if target in lost else ()


CHECK = Check("KP405", "something that is taken away while others need it", Severity.WARNING, run)
