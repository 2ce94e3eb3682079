"""What a change means for the objects nobody wrote: those that need it, lead to it, are kept or let through by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.running import run
from tests.unit.checks.test_checks import SERVICE, SETTINGS, WEB, changed, done, plan

Made = dict[str, Any]
KEYS = {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "level"}}}


def made(kind: str, api_version: str = "v1", name: str = "it", **fields: Any) -> Made:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "default"}, **fields}


def web(**pod: Any) -> Made:
    """The Deployment with another pod."""
    spec = {"containers": [{"name": "web", "image": "web:1"}], **pod}
    return changed(WEB, template={"metadata": {"labels": {"app": "web"}}, "spec": spec})


def container(**fields: Any) -> list[Made]:
    return [{"name": "web", "image": "web:1", **fields}]


RBAC = "rbac.authorization.k8s.io"
INGRESS = made(
    "Ingress",
    "networking.k8s.io/v1",
    spec={
        "tls": [{"secretName": "it"}],
        "rules": [{"host": "a.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}],
    },
)
SECRET = made("Secret", stringData={"tls.crt": "x"})
ROLE = made("Role", f"{RBAC}/v1", rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])
BINDING = made("RoleBinding", f"{RBAC}/v1", roleRef={"apiGroup": RBAC, "kind": "Role", "name": "it"}, subjects=[])
SCALER = made("HorizontalPodAutoscaler", "autoscaling/v2", spec={"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "maxReplicas": 3})
ACCOUNT, CLASS = made("ServiceAccount"), {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "it"}, "value": 5}
STATEFUL = {**web(), "kind": "StatefulSet", "spec": {**web()["spec"], "serviceName": "it", "selector": {"matchLabels": {"app": "web"}}}}
HEADLESS = made("Service", spec={"clusterIP": "None", "selector": {"app": "other"}, "ports": [{"port": 80}]})
BARE = made("Pod", spec={"containers": container(envFrom=[{"configMapRef": {"name": "settings"}}])})
JOB = made("Job", "batch/v1", spec={"template": {"spec": {"restartPolicy": "Never", **BARE["spec"]}}})


@pytest.mark.parametrize(
    ("objects", "what", "said"),
    [
        ([SETTINGS, WEB], "configmap/settings", "ConfigMap default/settings: is deleted, but still needed: Deployment default/web (new pods cannot start)"),
        ([SETTINGS, BARE], "configmap/settings", "ConfigMap default/settings: is deleted, but still needed: Pod default/it (cannot start again)"),
        ([ACCOUNT, web(serviceAccountName="it")], "serviceaccount/it", "ServiceAccount default/it: is deleted, but still needed: Deployment default/web (new pods are refused)"),
        ([CLASS, web(priorityClassName="it")], "priorityclass/it", "PriorityClass it: is deleted, but still needed: Deployment default/web (new pods are refused)"),
        ([ROLE, BINDING], "role/it", f"Role.{RBAC} default/it: is deleted, but still needed: RoleBinding default/it (grants nothing)"),
        ([web(), SCALER], "deployment/web", "Deployment default/web: is deleted, but still needed: HorizontalPodAutoscaler default/it (has nothing to scale)"),
        ([HEADLESS, STATEFUL], "service/it", "Service default/it: is deleted, but still needed: StatefulSet default/web (its pods have no names in DNS)"),
        ([SECRET, web(), SERVICE, INGRESS], "secret/it", "Secret default/it: is deleted, but still needed: Ingress default/it (has no certificate)"),
    ],
)
def test_what_is_deleted_is_missed_by_those_who_stay(tmp_path: Path, objects: list[Made], what: str, said: str) -> None:
    found = done(tmp_path, objects, ["delete", what])
    assert [m.replace(f"Role.{RBAC}", "Role") for code, m in found if code == "KP405"] == [said.replace(f"Role.{RBAC}", "Role")]


@pytest.mark.parametrize(
    ("objects", "what"),
    [
        ([SETTINGS, JOB], ["configmap/settings"]),
        ([SETTINGS, WEB], ["configmap/settings", "deployment/web"]),
        ([SETTINGS, web(containers=container(envFrom=[{"configMapRef": {"name": "settings", "optional": True}}]))], ["configmap/settings"]),
        ([ACCOUNT, made("Pod", spec={"serviceAccountName": "it", "containers": container()})], ["serviceaccount/it"]),
    ],
    ids=["a finished Job", "deleted together", "optional", "a pod that runs"],
)
def test_nobody_misses_what_nobody_needs(tmp_path: Path, objects: list[Made], what: list[str]) -> None:
    assert [m for code, m in done(tmp_path, objects, ["delete", *what]) if code == "KP405"] == []


@pytest.mark.parametrize(
    "pod",
    [
        {"containers": container(env=[KEYS])},
        {"containers": container(), "volumes": [{"name": "v", "configMap": {"name": "settings", "items": [{"key": "level", "path": "x"}]}}]},
        {"containers": container(), "volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "settings", "items": [{"key": "level", "path": "x"}]}}]}}]},
    ],
)
def test_a_key_that_is_lost_is_missed_by_who_reads_it(tmp_path: Path, pod: Made) -> None:
    found = plan(tmp_path, [SETTINGS, web(**pod)], [{**SETTINGS, "data": {"other": "x"}}])
    assert ("KP405", "ConfigMap default/settings: loses the key level, but still needed: Deployment default/web (new pods cannot start)") in found


def test_a_key_that_may_be_missing_is_not_missed(tmp_path: Path) -> None:
    optional = {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "level", "optional": True}}}
    found = plan(tmp_path, [SETTINGS, web(containers=container(env=[optional]))], [{**SETTINGS, "data": {"other": "x"}}])
    assert [code for code, _ in found if code == "KP405"] == []


def test_an_ingress_that_leads_nowhere_any_more(tmp_path: Path) -> None:
    objects = [SECRET, web(), SERVICE, INGRESS]
    assert ("KP403", "Ingress default/it: a.example.com/ leads to web:80, but there is no such Service any more") in done(tmp_path, objects, ["delete", "service/web"])
    assert plan(tmp_path, objects, [changed(SERVICE, ports=[{"port": 81}])]) == [
        ("KP403", "Ingress default/it: a.example.com/ leads to web:80, but the Service has no such port any more")
    ]
    assert plan(tmp_path, [SECRET, web(), INGRESS], [SERVICE]) == [], "it led nowhere before, and does now"


def test_a_service_whose_port_the_new_pods_do_not_have(tmp_path: Path) -> None:
    service = changed(SERVICE, ports=[{"port": 80, "targetPort": "http"}])
    named, other = (web(containers=container(ports=[{"name": n, "containerPort": 8080}])) for n in ("http", "web"))
    assert plan(tmp_path, [named, service], [other]) == [
        ("KP801", "Service default/web: its port 80 leads nowhere: no container behind it has a port named http")
    ]
    assert plan(tmp_path, [other, service], [changed(other, replicas=3)]) == [], "nor had those before"


# -- budgets -------------------------------------------------------------------------------------------------------------


def budget(name: str = "b", labels: Made | None = None, **spec: Any) -> Made:
    return made("PodDisruptionBudget", "policy/v1", name, spec={"selector": {"matchLabels": labels or {"app": "web"}}, **spec})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (budget(minAvailable=2), "lets none of its pods be evicted: 2 of 2 must stay healthy"),
        (budget(minAvailable="51%"), "lets none of its pods be evicted: 2 of 2 must stay healthy"),
        (budget(maxUnavailable=0), "lets none of its pods be evicted: 2 of 2 must stay healthy"),
        (budget(maxUnavailable="0%"), "lets none of its pods be evicted: 2 of 2 must stay healthy"),
        (budget(labels={"app": "wbe"}, minAvailable=1), "selects no pod: it protects nothing"),
        (budget(minAvailable=1), ""),
        (budget(maxUnavailable="1%"), ""),
    ],
)
def test_a_budget_that_lets_no_pod_go_or_protects_none(tmp_path: Path, given: Made, said: str) -> None:
    assert plan(tmp_path, [web()], [given]) == ([("KP806", f"PodDisruptionBudget default/b: {said}")] if said else [])


def test_a_budget_that_has_no_leeway_any_more(tmp_path: Path) -> None:
    assert plan(tmp_path, [web(), budget(minAvailable=1)], [changed(web(), replicas=1)]) == [
        ("KP806", "PodDisruptionBudget default/b: lets none of its pods be evicted: 1 of 1 must stay healthy")
    ]
    assert plan(tmp_path, [web(), budget(minAvailable=1)], [changed(web(), replicas=3)]) == []


def test_pods_of_two_budgets_and_of_nobody(tmp_path: Path) -> None:
    ((code, said),) = plan(tmp_path, [web(), budget("a", minAvailable=1)], [budget(minAvailable=1)])
    assert code == "KP806" and "selects pods of another budget, too (a), such as web-" in said
    bare = made("Pod", metadata={"name": "bare", "namespace": "default", "labels": {"app": "bare"}}, spec={"containers": container()})
    assert plan(tmp_path, [bare], [budget(labels={"app": "bare"}, maxUnavailable=1)]) == [
        ("KP806", "PodDisruptionBudget default/b: lets no pod be evicted: its pods have no controller that says how many they shall be")
    ]


# -- autoscalers ---------------------------------------------------------------------------------------------------------


def scaler(**metric: Any) -> Made:
    return {**SCALER, "spec": {**SCALER["spec"], "metrics": [metric]}}


SHARE, VALUE = {"type": "Utilization", "averageUtilization": 50}, {"type": "AverageValue", "averageValue": "100m"}
ASKING = web(containers=container(resources={"requests": {"cpu": "100m"}}))


@pytest.mark.parametrize(
    ("workload", "given", "what"),
    [
        (web(), scaler(type="Resource", resource={"name": "cpu", "target": SHARE}), "cpu"),
        (ASKING, scaler(type="Resource", resource={"name": "memory", "target": SHARE}), "memory"),
        (web(), scaler(type="ContainerResource", containerResource={"name": "cpu", "container": "web", "target": SHARE}), "cpu"),
        (web(), SCALER, "cpu"),
        (ASKING, SCALER, ""),
        (web(), scaler(type="Resource", resource={"name": "cpu", "target": VALUE}), ""),
    ],
)
def test_an_autoscaler_measures_a_share_of_what_is_requested(tmp_path: Path, workload: Made, given: Made, what: str) -> None:
    found = [m for code, m in plan(tmp_path, [workload], [given]) if code == "KP807"]
    begun = f"HorizontalPodAutoscaler default/it: never scales by {what}: missing request for {what} in container web of Pod web-"
    assert [m.startswith(begun) for m in found] == ([True] if what else [])


# -- policies ------------------------------------------------------------------------------------------------------------


def policy(**spec: Any) -> Made:
    return made("NetworkPolicy", "networking.k8s.io/v1", spec={"podSelector": {}, **spec})


DENY = policy(policyTypes=["Ingress"])
FROM_X = policy(policyTypes=["Ingress"], ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "x"}}}]}])


def test_a_policy_that_is_deleted_lets_everybody_in(tmp_path: Path) -> None:
    ((code, said),) = done(tmp_path, [web(), DENY], ["delete", "networkpolicy/it"])
    assert code == "KP805" and said.endswith("were isolated and are open to all ingress traffic now")
    other = {**DENY, "metadata": {"name": "other", "namespace": "default"}}
    assert done(tmp_path, [web(), DENY, other], ["delete", "networkpolicy/it"]) == [], "another isolates them"


def test_a_policy_that_allows_others_than_before(tmp_path: Path) -> None:
    ((code, said),) = plan(tmp_path, [web(), DENY], [FROM_X])
    assert (code, said) == ("KP805", "NetworkPolicy default/it: 2 pods: ingress: allowed from 0 pods of default, on every port; until now nothing is allowed")
    assert plan(tmp_path, [web(), FROM_X], [{**FROM_X, "metadata": {**FROM_X["metadata"], "labels": {"a": "b"}}}]) == []


@pytest.mark.parametrize(
    ("egress", "cut"),
    [
        ([], True),
        ([{"to": [{"podSelector": {}}]}], True),
        ([{"ports": [{"port": 443, "protocol": "TCP"}]}], True),
        ([{"to": [{"namespaceSelector": {}}], "ports": [{"port": 53, "protocol": "UDP"}]}], False),
        ([{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}], False),
        ([{"ports": [{"port": 50, "endPort": 60, "protocol": "UDP"}]}], False),
        ([{}], False),
    ],
)
def test_a_policy_that_cuts_pods_off_from_dns(tmp_path: Path, egress: list[Made], cut: bool) -> None:
    ((_, said),) = plan(tmp_path, [web()], [policy(policyTypes=["Egress"], egress=egress)])
    assert ("names cannot be looked up" in said) is cut


def test_a_reference_is_shown_where_it_stands(tmp_path: Path) -> None:
    binding = {**BINDING, "subjects": [{"kind": "ServiceAccount", "name": "nobody", "namespace": "default"}]}
    assert plan(tmp_path, [binding]) == [
        ("KP404", "RoleBinding default/it: refers to Role default/it, which does not exist"),
        ("KP404", "RoleBinding default/it: refers to ServiceAccount default/nobody, which does not exist"),
    ]


# -- templates that pods do not take on ----------------------------------------------------------------------------------

NEWER = container(image="web:2")
SETS = made("StatefulSet", "apps/v1", "web", spec={**web()["spec"], "serviceName": "web"})
DAEMONS = made("DaemonSet", "apps/v1", "web", spec={k: v for k, v in web()["spec"].items() if k != "replicas"})
REPLICAS = made("ReplicaSet", "apps/v1", "web", spec=web()["spec"])


@pytest.mark.parametrize(
    ("workload", "spec", "said"),
    [
        (web(), {"paused": True}, "Deployment default/web: is paused: 2 pods keep the old template until it is resumed"),
        (REPLICAS, {}, "ReplicaSet default/web: 2 pods keep the old template: a ReplicaSet never updates the pods it has"),
        (changed(SETS, updateStrategy={"type": "OnDelete"}), {}, "StatefulSet default/web: 2 pods keep the old template: its updateStrategy is OnDelete"),
        (SETS, {"updateStrategy": {"rollingUpdate": {"partition": 1}}}, "StatefulSet default/web: only pods from ordinal 1 on are updated"),
        (DAEMONS, {"updateStrategy": {"type": "OnDelete"}}, "DaemonSet default/web: 3 pods keep the old template: its updateStrategy is OnDelete"),
        (web(), {}, ""),
        (SETS, {}, ""),
        (DAEMONS, {}, ""),
    ],
)
def test_a_template_that_pods_do_not_take_on(tmp_path: Path, workload: Made, spec: Made, said: str) -> None:
    newer = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": NEWER}}
    found = plan(tmp_path, [workload, SERVICE], [changed(workload, template=newer, **spec)])
    assert found == ([("KP606", said)] if said else [])


# -- configuration -------------------------------------------------------------------------------------------------------


def test_only_keys_that_pods_read_matter(tmp_path: Path) -> None:
    reads = web(containers=container(env=[KEYS]))
    assert plan(tmp_path, [SETTINGS, reads], [{**SETTINGS, "data": {"level": "info", "other": "x"}}]) == []
    ((code, _),) = plan(tmp_path, [SETTINGS, reads], [{**SETTINGS, "data": {"level": "debug"}}])
    assert code == "KP803"


@pytest.mark.parametrize(("role", "missing"), [("edit", False), ("system:node-reader", False), ("cluster-admn", True)])
def test_a_cluster_role_that_no_cluster_brings_along(tmp_path: Path, role: str, missing: bool) -> None:
    binding = {**BINDING, "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role}}
    found = [("KP404", f"RoleBinding default/it: refers to ClusterRole {role}, which does not exist")]
    assert plan(tmp_path, [binding]) == (found if missing else [])


def test_pods_that_are_driven_away_are_told_with_what_does_it(tmp_path: Path) -> None:
    high = {**CLASS, "metadata": {"name": "high"}}
    greedy = web(containers=container(resources={"requests": {"cpu": "3"}}))
    plan(tmp_path, [changed(greedy, replicas=3), high])
    crit = {**web(containers=container(resources={"requests": {"cpu": "3"}}), priorityClassName="high"), "metadata": {"name": "crit", "namespace": "default"}}
    (tmp_path / "crit.json").write_text(json.dumps(changed(crit, replicas=1)))
    said = run(["apply", "--dry-run", "-f", "crit.json", "--cluster", "state0.json"], tmp_path).stdout
    assert "1 pod removed (preempted by pods of higher priority): 1 from kind-worker" in said
    said = run(["taint", "node", "kind-worker", "a=b:NoExecute", "--dry-run", "--cluster", "state0.json"], tmp_path).stdout
    assert "1 pod removed (evicted from a tainted node): 1 from kind-worker" in said


@pytest.mark.parametrize(
    ("probe", "said"),
    [
        ({"readinessProbe": {"httpGet": {"port": "htpp"}}}, "the readinessProbe of container web asks port htpp, which the container does not have: the container is never ready"),
        ({"startupProbe": {"tcpSocket": {"port": "x"}}}, "the startupProbe of container web asks port x, which the container does not have: the container never counts as started, so that it is never ready"),
        ({"livenessProbe": {"httpGet": {"port": "x"}}}, "the livenessProbe of container web asks port x, which the container does not have: nobody notices when the container hangs"),
        ({"readinessProbe": {"httpGet": {"port": "http"}}}, ""),
        ({"readinessProbe": {"httpGet": {"port": 9}}}, ""),
        ({"readinessProbe": {"grpc": {"port": 9}}}, ""),
    ],
)
def test_a_probe_asks_a_port_of_its_container(tmp_path: Path, probe: Made, said: str) -> None:
    other = {"name": "other", "image": "a", "ports": [{"name": "x", "containerPort": 1}]}
    found = plan(tmp_path, [web(containers=[other, *container(ports=[{"name": "http", "containerPort": 80}], **probe)])])
    assert found == ([("KP406", f"Deployment default/web: {said}")] if said else [])


def test_a_claim_that_is_bound_needs_no_class(tmp_path: Path) -> None:
    """Volumes and claims may agree on the name of a class that nobody has made."""
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}}
    volume["spec"] |= {"storageClassName": "manual", "hostPath": {"path": "/mnt"}}
    claim = made("PersistentVolumeClaim", spec={"accessModes": ["ReadWriteOnce"], "storageClassName": "manual", "resources": {"requests": {"storage": "1Gi"}}})
    assert plan(tmp_path, [volume, claim]) == []
    assert plan(tmp_path, [claim]) == [("KP404", "PersistentVolumeClaim default/it: refers to StorageClass manual, which does not exist")]


def test_replicas_that_an_autoscaler_takes_back_at_once(tmp_path: Path) -> None:
    found = [m for code, m in plan(tmp_path, [changed(ASKING, replicas=5), SCALER]) if code == "KP802"]
    assert found == [
        "Deployment default/web: the manifest and an autoscaler disagree on spec.replicas (kubectl: →5, then horizontal-pod-autoscaler-controller: 5→3)"
    ]


def test_there_is_no_heading_without_anything_below(tmp_path: Path) -> None:
    claim = made("PersistentVolumeClaim", spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}})
    pod = made("Pod", "v1", "p", spec={"nodeSelector": {"no": "node"}, "containers": container(), "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "it"}}]})
    plan(tmp_path, [claim, pod])
    said = run(["delete", "pvc", "it", "--dry-run", "--cluster", "state0.json"], tmp_path).stdout
    assert "Because of this:" not in said
