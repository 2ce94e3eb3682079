"""What the scheduler knows of a pod before it looks at any node.

Pods of one template are alike: their ``PodInfo`` is one object, found by the identity of the parts they share, else by
their *signature*, the bytes of all that a plugin can read.

Mirrors: pkg/scheduler/framework/types.go (PodInfo), pkg/scheduler/framework/runtime/framework.go SignPod (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from kplan.model.objects import EMPTY, Object, controller_of, labels_of, namespace_of
from kplan.model.selectors import Labels, Selector, from_label_selector
from kplan.scheduler import resources
from kplan.scheduler.resources import Amounts, Units

_SPEC_PARTS = (
    "affinity",
    "nodeSelector",
    "tolerations",
    "topologySpreadConstraints",
    "overhead",
    "resources",
    "resourceClaims",
    "schedulerName",
    "hostNetwork",
    "hostUsers",
)
_CONTAINER_PARTS = ("image", "resources", "ports", "restartPolicy", "restartPolicyRules")
_LEGACY_DISKS = ("gcePersistentDisk", "awsElasticBlockStore", "rbd", "iscsi")
_MIGRATED_DISKS = ("azureDisk", "cinder", "portworxVolume", "azureFile", "vsphereVolume")
_MOST_REMEMBERED = 20_000
_VOLUMES = frozenset(("persistentVolumeClaim", "ephemeral", "image", *_LEGACY_DISKS, *_MIGRATED_DISKS))


@dataclass(frozen=True, slots=True)
class Term:
    """One pod affinity or anti-affinity term. Without namespaces and selector it means the pod's own namespace."""

    namespaces: frozenset[str]
    namespace_selector: Selector
    selector: Selector
    topology_key: str
    weight: int = 0

    def matches(self, namespace: str, labels: Labels, namespace_labels: Labels) -> bool:
        """Whether a pod with these labels in this namespace is meant."""
        if namespace not in self.namespaces and not self.namespace_selector.matches(namespace_labels):
            return False
        return self.selector.matches(labels)


@dataclass(frozen=True, slots=True)
class HostPort:
    """A port of the node a pod wants."""

    ip: str
    protocol: str
    port: int


def _term(term: Mapping[str, Any], namespace: str, weight: int = 0) -> Term:
    named = term.get("namespaces") or ()
    if not named and term.get("namespaceSelector") is None:
        named = (namespace,)
    return Term(
        frozenset(named),
        from_label_selector(term.get("namespaceSelector")),
        from_label_selector(term.get("labelSelector")),
        term.get("topologyKey") or "",
        weight,
    )


