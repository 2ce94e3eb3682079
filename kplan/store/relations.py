"""The relations objects state themselves: what they own, select, refer to and are bound to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.model.objects import Object, Path, Ref, get_in, group_of, kind_of, owner_references, ref_of, uid_of
from kplan.model.selectors import Selector, from_label_selector, from_labels
from kplan.store.view import View, owned, select

OWNS, SELECTS, REFERS, BINDS = "owns", "selects", "refers", "binds"

Edge = tuple[str, Ref, bool]
"""(relation, target, whether the target may be missing without harm)."""


def edges_of(view: View, obj: Object) -> Iterator[Edge]:
    """The relations one object states."""
    for kind in sorted({_owned_kind(o) for o in view.lookup("owner", uid_of(obj))} if uid_of(obj) else ()):
        for child in owned(view, uid_of(obj), kind):
            if any(r.get("uid") == uid_of(obj) and r.get("controller") for r in owner_references(child)):
                yield OWNS, ref_of(child), True
    make = _STATED.get(kind_of(obj))
    if make is not None:
        yield from make(view, obj)
    for _, spec in pod_specs(obj):
        yield from _pod_references(obj["metadata"].get("namespace") or "", spec)


def pod_specs(obj: Object) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """What an object says of pods, and where: a pod of itself, a workload in its template."""
    for path in _TEMPLATES.get(kind_of(obj), ()):
        spec = get_in(obj, path)
        if isinstance(spec, Mapping):
            yield path, spec


def _owned_kind(obj: Object) -> str:
    return kind_of(obj)


def _here(obj: Object, kind: str, name: Any, *, optional: bool = False) -> Iterator[Edge]:
    if isinstance(name, str) and name:
        yield REFERS, Ref(kind, obj["metadata"].get("namespace") or "", name), optional


def _pods(view: View, obj: Object, selector: Selector) -> Iterator[Edge]:
    for pod in select(view, "Pod", obj["metadata"].get("namespace") or "", selector):
        yield SELECTS, ref_of(pod), True


def _service(view: View, obj: Object) -> Iterator[Edge]:
    if labels := get_in(obj, ("spec", "selector")):
        yield from _pods(view, obj, from_labels(labels))


def _by_selector(path: tuple[str, ...]) -> Any:
    def edges(view: View, obj: Object) -> Iterator[Edge]:
        yield from _pods(view, obj, from_label_selector(get_in(obj, path)))

    return edges


def _ingress(view: View, obj: Object) -> Iterator[Edge]:
    spec = obj.get("spec") or {}
    backends = [spec.get("defaultBackend") or {}]
    backends += [p.get("backend") or {} for r in spec.get("rules") or [] for p in get_in(r, ("http", "paths")) or []]
    for name in dict.fromkeys(get_in(b, ("service", "name")) for b in backends):
        yield from _here(obj, "Service", name)
    for tls in spec.get("tls") or []:
        yield from _here(obj, "Secret", tls.get("secretName"))
    if spec.get("ingressClassName"):
        yield REFERS, Ref("IngressClass.networking.k8s.io", "", spec["ingressClassName"]), False


def _autoscaler(view: View, obj: Object) -> Iterator[Edge]:
    target = get_in(obj, ("spec", "scaleTargetRef")) or {}
    group = group_of(target.get("apiVersion") or "")
    kind = target.get("kind") or ""
    yield from _here(obj, f"{kind}.{group}" if group else kind, target.get("name"))


def _role_binding(view: View, obj: Object) -> Iterator[Edge]:
    rbac = "rbac.authorization.k8s.io"
    role = obj.get("roleRef") or {}
    namespace = obj["metadata"].get("namespace") or ""
    kind, name = role.get("kind"), role.get("name") or ""
    yield REFERS, Ref(f"{kind}.{rbac}", namespace if kind == "Role" else "", name), kind == "ClusterRole" and _comes_with_cluster(name)
    for subject in obj.get("subjects") or []:
        if subject.get("kind") == "ServiceAccount":
            yield REFERS, Ref("ServiceAccount", subject.get("namespace") or namespace, subject.get("name") or ""), False


def _comes_with_cluster(role: str) -> bool:
    """Whether every cluster has the ClusterRole, so that it need not be among what is given of one."""
    return role.startswith("system:") or role in ("cluster-admin", "admin", "edit", "view")


def _claim(view: View, obj: Object) -> Iterator[Edge]:
    spec = obj.get("spec") or {}
    if spec.get("volumeName"):
        yield BINDS, Ref("PersistentVolume", "", spec["volumeName"]), False
    if spec.get("storageClassName"):
        yield REFERS, Ref("StorageClass.storage.k8s.io", "", spec["storageClassName"]), bool(spec.get("volumeName"))


def _pod(view: View, obj: Object) -> Iterator[Edge]:
    spec = obj.get("spec") or {}
    if spec.get("nodeName"):
        yield BINDS, Ref("Node", "", spec["nodeName"]), False


def _stateful_set(view: View, obj: Object) -> Iterator[Edge]:
    yield from _here(obj, "Service", get_in(obj, ("spec", "serviceName")))


def _pod_references(namespace: str, spec: Mapping[str, Any]) -> Iterator[Edge]:
    """What a pod needs from its namespace, each thing once."""
    seen: dict[Ref, bool] = {}
    for kind, name, optional in _needs(spec):
        if isinstance(name, str) and name:
            ref = Ref(kind, namespace, name)
            seen[ref] = seen.get(ref, True) and optional
    for ref, optional in seen.items():
        yield REFERS, ref, optional
    if spec.get("priorityClassName"):
        yield REFERS, Ref("PriorityClass.scheduling.k8s.io", "", spec["priorityClassName"]), False
    if spec.get("runtimeClassName"):
        yield REFERS, Ref("RuntimeClass.node.k8s.io", "", spec["runtimeClassName"]), False


def _needs(spec: Mapping[str, Any]) -> Iterator[tuple[str, Any, bool]]:
    if spec.get("serviceAccountName"):
        yield "ServiceAccount", spec["serviceAccountName"], False
    for secret in spec.get("imagePullSecrets") or []:
        yield "Secret", secret.get("name"), True
    for volume in spec.get("volumes") or []:
        yield from _volume_needs(volume)
    for field in ("initContainers", "containers"):
        for container in spec.get(field) or []:
            for source in container.get("envFrom") or []:
                for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                    if wanted := source.get(key):
                        yield kind, wanted.get("name"), bool(wanted.get("optional"))
            for variable in container.get("env") or []:
                for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                    if wanted := get_in(variable, ("valueFrom", key)):
                        yield kind, wanted.get("name"), bool(wanted.get("optional"))


def _volume_needs(volume: Mapping[str, Any]) -> Iterator[tuple[str, Any, bool]]:
    for source in [volume, *(get_in(volume, ("projected", "sources")) or [])]:
        if wanted := source.get("configMap"):
            yield "ConfigMap", wanted.get("name"), bool(wanted.get("optional"))
        if wanted := source.get("secret"):
            yield "Secret", wanted.get("secretName") or wanted.get("name"), bool(wanted.get("optional"))
    if wanted := volume.get("persistentVolumeClaim"):
        yield "PersistentVolumeClaim", wanted.get("claimName"), False


_STATED: dict[str, Any] = {
    "Service": _service,
    "Pod": _pod,
    "PersistentVolumeClaim": _claim,
    "StatefulSet.apps": _stateful_set,
    "PodDisruptionBudget.policy": _by_selector(("spec", "selector")),
    "NetworkPolicy.networking.k8s.io": _by_selector(("spec", "podSelector")),
    "Ingress.networking.k8s.io": _ingress,
    "HorizontalPodAutoscaler.autoscaling": _autoscaler,
    "RoleBinding.rbac.authorization.k8s.io": _role_binding,
    "ClusterRoleBinding.rbac.authorization.k8s.io": _role_binding,
}
_TEMPLATE = (("spec", "template", "spec"),)
_TEMPLATES: dict[str, tuple[tuple[str, ...], ...]] = {
    "Pod": (("spec",),),
    "ReplicationController": _TEMPLATE,
    "ReplicaSet.apps": _TEMPLATE,
    "Deployment.apps": _TEMPLATE,
    "StatefulSet.apps": _TEMPLATE,
    "DaemonSet.apps": _TEMPLATE,
    "Job.batch": _TEMPLATE,
    "CronJob.batch": (("spec", "jobTemplate", "spec", "template", "spec"),),
}
STATING = tuple(sorted({*_STATED, *_TEMPLATES}))
"""The kinds that state relations."""
