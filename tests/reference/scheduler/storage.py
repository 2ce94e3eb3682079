"""Small random clusters with claims and volumes in all states."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.reference.scheduler.clusters import HOSTNAME, ZONE, seldom
from tests.reference.scheduler.world import Object

SIZES = st.sampled_from(["1Gi", "2Gi", "5Gi", "10Gi"])
MODES = st.sampled_from([["ReadWriteOnce"], ["ReadWriteOnce", "ReadOnlyMany"], ["ReadWriteOncePod"]])
CLASSES = ("now", "late", "local", "zoned")
DRIVER = "csi.example.com"


def classes() -> list[Object]:
    """A class of each kind."""
    found: list[Object] = []
    for name in CLASSES:
        late = {"volumeBindingMode": "Immediate" if name == "now" else "WaitForFirstConsumer"}
        made = {"provisioner": "kubernetes.io/no-provisioner" if name == "local" else DRIVER}
        where: Object = {"allowedTopologies": [{"matchLabelExpressions": [{"key": ZONE, "values": ["a"]}]}]} if name == "zoned" else {}
        found.append({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}, **late, **made, **where})
    return found


@st.composite
def nodes(draw: st.DrawFn, name: str) -> list[Object]:
    """A node, and how many volumes it takes."""
    labels = {HOSTNAME: name} | ({ZONE: zone} if (zone := draw(st.sampled_from(["a", "b", None]))) else {})
    room = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    found: list[Object] = [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "spec": {}, "status": {"allocatable": room}}]
    if (count := draw(seldom(st.integers(1, 2)))) is not None:
        drivers = [{"name": DRIVER, "nodeID": name, "allocatable": {"count": count}}]
        found.append({"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": name}, "spec": {"drivers": drivers}})
    return found


@st.composite
def volumes(draw: st.DrawFn, name: str) -> Object:
    """A PersistentVolume: free, reserved for a claim, or going."""
    spec: Object = {"capacity": {"storage": draw(SIZES)}, "accessModes": draw(MODES), "storageClassName": draw(st.sampled_from(CLASSES))}
    spec |= draw(st.sampled_from([{"csi": {"driver": DRIVER, "volumeHandle": name}}, {"nfs": {"server": "s", "path": "/"}}]))
    if (zone := draw(seldom(st.sampled_from(["a", "b"])))) is not None:
        terms = [{"matchExpressions": [{"key": ZONE, "operator": "In", "values": [zone]}]}]
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": terms}}
    if (number := draw(seldom(st.integers(0, 3)))) is not None:
        spec["claimRef"] = {"name": f"c{number}", "namespace": "default"}
    labels = draw(st.sampled_from([{}, {}, {"tier": "gold"}, {ZONE: "a"}, {ZONE: "a__b"}, {"topology.kubernetes.io/region": "r"}]))
    metadata: Object = {"name": name, "labels": labels}
    if draw(st.integers(0, 9)) == 0:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec, "status": {"phase": draw(st.sampled_from(["Available", "Available", "Released"]))}}


@st.composite
def claims(draw: st.DrawFn, name: str, node: str) -> Object:
    """A claim: bound (to a volume that may be gone), waiting, or told its node."""
    asked = {"resources": {"requests": {"storage": draw(SIZES)}}}
    spec: Object = {"accessModes": draw(MODES), "storageClassName": draw(st.sampled_from(["late", "late", "local", "zoned", "now"])), **asked}
    metadata: Object = {"name": name, "namespace": "default", "uid": name}
    phase = "Pending"
    state = draw(st.sampled_from(["bound", "bound", "waiting", "waiting", "waiting", "told", "going", "lost"]))
    if state in ("bound", "lost"):
        spec["volumeName"] = f"v{draw(st.integers(0, 4))}"
        metadata["annotations"] = {"pv.kubernetes.io/bind-completed": "yes"}
        phase = "Bound" if state == "bound" else draw(st.sampled_from(["Lost", "Bound"]))
    elif state == "told":
        metadata["annotations"] = {"volume.kubernetes.io/selected-node": node}
    elif state == "going" and draw(st.integers(0, 3)) == 0:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    if (selector := draw(seldom(st.just({"matchLabels": {"tier": "gold"}})))) is not None:
        spec["selector"] = selector
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec, "status": {"phase": phase}}


@st.composite
def pods(draw: st.DrawFn, name: str, node: str = "") -> Object:
    """A pod with claims and seldom an old disk."""
    numbers = draw(st.lists(st.integers(0, 3), max_size=3, unique=True))
    mounted: list[Any] = [{"name": f"d{n}", "persistentVolumeClaim": {"claimName": f"c{n}"}} for n in numbers]
    if (disk := draw(seldom(st.sampled_from(["x", "y"])))) is not None:
        mounted.append({"name": "disk", "awsElasticBlockStore": {"volumeID": disk}})
    spec: Object = {"containers": [{"name": "main", "image": "i"}], "volumes": mounted, **({"nodeName": node} if node else {})}
    metadata = {"name": name, "namespace": "default", "uid": name, "labels": {}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {"phase": "Running" if node else "Pending"}}


@st.composite
def clusters(draw: st.DrawFn) -> list[Object]:
    """Nodes, classes, capacities, volumes, claims, and pods that use them."""
    names = [f"n{i}" for i in range(draw(st.integers(1, 3)))]
    objects = classes() + [o for name in names for o in draw(nodes(name))]
    if draw(st.booleans()):
        objects.append({"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": DRIVER}, "spec": {"storageCapacity": True}})
        for zone in ("a", "b"):
            topology = {"matchLabels": {ZONE: zone}}
            metadata = {"name": f"cap-{zone}", "namespace": "default"}
            room = {"storageClassName": "late", "capacity": draw(SIZES), "nodeTopology": topology}
            objects.append({"apiVersion": "storage.k8s.io/v1", "kind": "CSIStorageCapacity", "metadata": metadata, **room})
    objects += [draw(volumes(f"v{i}")) for i in range(draw(st.integers(4, 6)))]
    objects += [draw(claims(f"c{i}", draw(st.sampled_from(names)))) for i in range(draw(st.integers(3, 4)))]
    return objects + [draw(pods(f"p{i}", draw(st.sampled_from(names)))) for i in range(draw(st.integers(0, 2)))]
