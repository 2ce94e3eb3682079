"""Laws of a plan: it is empty for a cluster that is planned already, the same bytes for the same input, and never breaks a budget."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from kplan.load.cluster import load_cluster
from kplan.model.intstr import scaled_value
from kplan.pipeline import Session, participants
from tests.oracle.running import run

SHOP = Path(__file__).parents[2] / "fixtures" / "manifests" / "shop"
FILES = sorted(SHOP.glob("*.yaml"))


def plan(files: list[Path], tmp_path: Path, *extra: str) -> dict[str, Any]:
    said = run(["apply", "--dry-run", *(w for f in files for w in ("-f", str(f))), "-o", "json", *extra], tmp_path)
    assert said.code == 0, said.stderr
    return json.loads(said.stdout)  # type: ignore[no-any-return]


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    states = [tmp_path / "one.json", tmp_path / "two.json"]
    texts = [run(["apply", "--dry-run", "-f", str(SHOP), "-o", "json", "--state-out", str(s)], tmp_path).stdout for s in states]
    assert texts[0] == texts[1]
    assert states[0].read_bytes() == states[1].read_bytes()


def test_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    def outcome(files: list[Path]) -> tuple[Any, ...]:
        made = plan(files, tmp_path)
        refs = sorted(json.dumps(c["ref"]) for part in ("changes", "consequences") for c in made[part])
        nodes = sorted(
            (c["ref"]["name"], (c["after"] or {}).get("spec", {}).get("nodeName", "")) for c in made["consequences"] if c["ref"]["kind"] == "Pod"
        )
        return refs, nodes, sorted(json.dumps(u) for u in made["unscheduled"])

    assert outcome(FILES) == outcome(FILES[::-1])


def test_planning_the_planned_cluster_is_empty(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = plan(FILES, tmp_path, "--state-out", str(state))
    assert first["summary"]["has_changes"]
    again = plan(FILES, tmp_path, "--cluster", str(state))
    assert {c["actions"][0] for c in again["changes"]} == {"no-op"}
    assert again["consequences"] == []
    assert again["drift"] == []


def deployment(image: str, *, replicas: int, surge: Any, unavailable: Any) -> dict[str, Any]:
    labels = {"app": "web"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}},
        },
    }


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable"), [(10, "25%", "25%"), (7, 1, 0), (5, 0, 2), (3, "100%", 0), (1, 1, 0), (12, "10%", "34%"), (4, 0, 0)]
)
def test_a_rollout_keeps_its_surge_and_its_availability_at_every_write(replicas: int, surge: Any, unavailable: Any) -> None:
    session = Session.open(load_cluster("profile:kind", "1.36"), version="1.36")
    made = session.server.create(deployment("web:1", replicas=replicas, surge=surge, unavailable=unavailable), user=True)
    if surge == 0 and unavailable == 0:
        assert made.error is not None and "may not be 0 when `maxSurge` is 0" in made.error.message
        return
    session.settle()
    before = session.store.seq
    current = made.object
    assert current is not None
    changed = session.server.update(deployment("web:2", replicas=replicas, surge=surge, unavailable=unavailable), user=True)
    assert changed.ok
    session.settle()
    most = replicas + scaled_value(surge, replicas, round_up=True)
    least = replicas - scaled_value(unavailable, replicas, round_up=False)
    alive: dict[Any, bool] = {}
    for write in session.store.journal.writes:
        if write.ref.kind != "Pod":
            continue
        pod = write.after
        if pod is None or pod["metadata"].get("deletionTimestamp"):
            alive.pop(write.ref, None)
        else:
            ready = any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", []))
            alive[write.ref] = ready
        if write.seq > before:
            assert len(alive) <= most
            assert sum(alive.values()) >= least
    images = Counter(p["spec"]["containers"][0]["image"] for p in session.store.objects("Pod", "default"))
    assert images == {"web:2": replicas}


def test_the_order_of_controllers_changes_nothing() -> None:
    def settled(reverse: bool) -> list[Any]:
        controllers = participants()
        ordered = sorted(controllers, key=lambda c: (c.priority, c.name), reverse=reverse)
        session = Session.open(load_cluster("profile:kind", "1.36"), version="1.36", controllers=ordered)
        session.server.create(deployment("web:1", replicas=4, surge=1, unavailable=1), user=True)
        session.settle()
        session.server.update(deployment("web:2", replicas=4, surge=1, unavailable=1), user=True)
        session.settle()
        return sorted(
            (o["kind"], o["metadata"].get("generateName") or o["metadata"]["name"], json.dumps(o.get("spec", {}).get("replicas")))
            for o in session.store.everything()
        )

    assert settled(False) == settled(True)
