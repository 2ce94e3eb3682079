#!/usr/bin/env python3
"""How many pods a second the scheduler places, all nodes scored, bookkeeping included, on one core.

    python tests/bench/scheduler.py [--nodes 5000] [--pods 30000] [--only NAME] [--growth]

Each workload is 300 Deployments (with their ReplicaSets, so that pods are spread by default as well) on nodes in three
zones.  The writes a binding makes are played: what is measured is the scheduler, not the API server.
"""

from __future__ import annotations

import argparse
import gc
import resource
import time
from collections.abc import Callable
from typing import Any

from kplan.apiserver.outcome import Outcome
from kplan.catalog.catalog import Catalog
from kplan.engine.contract import Bind, Context, Options, Update
from kplan.model.names import Names
from kplan.model.objects import Ref
from kplan.scheduler.scheduler import QUEUE, Scheduler
from kplan.store.store import Store

Spec = dict[str, Any]
BARS = {"requests": 3000, "zone-spread": 1500, "preferred-anti-affinity": 1000, "required-anti-affinity": 800, "all-different": 800}


def node(i: int) -> dict[str, Any]:
    amounts = {"cpu": "32", "memory": "128Gi", "pods": "110", "ephemeral-storage": "200Gi"}
    labels = {"kubernetes.io/hostname": f"n{i}", "topology.kubernetes.io/zone": f"z{i % 3}", "kubernetes.io/os": "linux"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": f"n{i}", "labels": labels},
        "spec": {},
        "status": {"capacity": amounts, "allocatable": amounts},
    }


def template(i: int, extra: Spec) -> Spec:
    requests = {"cpu": f"{100 + i % 7 * 50}m", "memory": f"{128 + i % 5 * 64}Mi"}
    tolerations = [
        {"key": f"node.kubernetes.io/{k}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300} for k in ("not-ready", "unreachable")
    ]
    container = {"name": "c", "image": f"registry.local/app{i}:1", "resources": {"requests": requests}}
    return {"containers": [container], "tolerations": tolerations, "priority": 0, "schedulerName": "default-scheduler", **extra}


def nothing(i: int) -> Spec:
    return {}


def zone_spread(i: int) -> Spec:
    selector = {"matchLabels": {"app": f"app{i}"}}
    key = "topology.kubernetes.io/zone"
    return {"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector}]}


def _term(i: int) -> Spec:
    return {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": f"app{i}"}}}


def preferred(i: int) -> Spec:
    weighted = [{"weight": 100, "podAffinityTerm": _term(i)}]
    return {"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": weighted}}}


def required(i: int) -> Spec:
    return {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [_term(i)]}}}


WORKLOADS: dict[str, Callable[[int], Spec]] = {
    "requests": nothing,
    "zone-spread": zone_spread,
    "preferred-anti-affinity": preferred,
    "required-anti-affinity": required,
    "all-different": nothing,
}


def objects(nodes: int, pods: int, deployments: int, extra: Callable[[int], Spec], *, different: bool) -> tuple[list[Any], list[Any]]:
    """(the cluster without pods, the pods in the order in which ReplicaSets make them)."""
    cluster: list[Any] = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}, *map(node, range(nodes))]
    made = []
    for d in range(deployments):
        labels = {"app": f"app{d}"}
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"rs{d}", "uid": f"rs{d}", "controller": True}
        cluster.append({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": f"rs{d}", "namespace": "default", "uid": f"rs{d}"}, "spec": {"selector": {"matchLabels": labels}}})
        shared = template(d, extra(d))
        for p in range(pods // deployments):
            spec = shared
            if different:
                spec = template(d, extra(d))
                spec["containers"][0]["resources"]["requests"] = {"cpu": f"{50 + d % 300}m", "memory": f"{64 + d}Mi"}
            name = f"app{d}-{p}"
            meta = {"name": name, "namespace": "default", "uid": f"u-{name}", "labels": labels, "ownerReferences": [owner]}
            made.append({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": {"phase": "Pending"}})
    return cluster, made


def run(name: str, nodes: int, pods: int, deployments: int) -> float:
    different = name == "all-different"
    cluster, made = objects(nodes, pods, pods if different else deployments, WORKLOADS[name], different=different)
    store = Store(cluster)
    catalog = Catalog.at("1.36")
    scheduler = Scheduler()
    ctx = Context(0.0, catalog.gates, Names(0), Options())
    scheduler.start(store, ctx)
    store.observers.append(scheduler.observe)
    gc.collect()
    begin, cpu = time.perf_counter(), time.process_time()
    for pod in made:
        store.commit(Ref("Pod", "default", pod["metadata"]["name"]), pod, at=0.0, actor="bench", because="bench")
    bound = failed = 0
    steps = scheduler.reconcile(QUEUE, store, ctx)
    outcome = Outcome(changed=False)
    try:
        action = next(steps)
        while True:
            outcome = Outcome(changed=False)
            if isinstance(action, Bind):
                before = store.get(action.pod)
                assert before is not None
                after = {**before, "spec": {**before["spec"], "nodeName": action.node}}
                store.commit(action.pod, after, at=0.0, actor="default-scheduler", because="scheduled")
                bound += 1
            elif isinstance(action, Update):
                failed += 1
            action = steps.send(outcome)
    except StopIteration:
        pass
    took, used = time.perf_counter() - begin, time.process_time() - cpu
    speed = len(made) / took
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    bar = f"bar {BARS[name]}"
    print(f"{name:<24} {nodes} nodes {len(made)} pods: {speed:7.0f} pods/s ({bar})  {took:6.1f} s ({used:.1f} s cpu: {len(made) / used:.0f}/s)  bound {bound}, unschedulable {failed}, {memory:.0f} MB", flush=True)
    return speed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=5000)
    parser.add_argument("--pods", type=int, default=30000)
    parser.add_argument("--deployments", type=int, default=300)
    parser.add_argument("--only", choices=WORKLOADS)
    parser.add_argument("--growth", action="store_true", help="how time grows with nodes and with pods")
    args = parser.parse_args()
    if args.growth:
        for nodes in (500, 1000, 2000, 5000):
            run("requests", nodes, 5000, args.deployments)
        for pods in (5000, 10000, 20000, 50000):
            run("requests", 2000, pods, args.deployments)
        return
    for name in WORKLOADS:
        if args.only in (None, name):
            run(name, args.nodes, 5000 if name == "all-different" else args.pods, args.deployments)


if __name__ == "__main__":
    main()
