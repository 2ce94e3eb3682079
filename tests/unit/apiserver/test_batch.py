"""Objects judged one by one: nothing one of them does is seen by the next."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from kplan.apiserver.batch import FreshCluster, answers


@pytest.fixture(scope="module")
def cluster() -> FreshCluster:
    return FreshCluster()


def named(kind: str, name: str, api_version: str = "v1", **fields: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields}


def test_the_same_object_twice(cluster: FreshCluster) -> None:
    config = named("ConfigMap", "c", data={"a": "b"})
    first = cluster.answer(config)
    assert first["code"] == 201
    assert first["result"]["metadata"]["namespace"] == "default"
    assert cluster.answer(config) == first


def test_a_namespace_is_there_for_what_names_it_only(cluster: FreshCluster) -> None:
    pod = named("Pod", "p", spec={"containers": [{"name": "a", "image": "a"}]})
    pod["metadata"]["namespace"] = "team"
    assert cluster.answer(pod)["result"]["spec"]["serviceAccountName"] == "default"
    assert cluster.answer(named("Namespace", "team"))["code"] == 201
    assert cluster.answer(named("Namespace", "kube-system"))["code"] == 409


def test_the_answer_is_in_the_version_asked_for(cluster: FreshCluster) -> None:
    target = {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"}
    spec = {"scaleTargetRef": target, "maxReplicas": 2, "targetCPUUtilizationPercentage": 50}
    made = cluster.answer(named("HorizontalPodAutoscaler", "h", "autoscaling/v1", spec=spec))["result"]
    assert made["apiVersion"] == "autoscaling/v1"
    assert made["spec"] == {**spec, "minReplicas": 1}
    event = named(
        "Event",
        "e",
        "events.k8s.io/v1",
        type="Normal",
        reason="r",
        action="a",
        note="n",
        regarding={"namespace": "default"},
    )
    event |= {"eventTime": "2026-01-01T00:00:00.000000Z", "reportingController": "c", "reportingInstance": "i"}
    made = cluster.answer(event)["result"]
    assert (made["apiVersion"], made["note"], made["reportingController"]) == ("events.k8s.io/v1", "n", "c")


def test_a_refusal_has_its_causes(cluster: FreshCluster) -> None:
    said = cluster.answer(named("ConfigMap", "c", data={"..": "a"}))
    assert (said["code"], said["reason"]) == (422, "Invalid")
    assert said["causes"] == [
        {"reason": "FieldValueInvalid", "field": "data[..]", "message": "Invalid value: \"..\": must not be '..'"}
    ]


def test_what_may_not_be_left_out_is_null(cluster: FreshCluster) -> None:
    assert cluster.answer(named("CSINode", "n", "storage.k8s.io/v1", spec={}))["result"]["spec"] == {"drivers": None}


def test_an_unknown_kind(cluster: FreshCluster) -> None:
    assert cluster.answer(named("Pod", "p", "v2"))["code"] == 404


def test_a_line_for_every_line() -> None:
    lines = [orjson.dumps({"object": named("Secret", name)}) for name in ("a", "B")]
    assert [orjson.loads(line)["code"] for line in answers(lines)] == [201, 422]
