"""Pods keep to the Pod Security Standard that their namespace's labels enforce; what would not is warned of.

Workloads are never refused, only their pods are.  A namespace must say its standard in words that can be read, and hears
which of its pods break a stricter one.

Mirrors: k8s.io/pod-security-admission/admission/admission.go, plugin/pkg/admission/security/podsecurity/admission.go (1.36)
Differs: nobody is exempt, as in the server's default configuration; what is audited is not told.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.apiserver.admission.contract import CREATE, UPDATE, AdmissionContext, Attributes, Plugin, refuse
from kplan.apiserver.outcome import Status, invalid_status
from kplan.apiserver.podsecurity.contract import Finding, Pod
from kplan.apiserver.podsecurity.evaluation import evaluate
from kplan.apiserver.podsecurity.levels import PRIVILEGED, LevelVersion, Policy, policy_of
from kplan.model.objects import Object, Path, Ref, controller_of, get_in, labels_of, name_of

TEMPLATES: dict[str, Path] = {
    "Pod": (),
    "ReplicationController": ("spec", "template"),
    "PodTemplate": ("template",),
    "ReplicaSet.apps": ("spec", "template"),
    "Deployment.apps": ("spec", "template"),
    "StatefulSet.apps": ("spec", "template"),
    "DaemonSet.apps": ("spec", "template"),
    "Job.batch": ("spec", "template"),
    "CronJob.batch": ("spec", "jobTemplate", "spec", "template"),
}
"""Where the kinds that make pods, and pods themselves, keep what makes a pod."""

MOST_PODS = 3000
"""So many pods of a namespace are looked at when it becomes stricter."""


def validate(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Refuse pods and labels, warn of templates and of pods that are there."""
    assert attributes.object is not None
    if attributes.kind == "Namespace":
        return _validate_namespace(attributes, context)
    namespace = context.view.get(Ref("Namespace", "", attributes.namespace))
    policy = policy_of(labels_of(namespace))[0] if namespace is not None else Policy()
    is_pod = attributes.kind == "Pod"
    if policy.warn.level == PRIVILEGED and (policy.enforce.level == PRIVILEGED or not is_pod):
        return None
    if is_pod and attributes.old is not None and not _is_significant(attributes.object, attributes.old):
        return None
    pod = _pod_of(attributes.kind, attributes.object)
    if pod is None:
        return None
    newest = _minor(context)
    if is_pod and (found := evaluate(policy.enforce, pod, newest)):
        return refuse(attributes, f'violates PodSecurity "{policy.enforce}": {_list(found)}')
    if found := evaluate(policy.warn, pod, newest):
        context.warnings.append(f'would violate PodSecurity "{policy.warn}": {_list(found)}')
    return None


def _pod_of(kind: str, obj: Object) -> Pod | None:
    template = get_in(obj, TEMPLATES[kind]) if TEMPLATES[kind] else obj
    return None if template is None else Pod(template.get("metadata") or {}, template.get("spec") or {})


def _list(findings: Iterable[Finding]) -> str:
    return ", ".join(map(str, findings))


def _minor(context: AdmissionContext) -> int:
    return int(context.catalog.minor.partition(".")[2])


def _is_significant(pod: Object, old: Object) -> bool:
    """Whether an update may matter: other containers, or other images."""
    new_images, old_images = (
        [[c.get("image") for c in p["spec"].get(f) or ()] for f in ("containers", "initContainers")] for p in (pod, old)
    )
    before = {c["name"]: c.get("image") for c in old["spec"].get("ephemeralContainers") or ()}
    added = pod["spec"].get("ephemeralContainers") or ()
    return new_images != old_images or any(c["name"] not in before or before[c["name"]] != c.get("image") for c in added)


def _validate_namespace(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Labels must be readable, on update where what is wrong with them has changed."""
    namespace, old = attributes.object, attributes.old
    assert namespace is not None
    policy, errors = policy_of(labels_of(namespace))
    before, errors_before = policy_of(labels_of(old)) if old is not None else (policy, [])
    if errors and errors != errors_before:
        return invalid_status(attributes.kind, attributes.name, errors)
    new, had = policy.enforce, before.enforce
    relaxed = new.minor == had.minor and new.rank <= had.rank
    if old is not None and new.level != PRIVILEGED and not relaxed:
        context.warnings.extend(_breaking(attributes.name, new, context))
    return None


def _breaking(namespace: str, enforce: LevelVersion, context: AdmissionContext) -> list[str]:
    """Which pods of the namespace break the new level: one line for each combination of reasons."""
    pods = _first_of_each_owner(context.view.objects("Pod", namespace))
    names: dict[str, list[str]] = {}
    for pod in pods[:MOST_PODS]:
        if found := evaluate(enforce, Pod(pod["metadata"], pod["spec"]), _minor(context)):
            names.setdefault(", ".join(f.reason for f in found), []).append(name_of(pod))
    said = []
    if len(pods) > MOST_PODS:
        said.append(f"new PodSecurity enforce level only checked against the first {MOST_PODS} of {len(pods)} existing pods")
    if names:
        said.append(f'existing pods in namespace "{namespace}" violate the new PodSecurity enforce level "{enforce}"')
    return said + sorted(f"{min(who)}{_others(len(who) - 1)}: {why}" for why, who in names.items())


def _first_of_each_owner(pods: Iterable[Object]) -> list[Object]:
    """Pods that nobody owns and one pod of each owner go first."""
    first: list[Object] = []
    rest: list[Object] = []
    seen: set[str] = set()
    for pod in pods:
        owner = (controller_of(pod) or {}).get("uid")
        (rest if owner in seen else first).append(pod)
        if owner is not None:
            seen.add(owner)
    return first + rest


def _others(count: int) -> str:
    return "" if count == 0 else f" (and {count} other pod{'' if count == 1 else 's'})"


PLUGIN = Plugin(
    "PodSecurity",
    frozenset((CREATE, UPDATE)),
    frozenset((*TEMPLATES, "Namespace")),
    frozenset(("", "ephemeralcontainers", "resize")),
    validate=validate,
)
