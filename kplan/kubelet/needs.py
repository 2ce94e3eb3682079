"""What a container needs before it can be created: the ConfigMaps, Secrets and keys its environment is made of, a user it may run as.

Mirrors: pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables), pkg/kubelet/kuberuntime/security_context.go (verifyRunAsNonRoot) (1.36)
Differs: all that is missing is told, not only the first; the user an image names is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kplan.model.objects import EMPTY, Object, Ref, get_in, name_of, namespace_of, ref_of, uid_of
from kplan.store.view import View

CONFIG_ERROR = "CreateContainerConfigError"
"""Why a container waits that cannot be created."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing: which object, said in the kubelet's words, and the container that asks for it.

    ``container`` is "" for what a volume asks for: then no container of the pod can start. ``told``: what the pod's event
    says; "" where somebody else tells the pod.
    """

    ref: Ref
    words: str
    container: str = ""
    told: str = ""

    @property
    def reason(self) -> str:
        """The reason of the event."""
        return "Failed" if self.container else "FailedMount"


def missing_for_containers(view: View, pod: Object, field: str) -> list[Missing]:
    """Whatever keeps containers (``containers`` or ``initContainers``) from being created."""
    return [
        Missing(ref, words, c["name"], f"Error: {words}")
        for c in get_in(pod, ("spec", field)) or []
        for ref, words in (*_environment(view, namespace_of(pod), c), *_user(pod, c))
    ]


def first_by_container(missing: list[Missing]) -> dict[str, str]:
    """What is said of each container: what its kubelet comes upon first."""
    return {m.container: m.words for m in reversed(missing)}


def format_pod(pod: Object) -> str:
    """A pod as kubelets name it: ``name_namespace(uid)``."""
    return f"{name_of(pod)}_{namespace_of(pod)}({uid_of(pod)})"


_Lack = tuple[Ref, str]


def _environment(view: View, namespace: str, container: Mapping[str, Any]) -> Iterator[_Lack]:
    for source in container.get("envFrom") or []:
        for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            wanted = source.get(key)
            if wanted and not wanted.get("optional") and view.get(ref := Ref(kind, namespace, wanted.get("name") or "")) is None:
                yield ref, f'{kind.lower()} "{ref.name}" not found'
    for variable in container.get("env") or []:
        for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            wanted = get_in(variable, ("valueFrom", key))
            if wanted and not wanted.get("optional"):
                yield from _key(view, Ref(kind, namespace, wanted.get("name") or ""), wanted["key"])


def _key(view: View, ref: Ref, key: str) -> Iterator[_Lack]:
    """A variable takes text: what a ConfigMap holds as binary data does not count."""
    found = view.get(ref)
    if found is None:
        yield ref, f'{ref.kind.lower()} "{ref.name}" not found'
    elif key not in (found.get("data") or EMPTY):
        yield ref, f"couldn't find key {key} in {ref.kind} {ref.namespace}/{ref.name}"


def _user(pod: Object, container: Mapping[str, Any]) -> Iterator[_Lack]:
    """A container that shall run as root and must not."""
    asked: Mapping[str, Any] = {**(pod["spec"].get("securityContext") or EMPTY), **(container.get("securityContext") or EMPTY)}
    if asked.get("runAsNonRoot") and asked.get("runAsUser") == 0:
        yield ref_of(pod), f'container\'s runAsUser breaks non-root policy (pod: "{format_pod(pod)}", container: {container["name"]})'
