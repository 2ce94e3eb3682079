"""Clusters: embedded ones, and dumps in every shape ``kubectl get`` gives them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kplan.catalog.catalog import Catalog
from kplan.load.cluster import ClusterError, load_cluster
from kplan.load.dump import NotStreamable, stream_items
from kplan.load.profiles import PROFILES
from kplan.load.sharing import Sharing
from kplan.model.objects import Object, ref_of


def kinds(objects: list[Object], kind: str) -> list[Object]:
    return [obj for obj in objects if obj["kind"] == kind]


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_holds_what_a_new_cluster_has(name: str) -> None:
    objects = load_cluster(f"profile:{name}")
    assert objects == load_cluster(name)
    refs = {str(ref_of(obj)) for obj in objects}
    assert len(refs) == len(objects) == len({obj["metadata"]["uid"] for obj in objects})
    for namespace in ("default", "kube-system", "kube-public", "kube-node-lease"):
        assert {
            f"Namespace {namespace}",
            f"ServiceAccount {namespace}/default",
            f"ConfigMap {namespace}/kube-root-ca.crt",
        } <= refs
    assert {"PriorityClass system-cluster-critical", "PriorityClass system-node-critical"} <= refs
    assert {"Service default/kubernetes", "Endpoints default/kubernetes", "EndpointSlice default/kubernetes"} <= refs
    catalog = Catalog.at("1.36")
    for obj in objects:
        kind = catalog.kind(obj["apiVersion"], obj["kind"])
        assert kind is not None and kind.namespaced == bool(obj["metadata"].get("namespace"))


def test_the_default_cluster_has_three_workers_in_three_zones() -> None:
    objects = load_cluster()
    control_plane, *workers = kinds(objects, "Node")
    assert control_plane["spec"]["taints"] == [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]
    assert [n["metadata"]["labels"]["topology.kubernetes.io/zone"] for n in workers] == ["zone-a", "zone-b", "zone-c"]
    for node in workers:
        assert (node["status"]["allocatable"]["cpu"], node["status"]["allocatable"]["memory"]) == ("4", "8388608Ki")
    (storage_class,) = kinds(objects, "StorageClass")
    assert storage_class["volumeBindingMode"] == "WaitForFirstConsumer"
    assert storage_class["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}


def test_minikube_has_one_node_and_binds_at_once_and_empty_has_none() -> None:
    minikube = load_cluster("minikube")
    assert len(kinds(minikube, "Node")) == 1
    assert kinds(minikube, "StorageClass")[0]["volumeBindingMode"] == "Immediate"
    assert not kinds(load_cluster("empty"), "Node")


def test_a_node_says_what_its_kubelet_can() -> None:
    old, new = (kinds(load_cluster("kind", version), "Node")[0]["status"] for version in ("1.31", "1.36"))
    assert "RestartAllContainersOnContainerExits" in new["declaredFeatures"]
    assert "declaredFeatures" not in old
    assert old["nodeInfo"]["kubeletVersion"].startswith("v1.31.")


def dump(objects: list[Any], **layout: Any) -> str:
    return json.dumps({"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {}}, **layout)


def test_a_dump_in_any_shape_is_the_same_cluster(tmp_path: Path) -> None:
    objects = load_cluster()
    one = tmp_path / "cluster.json"
    for layout in ({}, {"indent": 4}, {"separators": (",", ":")}):
        one.write_text(dump(objects, **layout))
        assert load_cluster(str(one)) == objects
    lines = tmp_path / "lines.json"
    lines.write_text("\n".join(json.dumps(obj) for obj in objects))
    assert load_cluster(str(lines)) == objects
    several = tmp_path / "several" / "deep"
    several.mkdir(parents=True)
    (several / "a.json").write_text(dump(objects[:5]))
    (several.parent / "z.yaml").write_text("---\n".join(json.dumps(obj) + "\n" for obj in objects[5:]))
    assert load_cluster(str(several.parent)) == objects


def pods(count: int) -> list[dict[str, Any]]:
    return [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"p{n}",
                "namespace": "default",
                "uid": str(n),
                "ownerReferences": [{"apiVersion": "v1", "kind": "A"}, {"apiVersion": "v1", "kind": "B"}],
            },
            "spec": {"nodeName": f"n{n % 3}", "containers": [{"name": "c", "args": ['},{"apiVersion":', "},\n {"]}]},
        }
        for n in range(count)
    ]


@pytest.mark.parametrize("layout", [{}, {"indent": 4}, {"indent": 1}, {"separators": (",", ":")}])
@pytest.mark.parametrize("typed", [True, False])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_items_are_streamed_from_any_layout(tmp_path: Path, layout: Any, typed: bool, count: int) -> None:
    wanted = pods(count)
    listed: dict[str, Any] = {"apiVersion": "v1", "items": wanted, "kind": "List"}
    if typed:
        bare = [{k: v for k, v in pod.items() if k not in ("apiVersion", "kind")} for pod in wanted]
        listed = {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": bare}
    path = tmp_path / "dump.json"
    path.write_text(json.dumps(listed, **layout))
    sharing = Sharing()
    with path.open("rb") as file:
        items = stream_items(file, sharing.object)
    assert items == wanted
    assert items[0]["spec"]["containers"] is items[-1]["spec"]["containers"]


def test_what_is_no_list_is_not_streamed(tmp_path: Path) -> None:
    path = tmp_path / "dump.json"
    for text in ('{"items": []}', '{"items": [{"a": 1}', "items: [{}]", '{"items": [{"a": 1}, {"a": ]}'):
        path.write_text(text)
        with path.open("rb") as file, pytest.raises(NotStreamable):
            stream_items(file, lambda item: item)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no Kubernetes objects, so it is no cluster"),
        ("just text\n", ":1: not a Kubernetes object"),
        ("[1, 2]\n", ":1: not a Kubernetes object"),
        ("clusters: []\n", ":1: not a Kubernetes object"),
        ('{"a": 1,}', ":1: not a Kubernetes object"),
        ('{"apiVersion": "v1"', "unexpected EOF"),
        ("a: b: c\n", ":1:5: error converting YAML to JSON"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {}\n", ":1:1: Pod without metadata.name"),
        ("apiVersion: v1\nkind: Pod\nmetadata: x\n", ":3:1: json: cannot unmarshal string"),
        ("\0\0\0", ":1:1: a binary file"),
    ],
)
def test_what_is_no_cluster_is_told_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(text)
    with pytest.raises(ClusterError) as refused:
        load_cluster(str(path))
    message = str(refused.value)
    assert words in message and str(path) in message and "\n" not in message


def test_sources_that_do_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r'the path "gone\.json" does not exist'):
        load_cluster("gone.json")
    with pytest.raises(ClusterError, match='no profile "gke": there are kind, minikube, empty'):
        load_cluster("profile:gke")
    with pytest.raises(ClusterError, match="no Kubernetes objects"):
        load_cluster(str(tmp_path))


def test_an_empty_list_is_an_empty_cluster(tmp_path: Path) -> None:
    path = tmp_path / "cluster.json"
    path.write_text(dump([]))
    assert load_cluster(str(path)) == []


def test_a_hand_written_cluster_gets_what_every_stored_object_has(tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Node\nmetadata: {name: node}\n"
    )
    pod, node = load_cluster(str(path))
    assert pod["metadata"]["namespace"] == "default" and "namespace" not in node["metadata"]
    assert pod["metadata"]["uid"] != node["metadata"]["uid"]
    assert pod["metadata"]["resourceVersion"] == "1"
    assert load_cluster(str(path)) == [pod, node]
