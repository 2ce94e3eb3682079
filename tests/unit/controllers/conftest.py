"""Small worlds out of shorthand, and one reconcile in them.

A row of a table says only what matters; the real defaulting completes the objects, and the real API server answers the
controller's actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from kplan.apiserver.outcome import Outcome
from kplan.apiserver.server import APIServer
from kplan.apiserver.strategy import StrategyContext, strategy_for
from kplan.catalog.catalog import Catalog
from kplan.catalog.gates import Gates
from kplan.engine.contract import Context, Create, Delete, Emit, Evict, Noop, Options, Requeue, Update
from kplan.model.instants import write_instant
from kplan.model.names import Names
from kplan.model.objects import Object, Ref, get_in, group_kind, thaw
from kplan.store.store import Store
from tests import volumes

NOW = 1_800_000_000.0
"""The present of every table: 2027-01-15T08:00:00Z, a Friday."""
VERSIONS = {
    "Deployment": "apps/v1",
    "ReplicaSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ControllerRevision": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "PodDisruptionBudget": "policy/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    "EndpointSlice": "discovery.k8s.io/v1",
    "StorageClass": "storage.k8s.io/v1",
    "Rollout": "example.com/v1",
}
_SELECTED = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")
_TOP_LEVEL = ("subsets", "endpoints", "ports", "addressType", "provisioner", "volumeBindingMode", "mountOptions")
_CLUSTER = ("Node", "Namespace", "PersistentVolume", "CustomResourceDefinition", "StorageClass")


def ref(text: str) -> Ref:
    """The identity of ``ReplicaSet web-1``, in the namespace default."""
    kind, _, name = text.partition(" ")
    return Ref(group_kind(VERSIONS.get(kind, "v1"), kind), "" if kind in _CLUSTER else "default", name)


def merge(a: Any, b: Any) -> Any:
    """``a`` with ``b`` laid over it, mapping by mapping."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return {**a, **{k: merge(a.get(k), v) if k in a else v for k, v in b.items()}}
    return b


def seconds_ago(seconds: float) -> str:
    """An instant as objects write it."""
    return write_instant(NOW - seconds)


def at(obj: Any, path: str) -> Any:
    """The value at a dotted path; a number is an index, ``\\.`` is a dot."""
    steps = [s.replace("\0", ".") for s in path.replace("\\.", "\0").split(".")]
    return get_in(obj, [int(s) if s.isdigit() else s for s in steps])


