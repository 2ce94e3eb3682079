"""What is read out of messages, what would help a refused pod, and what is said not to be modelled."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.catalog.catalog import Catalog
from kplan.model.objects import Object
from kplan.scheduler.blame import blamed
from kplan.scheduler.unmodelled import unmodelled
from kplan.scheduler.verdict import opinions
from kplan.store.store import Store

GATES = Catalog.at("1.36").gates
PREEMPTION = " no new claims to deallocate, preemption: 0/2 nodes are available: 2 Insufficient cpu."


@pytest.mark.parametrize(
    ("message", "plugins"),
    [
        ("0/2 nodes are available: 1 Insufficient cpu, 1 Too many pods." + PREEMPTION, {"NodeResourcesFit"}),
        ("0/2 nodes are available: 2 node(s) had untolerated taint(s)." + PREEMPTION, {"TaintToleration"}),
        ("0/2 nodes are available: 2 node(s) didn't match pod topology spread constraints (missing required label).", {"PodTopologySpread"}),
        ("0/2 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules, 1 node(s) were unschedulable.", {"InterPodAffinity", "NodeUnschedulable"}),
        ("0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found", {"VolumeBinding"}),
        ('0/2 nodes are available: persistentvolumeclaim "data" not found. not found', {"VolumeBinding", "VolumeRestrictions"}),
        ("0/2 nodes are available: 2 node(s) didn't satisfy plugin(s) [NodeAffinity VolumeBinding].", {"NodeAffinity", "VolumeBinding"}),
        ("0/2 nodes are available: 2 cannot allocate all claims. still not schedulable, preemption: none", {"DynamicResources"}),
        ("no nodes available to schedule pods", set()),
    ],
)
def test_who_is_to_blame(message: str, plugins: set[str]) -> None:
    assert blamed(message) == plugins


def node(**parts: Any) -> Object:
    status = {"allocatable": {"cpu": "2", "memory": "2Gi", "pods": "1"}}
    metadata = {"name": "n1", "labels": {"kubernetes.io/hostname": "n1", "zone": "a"}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {}, "status": status} | parts


def pod(name: str, **spec: Any) -> Object:
    metadata = {"name": name, "namespace": "default", "uid": name, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [{"name": "main", "image": "i"}], **spec}, "status": {"phase": "Running"}}


def port(number: int) -> list[dict[str, Any]]:
    return [{"name": "main", "image": "i", "ports": [{"containerPort": 1, "hostPort": number, "protocol": "TCP"}]}]


def spread(key: str) -> dict[str, Any]:
    constraint = {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": "old"}}}
    return {"topologySpreadConstraints": [constraint]}


def near(kind: str) -> dict[str, Any]:
    term = {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "old" if kind == "podAntiAffinity" else "db"}}}
    return {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


@pytest.mark.parametrize(
    ("spec", "plugin", "words"),
    [
        ({}, "NodeResourcesFit", "needs room for 1 more pod (has 1 of 1)"),
        ({"containers": port(80)}, "NodePorts", "port 80/TCP must be freed by old"),
        (spread("rack"), "PodTopologySpread", "rack"),
        (near("podAffinity"), "InterPodAffinity", "db"),
        (near("podAntiAffinity"), "InterPodAffinity", "old"),
        ({"nodeSelector": {"zone": "b"}}, "NodeAffinity", "label n1 zone=b (it has 'a')"),
    ],
)
def test_what_would_help(spec: dict[str, Any], plugin: str, words: str) -> None:
    store = Store([node(), pod("old", nodeName="n1", containers=port(80))])
    (verdict,) = opinions([pod("new", **spec)], store, GATES, None)
    remedies = {r.plugin: r.remedies for r in verdict.nodes[0].refusals}
    assert any(words in remedy for remedy in remedies[plugin]), remedies


def test_a_cordon_can_be_lifted_or_tolerated() -> None:
    (verdict,) = opinions([pod("new")], Store([node(spec={"unschedulable": True})]), GATES, None)
    assert verdict.nodes[0].refusals[0].remedies == ("uncordon n1", "add toleration node.kubernetes.io/unschedulable:NoSchedule")


def test_a_bound_pod_is_judged_as_if_it_were_not() -> None:
    bound = pod("old", nodeName="n1")
    (verdict,) = opinions([bound], Store([node(), bound]), GATES, None)
    assert verdict.winner == "n1"


def test_what_devices_lack() -> None:
    def claim(name: str, **exactly: Any) -> dict[str, Any]:
        spec = {"devices": {"requests": [{"name": "r", "exactly": {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 1, **exactly}}]}}
        return {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": {"name": name, "namespace": "default"}, "spec": spec}

    pool = {"name": "p", "generation": 1, "resourceSliceCount": 1}
    devices = [{"name": "a"}, {"name": "b", "taints": [{"key": "worn", "effect": "NoSchedule"}]}]
    piece = {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice", "metadata": {"name": "s"}}
    gpu = {"apiVersion": "resource.k8s.io/v1", "kind": "DeviceClass", "metadata": {"name": "gpu"}, "spec": {}}
    had = claim("had") | {"status": {"allocation": {"devices": {"results": [{"driver": "d", "pool": "p", "device": "a"}]}}}}
    objects = [node(), gpu, {**piece, "spec": {"driver": "d", "nodeName": "n1", "pool": pool, "devices": devices}}]

    def told(*claims: dict[str, Any]) -> list[str]:
        named = [{"name": c["metadata"]["name"], "resourceClaimName": c["metadata"]["name"]} for c in claims]
        (verdict,) = opinions([pod("new", resourceClaims=named)], Store([*objects, had, *claims]), GATES, None)
        return [r for refusal in verdict.nodes[0].refusals for r in refusal.remedies]

    assert told(claim("c")) == ["claim c: r needs 1 device of class gpu (2 here, 1 in use, 1 tainted)"]
    assert told(claim("c", allocationMode="All")) == ["claim c: r needs all devices of class gpu (2 here, 1 in use, 1 tainted)"]
    objects[2] = {**piece, "spec": {"driver": "d", "nodeName": "n1", "pool": pool, "devices": [*devices, {"name": "c"}]}}
    assert told(claim("c"), claim("e")) == ["its requests cannot all be met at once"]
    selector = {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n2"]}]}]}
    elsewhere = claim("c") | {"status": {"allocation": {"devices": {"results": []}, "nodeSelector": selector}}}
    assert told(elsewhere) == ["claim c has its devices elsewhere"]


def test_errors_are_verdicts_too() -> None:
    claim = {"metadata": {"name": "c", "namespace": "default"}, "apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim"}
    requests = [{"name": "r", "exactly": {"deviceClassName": "any", "selectors": [{"cel": {"expression": "1"}}]}}]
    any_class = {"apiVersion": "resource.k8s.io/v1", "kind": "DeviceClass", "metadata": {"name": "any"}, "spec": {}}
    piece = {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice", "metadata": {"name": "s"}}
    offered = {"driver": "d", "allNodes": True, "pool": {"name": "p", "generation": 1, "resourceSliceCount": 1}, "devices": [{"name": "x"}]}
    store = Store([node(), any_class, {**claim, "spec": {"devices": {"requests": requests}}}, {**piece, "spec": offered}])
    (verdict,) = opinions([pod("new", resourceClaims=[{"name": "c", "resourceClaimName": "c"}])], store, GATES, None)
    said = "claim default/c: selector #0: CEL compile error: must evaluate to bool or the unknown type, not int"
    assert (verdict.winner, verdict.message) == ("", f'running "DynamicResources" filter plugin: {said}')


def test_a_cluster_without_nodes() -> None:
    (verdict,) = opinions([pod("new")], Store([]), GATES, None)
    assert verdict.message == "no nodes available to schedule pods"


def test_what_is_not_modelled_is_said() -> None:
    group = pod("member", schedulingGroup={"podGroupName": "g"})
    lines = list(unmodelled(Store([group]), {"extenders": [{"urlPrefix": "http://e"}]}, GATES))
    assert lines == ["extender http://e is not asked where pods may go", "1 pods of pod groups are scheduled one by one"]
    assert list(unmodelled(Store([node(), pod("a")]), None, GATES)) == []
