"""Admission remembered by the identity of a shared template: 150 000 pods of 5 000 templates cost 5 000 admissions.

A pod that a controller stamps out of a template differs from its twin in name and owner only.  Where the very same
(``is``) spec, labels and annotations come again into the same namespace, and nothing that admission looks at has been
written since, the answer is the same; only quotas and the namespace's life must be asked anew.
"""

from __future__ import annotations

from typing import Any

from kplan.model.objects import Object, namespace_of
from kplan.store.journal import Stages
from kplan.store.store import Store

_ASKED = (
    "LimitRange",
    "ServiceAccount",
    "Namespace",
    "PriorityClass.scheduling.k8s.io",
    "RuntimeClass.node.k8s.io",
    "ValidatingAdmissionPolicy.admissionregistration.k8s.io",
    "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
    "MutatingAdmissionPolicy.admissionregistration.k8s.io",
    "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io",
    "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
    "MutatingWebhookConfiguration.admissionregistration.k8s.io",
    "Service",
)
ASKED_ANEW = ("NamespaceLifecycle", "ResourceQuota")
"""The admission plugins whose answer another pod may change."""
_POLICIES = tuple(k for k in _ASKED if "AdmissionPolicy" in k)


class Sharing:
    """The memory of one server."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._twins: dict[tuple[int, int, int, str], tuple[tuple[int, ...], tuple[Any, ...], Object, Stages | None]] = {}

    def recall(self, obj: Object) -> tuple[Object, Stages | None] | None:
        """The admitted twin of a pod about to be created and which stage set what of it, or None."""
        if obj["kind"] != "Pod":
            return None
        found = self._twins.get(_key(obj))
        if found is None or found[0] != self._epochs():
            return None
        return found[2:]

    def remember(self, obj: Object, admitted: Object, stages: Stages | None) -> None:
        """Keep what became of a pod, unless a policy or its node could make another thing of its twin."""
        if obj["kind"] != "Pod" or not obj["metadata"].get("generateName") or any(self._store.objects(k) for k in _POLICIES):
            return
        if obj["spec"].get("nodeName"):
            return
        meta = obj["metadata"]
        alive = (obj["spec"], meta.get("labels"), meta.get("annotations"))
        self._twins[_key(obj)] = (self._epochs(), alive, admitted, stages)

    def _epochs(self) -> tuple[int, ...]:
        return tuple(self._store.epoch(k) for k in _ASKED)


def _key(obj: Object) -> tuple[int, int, int, str]:
    meta = obj["metadata"]
    return id(obj["spec"]), id(meta.get("labels")), id(meta.get("annotations")), namespace_of(obj)
