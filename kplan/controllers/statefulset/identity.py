"""A StatefulSet's pods: their ordinals, names and volumes.

Mirrors: pkg/controller/statefulset/stateful_set_utils.go (1.36)
"""

from __future__ import annotations

import re
from typing import Any

from kplan.controllers.pods import pod_from_template
from kplan.model.objects import EMPTY, Object, annotations_of, labels_of, name_of, namespace_of

POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name"
POD_INDEX_LABEL = "apps.kubernetes.io/pod-index"
REVISION_LABEL = "controller-revision-hash"
_POD = re.compile(r"(.*)-([0-9]+)", re.ASCII)


def parent_and_ordinal(pod: Object) -> tuple[str, int]:
    """(name of the set, ordinal) as the pod's name says; ("", -1) where it is no such name."""
    match = _POD.fullmatch(name_of(pod))
    if match is None:
        return "", -1
    number = int(match.group(2))
    return match.group(1), number if number < 2**31 else -1


def ordinal_of(pod: Object) -> int:
    """The pod's ordinal, -1 where it has none."""
    return parent_and_ordinal(pod)[1]


def replicas_of(s: Object) -> int:
    """``spec.replicas``; 1 where it is absent."""
    count = s["spec"].get("replicas")
    return 1 if count is None else int(count)


def start_ordinal(s: Object) -> int:
    """The first ordinal."""
    return (s["spec"].get("ordinals") or EMPTY).get("start") or 0


def ordinals(s: Object) -> range:
    """All ordinals the set is to have."""
    return range(start_ordinal(s), start_ordinal(s) + replicas_of(s))


def is_member(s: Object, pod: Object) -> bool:
    """Whether the pod's name is one of this set's."""
    return parent_and_ordinal(pod)[0] == name_of(s)


def pod_name(s: Object, ordinal: int) -> str:
    """``web-3``."""
    return f"{name_of(s)}-{ordinal}"


def claim_name(s: Object, template: Object, ordinal: int) -> str:
    """``data-web-3``."""
    return f"{template['metadata']['name']}-{name_of(s)}-{ordinal}"


def claim_templates(s: Object) -> list[Object]:
    """``spec.volumeClaimTemplates``, empty when absent."""
    return s["spec"].get("volumeClaimTemplates") or []


def revision_of(pod: Object) -> str:
    """The name of the ControllerRevision the pod was made from."""
    return labels_of(pod).get(REVISION_LABEL, "")


def identity_matches(s: Object, pod: Object) -> bool:
    """Whether name, namespace and label are those of the pod's ordinal."""
    ordinal = ordinal_of(pod)
    named = name_of(pod) == pod_name(s, ordinal) and namespace_of(pod) == namespace_of(s)
    return ordinal >= 0 and named and labels_of(pod).get(POD_NAME_LABEL) == name_of(pod)


def storage_matches(s: Object, pod: Object) -> bool:
    """Whether the pod mounts the claims of its ordinal."""
    ordinal = ordinal_of(pod)
    volumes = {v["name"]: v for v in pod["spec"].get("volumes") or ()}
    return ordinal >= 0 and all(
        ((volumes.get(t["metadata"]["name"]) or EMPTY).get("persistentVolumeClaim") or EMPTY).get("claimName") == claim_name(s, t, ordinal)
        for t in claim_templates(s)
    )


def with_identity(s: Object, pod: Object) -> dict[str, Any]:
    """The pod with the labels of its ordinal."""
    name = pod_name(s, ordinal_of(pod))
    labels = {**labels_of(pod), POD_NAME_LABEL: name, POD_INDEX_LABEL: str(ordinal_of(pod))}
    return {**pod, "metadata": {**pod["metadata"], "labels": labels}}


def with_storage(s: Object, pod: Object) -> dict[str, Any]:
    """The pod with volumes for its claims, in place of others of the same names."""
    ordinal = ordinal_of(pod)
    volumes = [
        {"name": t["metadata"]["name"], "persistentVolumeClaim": {"claimName": claim_name(s, t, ordinal)}} for t in claim_templates(s)
    ]
    taken = {v["name"] for v in volumes}
    volumes += [v for v in pod["spec"].get("volumes") or () if v["name"] not in taken]
    if not volumes:
        return dict(pod)
    return {**pod, "spec": {**pod["spec"], "volumes": volumes}}


def new_pod(s: Object, template: Object, revision: str, ordinal: int) -> dict[str, Any]:
    """The pod of an ordinal, made from the template of a revision."""
    name = pod_name(s, ordinal)
    pod = pod_from_template(template, s, name=name, generateName=f"{name_of(s)}-")
    labels = {**labels_of(pod), POD_NAME_LABEL: name, POD_INDEX_LABEL: str(ordinal), REVISION_LABEL: revision}
    pod["metadata"]["labels"] = labels
    pod["spec"] = {**pod["spec"], "hostname": name}
    if service := s["spec"].get("serviceName"):
        pod["spec"]["subdomain"] = service
    else:
        pod["spec"].pop("subdomain", None)
    return with_storage(s, pod)


def new_claim(s: Object, template: Object, ordinal: int) -> dict[str, Any]:
    """The claim a template makes for an ordinal."""
    meta: dict[str, Any] = {"name": claim_name(s, template, ordinal), "namespace": namespace_of(s)}
    labels = {**labels_of(template), **((s["spec"].get("selector") or EMPTY).get("matchLabels") or EMPTY)}
    if labels:
        meta["labels"] = labels
    if annotations_of(template):
        meta["annotations"] = dict(annotations_of(template))
    if template["metadata"].get("finalizers"):
        meta["finalizers"] = list(template["metadata"]["finalizers"])
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": template["spec"]}
