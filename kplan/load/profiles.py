"""Embedded clusters: what a new kind or minikube cluster holds, and one without nodes.

Mirrors: pkg/controlplane/controller/{systemnamespaces,kubernetesservice,defaultservicecidr},
pkg/registry/scheduling/rest/storage_scheduling.go, pkg/kubelet/nodestatus (1.36)
Differs: the workloads of kube-system (DNS, proxy, network) are left out, so all of a node is free.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kplan.catalog.catalog import Catalog
from kplan.load.identity import made_up_uid
from kplan.model.objects import Object

CREATED = "2025-01-01T00:00:00Z"
"""When everything in a profile was created."""

NAMESPACES = ("kube-system", "kube-public", "kube-node-lease", "default")
_CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
_CA_DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)
_PRIORITY_CLASSES = (
    (
        "system-node-critical",
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
    (
        "system-cluster-critical",
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
)
_DECLARED_FEATURES = (
    "ExtendWebSocketsToKubelet",
    "InPlacePodLevelResourcesVerticalScaling",
    "InPlacePodVerticalScalingInitContainers",
    "RestartAllContainersOnContainerExits",
)


@dataclass(frozen=True, slots=True)
class _Node:
    """One node of a profile."""

    name: str
    ip: str
    cpu: int = 4
    memory_ki: int = 8 * 2**20
    zone: str = ""
    control_plane: bool = False
    tainted: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """An embedded cluster: its nodes, and how its default StorageClass provisions ("" there is none)."""

    nodes: tuple[_Node, ...] = ()
    provisioner: str = ""
    binding: str = "WaitForFirstConsumer"
    region: str = ""
    provider: str = ""
    api_port: int = 6443


PROFILES = {
    "kind": Profile(
        nodes=(
            _Node("kind-control-plane", "172.18.0.2", control_plane=True, tainted=True),
            _Node("kind-worker", "172.18.0.3", zone="zone-a"),
            _Node("kind-worker2", "172.18.0.4", zone="zone-b"),
            _Node("kind-worker3", "172.18.0.5", zone="zone-c"),
        ),
        provisioner="rancher.io/local-path",
        region="local",
        provider="kind://docker/kind/",
    ),
    "minikube": Profile(
        nodes=(_Node("minikube", "192.168.49.2", control_plane=True),),
        provisioner="k8s.io/minikube-hostpath",
        binding="Immediate",
        api_port=8443,
    ),
    "empty": Profile(),
}


def profile(name: str, version: str = "1.36") -> list[Object]:
    """The objects of an embedded cluster at a Kubernetes version."""
    catalog = Catalog.at(version)
    spec = PROFILES[name]
    made: list[dict[str, Any]] = list(_objects(spec, catalog))
    return [stored(obj, number) for number, obj in enumerate(made, 1)]


def namespace_with_its_own(name: str) -> list[Object]:
    """A namespace, with what controllers keep in every one."""
    made = _namespace(name), _root_ca(name), _object("v1", "ServiceAccount", "default", name)
    return [stored(obj) for obj in made]


def _objects(spec: Profile, catalog: Catalog) -> Iterator[dict[str, Any]]:
    for namespace in NAMESPACES:
        yield _namespace(namespace)
    for name, value, description in _PRIORITY_CLASSES:
        yield _priority_class(name, value, description)
    yield from _api_service(spec.nodes[0].ip if spec.nodes else "192.0.2.1", spec.api_port)
    for namespace in NAMESPACES:
        yield _root_ca(namespace)
        yield _object("v1", "ServiceAccount", "default", namespace)
    for number, node in enumerate(spec.nodes):
        yield _node(node, number, spec, catalog)
    if spec.provisioner:
        yield _storage_class(spec)


def _object(api_version: str, kind: str, name: str, namespace: str = "", **fields: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    metadata |= fields.pop("metadata", {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def stored(obj: dict[str, Any], number: int = 1) -> Object:
    """An object as a server would keep it, with an identity that depends on nothing but its name."""
    metadata = obj["metadata"]
    identity = obj["apiVersion"], obj["kind"], metadata.get("namespace", ""), metadata["name"]
    stored = {"uid": made_up_uid(*identity), "resourceVersion": str(number), "creationTimestamp": CREATED}
    return {**obj, "metadata": {**metadata, **stored}}


def _namespace(name: str) -> dict[str, Any]:
    return _object(
        "v1",
        "Namespace",
        name,
        metadata={"labels": {"kubernetes.io/metadata.name": name}},
        spec={"finalizers": ["kubernetes"]},
        status={"phase": "Active"},
    )


def _priority_class(name: str, value: int, description: str) -> dict[str, Any]:
    return _object(
        "scheduling.k8s.io/v1",
        "PriorityClass",
        name,
        metadata={"generation": 1},
        value=value,
        description=description,
        preemptionPolicy="PreemptLowerPriority",
    )


def _root_ca(namespace: str) -> dict[str, Any]:
    annotations = {"kubernetes.io/description": _CA_DESCRIPTION}
    return _object(
        "v1", "ConfigMap", "kube-root-ca.crt", namespace, metadata={"annotations": annotations}, data={"ca.crt": ""}
    )


def _api_service(ip: str, port: int) -> Iterator[dict[str, Any]]:
    """The Service ``kubernetes`` and its endpoints, which the API server itself keeps."""
    yield _object(
        "v1",
        "Service",
        "kubernetes",
        "default",
        metadata={"labels": {"component": "apiserver", "provider": "kubernetes"}},
        spec={
            "ports": [{"name": "https", "protocol": "TCP", "port": 443, "targetPort": port}],
            "clusterIP": "10.96.0.1",
            "clusterIPs": ["10.96.0.1"],
            "type": "ClusterIP",
            "sessionAffinity": "None",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
        },
        status={"loadBalancer": {}},
    )
    ports = [{"name": "https", "port": port, "protocol": "TCP"}]
    yield _object(
        "v1",
        "Endpoints",
        "kubernetes",
        "default",
        metadata={"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
        subsets=[{"addresses": [{"ip": ip}], "ports": ports}],
    )
    yield _object(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        "kubernetes",
        "default",
        metadata={"generation": 1, "labels": {"kubernetes.io/service-name": "kubernetes"}},
        addressType="IPv4",
        endpoints=[{"addresses": [ip], "conditions": {"ready": True}}],
        ports=ports,
    )


def _storage_class(spec: Profile) -> dict[str, Any]:
    return _object(
        "storage.k8s.io/v1",
        "StorageClass",
        "standard",
        metadata={"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        provisioner=spec.provisioner,
        reclaimPolicy="Delete",
        volumeBindingMode=spec.binding,
    )


def _node(node: _Node, number: int, spec: Profile, catalog: Catalog) -> dict[str, Any]:
    pod_cidr = f"10.244.{number}.0/24"
    taints = {"taints": [{"key": _CONTROL_PLANE, "effect": "NoSchedule"}]} if node.tainted else {}
    return _object(
        "v1",
        "Node",
        node.name,
        metadata={"labels": _labels(node, spec.region), "annotations": _ANNOTATIONS},
        spec={
            "podCIDR": pod_cidr,
            "podCIDRs": [pod_cidr],
            **({"providerID": f"{spec.provider}{node.name}"} if spec.provider else {}),
            **taints,
        },
        status=_status(node, catalog),
    )


_ANNOTATIONS = {
    "kubeadm.alpha.kubernetes.io/cri-socket": "unix:///run/containerd/containerd.sock",
    "node.alpha.kubernetes.io/ttl": "0",
    "volumes.kubernetes.io/controller-managed-attach-detach": "true",
}


def _labels(node: _Node, region: str) -> dict[str, str]:
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": node.name,
        "kubernetes.io/os": "linux",
    }
    if node.control_plane:
        labels |= {_CONTROL_PLANE: "", "node.kubernetes.io/exclude-from-external-load-balancers": ""}
    if node.zone:
        labels |= {"topology.kubernetes.io/region": region, "topology.kubernetes.io/zone": node.zone}
    return labels


def _status(node: _Node, catalog: Catalog) -> dict[str, Any]:
    resources = {
        "cpu": str(node.cpu),
        "ephemeral-storage": "104857600Ki",
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "memory": f"{node.memory_ki}Ki",
        "pods": "110",
    }
    status = {
        "capacity": resources,
        "allocatable": resources,
        "conditions": [
            _condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "has sufficient memory available"),
            _condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "has no disk pressure"),
            _condition("PIDPressure", "False", "KubeletHasSufficientPID", "has sufficient PID available"),
            {**_condition("Ready", "True", "KubeletReady", ""), "message": "kubelet is posting ready status"},
        ],
        "addresses": [{"type": "InternalIP", "address": node.ip}, {"type": "Hostname", "address": node.name}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": _node_info(node, catalog),
        "runtimeHandlers": [
            {"name": "", "features": {"recursiveReadOnlyMounts": True, "userNamespaces": True}},
            {"name": "runc", "features": {"recursiveReadOnlyMounts": True, "userNamespaces": True}},
        ],
        "features": {"supplementalGroupsPolicy": True},
    }
    features = [name for name in _DECLARED_FEATURES if catalog.gates.on(name)]
    if features and catalog.gates.on("NodeDeclaredFeatures"):
        status["declaredFeatures"] = features
    return status


def _condition(kind: str, status: str, reason: str, message: str) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "lastHeartbeatTime": CREATED,
        "lastTransitionTime": CREATED,
        "reason": reason,
        "message": f"kubelet {message}",
    }


def _node_info(node: _Node, catalog: Catalog) -> dict[str, str]:
    machine = made_up_uid("machine", node.name)
    return {
        "machineID": machine.replace("-", ""),
        "systemUUID": machine,
        "bootID": made_up_uid("boot", node.name),
        "kernelVersion": "6.8.0",
        "osImage": "Debian GNU/Linux 12 (bookworm)",
        "containerRuntimeVersion": "containerd://2.1.3",
        "kubeletVersion": f"v{catalog.minor}.0",
        "kubeProxyVersion": "",
        "operatingSystem": "linux",
        "architecture": "amd64",
    }