class PodInfo:
    """The facts of all pods that are alike to the scheduler: same namespace, labels, owner and relevant spec.

    Compared and hashed by identity; :class:`PodInfos` gives alike pods the same object.
    """

    def __init__(self, pod: Object, signature: bytes, node_name: str = "") -> None:
        self.pod = pod
        """One of the pods; names, nodes and status of others differ."""
        self.node_name = node_name
        """The node it insists on; pods that wait for the scheduler insist on none."""
        self.signature = signature
        self.namespace = namespace_of(pod)
        self.labels: Labels = labels_of(pod)
        self.spec: Mapping[str, Any] = pod["spec"]

    # -- resources -----------------------------------------------------------------------------------------------

    @cached_property
    def asked(self) -> Amounts:
        """Exact requests by the spec alone."""
        return resources.pod_requests(self.pod)

    @cached_property
    def requests(self) -> Units:
        """What must be free on a node."""
        return resources.units(self.asked)

    @cached_property
    def usage(self) -> Usage:
        """What such a pod takes from a node, while its status says nothing else."""
        return usage_of(self.pod, use_status=False)

    def request_for_score(self, name: str, *, non_missing: bool) -> int:
        """The request scores reckon with; ``non_missing`` assumes a little where nothing is said."""
        asked = self._asked_non_missing if non_missing else self.asked
        return resources.round_up(name, asked.get(name, 0))

    @cached_property
    def _asked_non_missing(self) -> Amounts:
        return resources.pod_requests(self.pod, non_missing=resources.NON_MISSING)

    # -- where it may go -----------------------------------------------------------------------------------------

    @property
    def tolerations(self) -> list[Mapping[str, Any]]:
        """``spec.tolerations``."""
        return self.spec.get("tolerations") or []

    @cached_property
    def tolerations_key(self) -> bytes:
        """The tolerations as one comparable value."""
        return orjson.dumps(self.tolerations, option=orjson.OPT_SORT_KEYS)

    @property
    def node_selector(self) -> Mapping[str, str]:
        """``spec.nodeSelector``."""
        return self.spec.get("nodeSelector") or EMPTY

    @cached_property
    def affinity(self) -> Mapping[str, Any]:
        """``spec.affinity``, empty when absent."""
        return self.spec.get("affinity") or EMPTY

    @property
    def node_affinity(self) -> Mapping[str, Any]:
        """``spec.affinity.nodeAffinity``."""
        return self.affinity.get("nodeAffinity") or EMPTY

    @property
    def volumes(self) -> list[Mapping[str, Any]]:
        """``spec.volumes``."""
        return self.spec.get("volumes") or []

    @cached_property
    def host_ports(self) -> tuple[HostPort, ...]:
        """The node's ports it wants: those of its containers and sidecars."""
        return host_ports_of(self.spec)

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        """Init containers, then containers."""
        return [*(self.spec.get("initContainers") or ()), *(self.spec.get("containers") or ())]

    # -- other pods ----------------------------------------------------------------------------------------------

    @cached_property
    def required_affinity(self) -> tuple[Term, ...]:
        """Pods it must be near."""
        return self._required("podAffinity")

    @cached_property
    def required_anti_affinity(self) -> tuple[Term, ...]:
        """Pods it must be away from."""
        return self._required("podAntiAffinity")

    @cached_property
    def preferred_affinity(self) -> tuple[Term, ...]:
        """Pods it would like to be near."""
        return self._preferred("podAffinity")

    @cached_property
    def preferred_anti_affinity(self) -> tuple[Term, ...]:
        """Pods it would like to be away from."""
        return self._preferred("podAntiAffinity")

    @property
    def has_pod_affinity(self) -> bool:
        """Whether it has any term about other pods."""
        return bool(self.affinity.get("podAffinity") or self.affinity.get("podAntiAffinity"))

    def _required(self, kind: str) -> tuple[Term, ...]:
        terms = (self.affinity.get(kind) or EMPTY).get("requiredDuringSchedulingIgnoredDuringExecution")
        return tuple(_term(t, self.namespace) for t in terms or ())

    def _preferred(self, kind: str) -> tuple[Term, ...]:
        terms = (self.affinity.get(kind) or EMPTY).get("preferredDuringSchedulingIgnoredDuringExecution")
        return tuple(_term(t.get("podAffinityTerm") or EMPTY, self.namespace, t.get("weight") or 0) for t in terms or ())

    # -- more ----------------------------------------------------------------------------------------------------

    @cached_property
    def owner(self) -> tuple[str, str, str] | None:
        """(apiVersion, kind, name) of its controller."""
        owner = controller_of(self.pod)
        return (owner["apiVersion"], owner["kind"], owner["name"]) if owner else None

    @cached_property
    def touches_other_objects(self) -> bool:
        """Whether claims are involved, whose state may differ each time it is looked at."""
        return touches_other_objects(self.spec)

    @cached_property
    def group_key(self) -> tuple[str, frozenset[tuple[str, str]], bytes]:
        """Pods with the same key look the same to other pods' selectors and terms, and have the same terms."""
        own = {k: self.affinity.get(k) for k in ("podAffinity", "podAntiAffinity") if self.affinity.get(k)}
        return self.namespace, frozenset(self.labels.items()), orjson.dumps(own, option=orjson.OPT_SORT_KEYS) if own else b""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a pod takes from its node: resources by name, and cpu and memory as scores count them."""

    units: tuple[tuple[str, int], ...]
    non_zero_cpu: int
    non_zero_memory: int


def usage_of(pod: Object, *, use_status: bool = True) -> Usage:
    """What a pod takes from its node.

    Mirrors: pkg/scheduler/framework/types.go PodInfo.CalculateResource
    """
    asked = resources.pod_requests(pod, use_status=use_status)
    default = resources.default_requests(asked, pod)
    assumed = resources.pod_requests(pod, use_status=use_status, non_missing=default) if default else asked
    return Usage(
        tuple(resources.units(asked).items()),
        resources.round_up(resources.CPU, assumed.get(resources.CPU, 0)),
        resources.round_up(resources.MEMORY, assumed.get(resources.MEMORY, 0)),
    )


def host_ports_of(spec: Mapping[str, Any]) -> tuple[HostPort, ...]:
    """The host ports of sidecars and containers."""
    sidecars = [c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"]
    return tuple(
        HostPort(p.get("hostIP") or "0.0.0.0", p.get("protocol") or "TCP", p["hostPort"])
        for c in [*sidecars, *(spec.get("containers") or ())]
        for p in c.get("ports") or ()
        if (p.get("hostPort") or 0) > 0
    )


def priority_of(pod: Object) -> int:
    """``spec.priority``, 0 when absent."""
    return pod["spec"].get("priority") or 0


def is_finished(pod: Object) -> bool:
    """Whether the pod has come to its end; the scheduler does not see such pods at all."""
    return (pod.get("status") or EMPTY).get("phase") in ("Succeeded", "Failed")


class PodInfos:
    """Gives pods that are alike one and the same ``PodInfo``."""

    def __init__(self) -> None:
        self._by_signature: dict[bytes, PodInfo] = {}
        self._by_identity: dict[tuple[Any, ...], tuple[PodInfo, Object]] = {}

    def of(self, pod: Object) -> PodInfo:
        """The info of a pod."""
        meta, spec = pod["metadata"], pod["spec"]
        owners = meta.get("ownerReferences")
        key = (
            meta.get("name") if touches_other_objects(spec) else None,
            meta.get("namespace"),
            id(meta.get("labels")),
            owners[0].get("uid") if owners else None,
            id(spec.get("containers")),
            id(spec.get("initContainers")),
            id(spec.get("volumes")),
            *[id(spec.get(part)) for part in _SPEC_PARTS],
        )
        known = self._by_identity.get(key)
        if known is not None:
            return known[0]
        signature = sign(pod)
        info = self._by_signature.get(signature)
        if info is None:
            info = self._by_signature[signature] = PodInfo(pod, signature)
        if len(self._by_identity) >= _MOST_REMEMBERED:
            self._by_identity.clear()
        self._by_identity[key] = (info, pod)  # the pod is kept so that no other object can take over its parts' identity
        return info


def touches_other_objects(spec: Mapping[str, Any]) -> bool:
    """Whether a pod names claims of its own, so that no other pod is quite like it."""
    return bool(spec.get("resourceClaims")) or any("persistentVolumeClaim" in v or "ephemeral" in v for v in spec.get("volumes") or ())


def sign(pod: Object) -> bytes:
    """All of a pod that a plugin can read, as bytes."""
    meta, spec = pod["metadata"], pod["spec"]
    owner = controller_of(pod)
    unlike_others = touches_other_objects(spec)
    return orjson.dumps(
        [
            [meta.get("name"), meta.get("uid")] if unlike_others else None,
            meta.get("namespace"),
            meta.get("labels"),
            [owner["apiVersion"], owner["kind"], owner["name"]] if owner else None,
            [[c.get(part) for part in _CONTAINER_PARTS] for c in spec.get("containers") or ()],
            [[c.get(part) for part in _CONTAINER_PARTS] for c in spec.get("initContainers") or ()],
            [v for v in spec.get("volumes") or () if not _VOLUMES.isdisjoint(v)],
            *[spec.get(part) for part in _SPEC_PARTS],
        ],
        option=orjson.OPT_SORT_KEYS,
    )
