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


def done(tmp_path: Path, objects: list[dict[str, Any]], argv: list[str]) -> list[tuple[str, str]]:
    """(code, message) of the findings of a command against a cluster with these objects."""
    plan(tmp_path, objects)
    said = run([*argv, "--dry-run", "-o", "json", "--cluster", str(tmp_path / "state0.json")], tmp_path)
    return [(d["code"], d["message"]) for d in json.loads(said.stdout)["diagnostics"]]


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


def test_a_service_whose_port_no_container_has(tmp_path: Path) -> None:
    (found,) = plan(tmp_path, [SETTINGS, WEB, SERVICE], [changed(SERVICE, ports=[{"port": 80, "targetPort": "http"}])])
    assert found == ("KP801", "Service default/web: its port 80 leads nowhere: no container behind it has a port named http")


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
    found, requests = plan(tmp_path, [SETTINGS, WEB, SERVICE, scaler], [changed(WEB, replicas=1)])
    assert requests[0] == "KP807"
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
    reference, rollout = plan(tmp_path, [WEB])
    assert reference == ("KP404", "Deployment default/web: refers to ConfigMap default/settings, which does not exist")
    assert rollout[0] == "KP601"


def test_a_rollout_that_has_no_room(tmp_path: Path) -> None:
    huge = {"name": "web", "image": "web:2", "resources": {"requests": {"cpu": "64"}}}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [huge]}}
    (found,) = plan(tmp_path, [SETTINGS, WEB, SERVICE], [changed(WEB, template=template)])
    assert found[0] == "KP601"
    assert found[1].startswith("Deployment default/web: the rollout does not finish: 1 of 2 pods are updated; Pod default/web-")
    assert found[1].endswith("stays Pending: 0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 Insufficient cpu")


def test_what_is_paused_or_held_back_is_no_stuck_rollout(tmp_path: Path) -> None:
    assert plan(tmp_path, [SETTINGS, WEB, SERVICE], [changed(WEB, paused=True, replicas=3)]) == []
    on_delete = {**changed(WEB, serviceName="web", updateStrategy={"type": "OnDelete"}), "kind": "StatefulSet"}
    newer = {**WEB["spec"]["template"], "metadata": {"labels": {"app": "web", "more": "yes"}}}
    assert [code for code, _ in plan(tmp_path, [SETTINGS, SERVICE, on_delete], [changed(on_delete, template=newer)])] == ["KP606"]


def test_a_claim_that_is_deleted_while_in_use(tmp_path: Path) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "default"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    pod = {**WEB, "apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "a"}], "volumes": volumes}}
    (held,) = done(tmp_path, [claim, pod], ["delete", "pvc", "data"])
    assert held == ("KP602", "PersistentVolumeClaim default/data: is deleted, but stays: in use by Pod default/web")
    (lost,) = done(tmp_path, [claim, pod], ["delete", "pvc/data", "pod/web"])
    assert lost[0] == "KP804"
    assert lost[1].endswith("is deleted with its data (1Gi of PersistentVolumeClaim default/data)")


def test_a_finalizer_that_nobody_takes_off(tmp_path: Path) -> None:
    held = {**SETTINGS, "metadata": {**SETTINGS["metadata"], "finalizers": ["example.com/keep"]}}
    (found,) = done(tmp_path, [held], ["delete", "configmap", "settings"])
    assert found == ("KP602", "ConfigMap default/settings: is deleted, but stays: finalizer example.com/keep, which nobody in this plan takes off")


def test_a_policy_that_isolates_running_pods(tmp_path: Path) -> None:
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "p", "namespace": "default"},
        "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "x"}}}]}]},
    }
    (found,) = plan(tmp_path, [SETTINGS, WEB, SERVICE], [policy])
    assert found[0] == "KP805"
    assert "2 pods (such as web-" in found[1]
    assert found[1].endswith("were open to all ingress traffic and are no longer; ingress: allowed from 0 pods of default, on every port")
    other = {**policy, "metadata": {"name": "q", "namespace": "default"}}
    assert plan(tmp_path, [SETTINGS, WEB, SERVICE, policy], [other]) == [], "they are isolated already"


def test_an_eviction_that_a_budget_does_not_allow(tmp_path: Path) -> None:
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "b", "namespace": "default"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
    }
    found = done(tmp_path, [SETTINGS, WEB, SERVICE, budget], ["drain", "kind-worker"])
    assert [code for code, _ in found] == ["KP501"]
    assert found[0][1].endswith(": cannot be evicted: The disruption budget b needs 2 healthy pods and has 2 currently")
