"""How long a whole plan takes: nodes, pods from Deployments, every controller and the scheduler.

    python tests/bench/plan.py NODES DEPLOYMENTS REPLICAS [UPDATED]

With UPDATED, that many Deployments then get another image.
"""

from __future__ import annotations

import gc
import resource
import sys
import time

from generate import deployment, node

from kplan.load.cluster import load_cluster
from kplan.pipeline import Session


def roll(session: Session, updated: int, replicas: int) -> None:
    """Roll out another image of some Deployments, and print the seconds."""
    begun = time.perf_counter()
    for i in range(updated):
        changed = deployment(i, replicas)
        changed["spec"]["template"]["spec"]["containers"][0]["image"] += "-next"
        outcome = session.server.update(changed, user=True)
        assert outcome.ok, outcome.error
    session.settle()
    left = sum(o["status"].get("updatedReplicas") != replicas for o in session.store.objects("Deployment.apps")[:updated])
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"rolling update of {updated}: {time.perf_counter() - begun:.1f} s, {megabytes:.0f} MB; {left} not complete")


def main(nodes: int, deployments: int, replicas: int, updated: int = 0) -> None:
    """Plan, and print seconds and memory."""
    gc.disable()
    base = list(load_cluster("profile:empty", "1.36"))
    begun = time.perf_counter()
    session = Session.open([*base, *(node(i) for i in range(nodes))], version="1.36")
    session.begin()
    opened = time.perf_counter()
    for i in range(deployments):
        outcome = session.server.create(deployment(i, replicas), user=True)
        assert outcome.ok, outcome.error
    session.settle()
    settled = time.perf_counter()
    plan = session.plan()
    done = time.perf_counter()
    running = sum(p["status"]["phase"] == "Running" for p in session.store.objects("Pod"))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{nodes} nodes, {deployments} deployments × {replicas}: open {opened - begun:.1f} s, settle {settled - opened:.1f} s, "
        f"plan {done - settled:.1f} s, {megabytes:.0f} MB; {running} running, {len(plan.unscheduled)} unscheduled, {len(session.store.journal.writes)} writes"
    )
    if updated:
        roll(session, updated, replicas)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:5]))