@dataclass
class World:
    """A cluster of a few objects at one instant."""

    store: Store = field(default_factory=Store)
    catalog: Catalog = field(default_factory=lambda: Catalog.at("1.36"))
    options: Options = field(default_factory=Options)
    now: float = NOW
    gates: Mapping[str, bool] = field(default_factory=dict)
    """Feature gates that are not at their defaults."""

    def __post_init__(self) -> None:
        self.server = APIServer(self.store, self.catalog, Names(0), now=self.now)
        gates = Gates({**self.catalog.gates.enabled, **self.gates})
        self.context = Context(self.now, gates, self.server.names, self.options, self.server.kind_info, resolve=self.server.resolve)
        self.add({"Namespace": "default", "status": {"phase": "Active"}})
        self.add({"ServiceAccount": "default"})

    def add(self, row: Mapping[str, Any]) -> None:
        """Put in what a row of shorthand says."""
        given = dict(row)
        kind = next(iter(given))
        name = given.pop(kind)
        count = given.pop("count", None)
        names = [name] if count is None else [f"{name}-{i}" for i in range(count)]
        for i, n in enumerate(names):
            self.store.load(self._complete(kind, n, given, i))

    def add_tracked(self, job: str, texts: list[str]) -> None:
        """Put in pods of a Job that it has not counted yet: ``2 Running``, ``1 Succeeded at 3``; Ready ones run."""
        for i, text in enumerate(texts):
            words = text.split()
            count, state = int(words[0]), words[1]
            row: dict[str, Any] = {"Pod": f"pod-{i}", "count": count, "of": job, "finalizers": ["batch.kubernetes.io/job-tracking"]}
            row["phase"] = "Running" if state in ("Ready", "Terminating") else state
            row["ready"], row["deleting"] = state == "Ready", state == "Terminating"
            if words[2:]:
                row["index"] = words[3]
            self.add(row)

    def _complete(self, kind: str, name: str, given: Mapping[str, Any], i: int) -> Object:
        made: dict[str, Any] = {
            "apiVersion": VERSIONS.get(kind, "v1"),
            "kind": kind,
            "metadata": {
                "name": name,
                "uid": given.get("uid", f"uid-{kind}-{name}"),
                "resourceVersion": "1",
                "generation": given.get("generation", 1),
                "creationTimestamp": seconds_ago(given.get("age", 100)),
            },
        }
        if kind not in _CLUSTER:
            made["metadata"]["namespace"] = "default"
        made = self._shorthand(kind, made, dict(given), i)
        for part in ("metadata", "spec", "status", "data", *_TOP_LEVEL):
            if part in given:
                made[part] = merge(made.get(part) or {}, given[part])
        draft = thaw(made)
        strategy_for(group_kind(draft["apiVersion"], kind)).default(draft, StrategyContext(self.catalog.gates, self.store, self.now))
        return draft

    def _shorthand(self, kind: str, made: dict[str, Any], given: dict[str, Any], i: int) -> dict[str, Any]:
        meta = made["metadata"]
        for key in ("labels", "annotations", "finalizers"):
            if key in given:
                meta[key] = given[key]
        if given.get("deleting"):
            meta["deletionTimestamp"], meta["deletionGracePeriodSeconds"] = seconds_ago(1), 30 if kind == "Pod" else 0
        if "of" in given:
            owner = self.store.get(ref(given["of"]))
            assert owner is not None, given["of"]
            meta["ownerReferences"] = [
                {k: owner[k] for k in ("apiVersion", "kind")}
                | {"name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}
            ]
        if kind in (*_SELECTED, "Job"):
            self._workload(kind, made, given)
        elif kind == "Pod":
            self._pod(made, given, i)
        elif kind in ("PersistentVolume", "PersistentVolumeClaim"):
            made = merge(made, volumes.volume(given) if kind == "PersistentVolume" else volumes.claim(given))
            meta["annotations"] = made.pop("annotations")
        elif kind == "EndpointSlice" and "holds" in given:
            self._piece(made, given)
        elif kind == "ControllerRevision":
            made["revision"] = given.get("revision", 0)
        elif kind == "Node":
            made["spec"] = {"taints": given["taints"]} if "taints" in given else {}
        return made

    def _workload(self, kind: str, made: dict[str, Any], given: dict[str, Any]) -> None:
        labels = given.get("selector", {"app": "web"})
        template = {
            "metadata": {"labels": {**labels, **given.get("podLabels", {})}},
            "spec": {"containers": [{"name": "main", "image": f"web:{given.get('template', 'v1')}"}]},
        }
        made["spec"] = {"selector": {"matchLabels": labels}, "template": template}
        if kind == "Job":
            template["spec"]["restartPolicy"] = "Never"
        if "replicas" in given:
            made["spec"]["replicas"] = given["replicas"]
        if kind == "ReplicaSet" and "of" in given:
            made["metadata"].setdefault("labels", dict(labels))
        if "surge" in given or "unavailable" in given:
            made["spec"]["strategy"] = {
                "rollingUpdate": {"maxSurge": given.get("surge", 0), "maxUnavailable": given.get("unavailable", 0)},
            }
        if "revision" in given:
            made["metadata"].setdefault("annotations", {})["deployment.kubernetes.io/revision"] = str(given["revision"])
        if "desired" in given:
            notes = made["metadata"].setdefault("annotations", {})
            desired, most = given["desired"]
            notes["deployment.kubernetes.io/desired-replicas"], notes["deployment.kubernetes.io/max-replicas"] = str(desired), str(most)
        if "available" in given:
            there = given.get("there", given.get("replicas", 1))
            counts = {"replicas": there, "fullyLabeledReplicas": there, "readyReplicas": given["available"], "availableReplicas": given["available"]}
            status = {k: n for k, n in counts.items() if n or k == "replicas"}
            made["status"] = {**status, "observedGeneration": 1, "terminatingReplicas": 0}

    def _piece(self, made: dict[str, Any], given: dict[str, Any]) -> None:
        """The slice of the endpoint-slice controller that holds the pods of a name."""
        pods = [p for p in self.store.objects("Pod") if p["metadata"]["name"].rpartition("-")[0] == given["holds"]]
        ready = {"ready": not given.get("unready"), "serving": not given.get("unready"), "terminating": False}
        made["metadata"]["labels"] = {
            "kubernetes.io/service-name": "web",
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        }
        made |= {
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            "endpoints": [
                {
                    "addresses": [p["status"]["podIP"]],
                    "conditions": ready,
                    "nodeName": p["spec"]["nodeName"],
                    "targetRef": {"kind": "Pod", "namespace": "default", "name": p["metadata"]["name"], "uid": p["metadata"]["uid"]},
                    "zone": "za",
                }
                for p in pods
            ],
        }

    def _pod(self, made: dict[str, Any], given: dict[str, Any], i: int) -> None:
        meta, phase = made["metadata"], given.get("phase", "Running")
        meta.setdefault("labels", {"app": "web"})
        made["spec"] = {"containers": [{"name": "main", "image": "web:v1"}]}
        nodes = given.get("node", "n1")
        node = nodes[i] if isinstance(nodes, list) else nodes
        if node:
            made["spec"]["nodeName"] = node
        ready = given.get("ready", phase == "Running")
        since = seconds_ago(given.get("readyFor", given.get("age", 100)))
        made["status"] = {
            "phase": phase,
            "startTime": seconds_ago(given.get("age", 100)),
            "conditions": [{"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": since}],
        }
        if "ips" in given:
            ip = f"{given['ips']}.{i // 256}.{i % 256}"
            made["status"] |= {"podIP": ip, "podIPs": [{"ip": ip}]}
        if "made" in given:
            meta["labels"] = {**meta["labels"], "controller-revision-hash": given["made"]}
            if given["of"].startswith("StatefulSet"):
                meta["labels"]["statefulset.kubernetes.io/pod-name"] = meta["name"]
        if "index" in given:
            meta.setdefault("annotations", {})["batch.kubernetes.io/job-completion-index"] = str(given["index"])
        if "exitCode" in given:
            ended = {"exitCode": given["exitCode"], "finishedAt": since}
            made["status"]["containerStatuses"] = [{"name": "main", "state": {"terminated": ended}}]
        if "restarts" in given:
            made["status"]["containerStatuses"] = [{"name": "main", "restartCount": given["restarts"]}]

    outcome = staticmethod(volumes.outcome)
    ref = staticmethod(ref)
    at = staticmethod(at)

    # -- acting --------------------------------------------------------------------------------------------------------

    def reconcile(self, controller: Any, key: Any) -> list[dict[str, Any]]:
        """What one reconcile does, as rows of a table write it."""
        said: list[dict[str, Any]] = []
        steps = controller.reconcile(key, self.store, self.context)
        try:
            action = next(steps)
            while True:
                row, answer = self._carry_out(action, controller.name)
                said.append(row)
                action = steps.send(answer)
        except StopIteration:
            return said

    def _carry_out(self, action: Any, actor: str) -> tuple[dict[str, Any], Outcome]:
        match action:
            case Create(obj, because):
                answer = self.server.create(obj, actor=actor, because=because)
                stored = answer.object or obj
                label = f"{obj['kind']} {stored['metadata']['name']}" if "name" in obj["metadata"] else obj["kind"]
                return {"create": label, "object": stored, "because": because, "error": answer.error}, answer
            case Update(obj, because, subresource):
                answer = self.server.update(obj, actor=actor, because=because, subresource=subresource)
                verb = "status" if subresource == "status" else "update"
                return {verb: f"{obj['kind']} {obj['metadata']['name']}", "object": answer.object or obj, "because": because, "error": answer.error}, answer
            case Delete(where, because, propagation, grace, uid):
                answer = self.server.delete(where, actor=actor, because=because, propagation=propagation, grace=grace, uid=uid)
                return {"delete": f"{where.short_kind} {where.name}", "because": because, "error": answer.error}, answer
            case Emit(_, reason, message, kind):
                return {"event": reason, "says": message, "type": kind}, Outcome()
            case Requeue(after, at, background, note):
                seconds = after if after is not None else (at or 0.0) - self.now
                return {"requeue": round(seconds, 3), "background": background, "note": note}, Outcome()
            case Noop(why):
                return {"noop": why}, Outcome()
            case Evict(where, because):
                return {"evict": where.name, "because": because}, Outcome()
        raise AssertionError(action)


@pytest.fixture
def cluster() -> type[World]:
    """Worlds, ``ref`` and ``at`` for tests: ``cluster()``, ``cluster.ref("Pod a")``, ``cluster.at(obj, "spec.replicas")``."""
    return World
