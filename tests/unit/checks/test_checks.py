"""Checks: what is worth saying about a plan that the server would accept."""

import json
from pathlib import Path
from typing import Any

from tests.oracle.running import run

WEB = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "web:1", "envFrom": [{"configMapRef": {"name": "settings"}}]}]},
        },
    },
}
SETTINGS = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "default"}, "data": {"level": "info"}}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
}


def plan(tmp_path: Path, *steps: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(code, message) of the findings of the last step, each step applied to the cluster the one before left."""
    cluster, found = "profile:kind", []
    for i, objects in enumerate(steps):
        manifest, state = tmp_path / f"{i}.json", tmp_path / f"state{i}.json"
        manifest.write_text("\n".join(json.dumps(o) for o in objects))
        said = run(["apply", "--dry-run", "-f", str(manifest), "-o", "json", "--cluster", cluster, "--state-out", str(state)], tmp_path)
        found = [(d["code"], d["message"]) for d in json.loads(said.stdout)["diagnostics"]]
        cluster = str(state)
    return found


def changed(obj: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {**obj, "spec": {**obj["spec"], **spec}}


def test_nothing_is_said_of_what_is_in_order(tmp_path: Path) -> None:
    assert plan(tmp_path, [SETTINGS, WEB, SERVICE]) == []


def test_a_service_that_loses_its_endpoints(tmp_path: Path) -> None:
    (found,) = plan(tmp_path, [SETTINGS, WEB, SERVICE], [changed(WEB, replicas=0)])
    assert found == ("KP801", "Service default/web: loses all its 2 ready endpoints")


def test_a_new_service_whose_selector_matches_nothing(tmp_path: Path) -> None:
    (found,) = plan(tmp_path, [SETTINGS, WEB, changed(SERVICE, selector={"app": "wbe"})])
    assert found == ("KP801", "Service default/web: selects no pod (app=wbe)")


def test_configuration_that_running_pods_do_not_see(tmp_path: Path) -> None:
    (found,) = plan(tmp_path, [SETTINGS, WEB, SERVICE], [{**SETTINGS, "data": {"level": "debug"}}])
    assert found[0] == "KP803"
    assert found[1].startswith("ConfigMap default/settings: 2 running pods keep its old values")


def test_an_autoscaler_that_disagrees_with_the_manifest(tmp_path: Path) -> None:
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "minReplicas": 3, "maxReplicas": 5},
    }
    (found,) = plan(tmp_path, [SETTINGS, WEB, SERVICE, scaler], [changed(WEB, replicas=1)])
    assert found == (
        "KP802",
        "Deployment default/web: the manifest and an autoscaler disagree on spec.replicas "
        "(kubectl: 3→1, then horizontal-pod-autoscaler-controller: 1→3)",
    )


def test_an_ingress_that_leads_nowhere(tmp_path: Path) -> None:
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 8080}}}}
    ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"rules": [{"host": "a.example.com", "http": {"paths": [path]}}]},
    }
    (found,) = plan(tmp_path, [SETTINGS, WEB, SERVICE, ingress])
    assert found == ("KP403", "Ingress default/web: a.example.com/ leads to web:8080, but the Service has no such port")


def test_a_reference_to_something_that_does_not_exist(tmp_path: Path) -> None:
    (found,) = plan(tmp_path, [WEB])
    assert found == ("KP404", "Deployment default/web: refers to ConfigMap default/settings, which does not exist")
