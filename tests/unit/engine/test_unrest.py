"""Objects that never come to rest are found, told with the last writes, and do not keep a plan from ending."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kplan.engine.contract import Context, Key, Requeue, Steps, Update, Watch, own_key
from kplan.model.objects import Object, Ref, replace_in
from kplan.pipeline import Session
from kplan.store.view import View
from tests.oracle.running import run

CONFIG = Ref("ConfigMap", "default", "shared")


class Setter:
    """Wants a value in a ConfigMap, and looks again after a while."""

    priority = 0

    def __init__(self, name: str, value: str, after: float) -> None:
        self.name, self.value, self.after = name, value, after
        self.watches = (Watch("ConfigMap", own_key),) if not after else ()
        self.looked = 0

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Set it."""
        self.looked += 1
        config = view.get(CONFIG)
        assert config is not None
        if config["data"]["value"] != self.value:
            yield Update(replace_in(config, ("data", "value"), self.value), because="wanted")
        if self.after:
            yield Requeue(after=self.after)


class Starter(Setter):
    """One that is also woken by the beginning."""

    def __init__(self, name: str, value: str, after: float) -> None:
        super().__init__(name, value, after)
        self.watches = (Watch("ConfigMap", lambda w, _: (w.ref,) if w.seq == 0 else ()),)


def existing(kind: str, name: str, **rest: Any) -> Object:
    namespace = {"namespace": "default"} if kind == "ConfigMap" else {}
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **namespace, "uid": f"u-{kind}", "resourceVersion": "1"}, **rest}


def settled(*parties: Any) -> Session:
    world = [existing("Namespace", "default", status={"phase": "Active"}), existing("ConfigMap", "shared", data={"value": "zero"}), existing("Node", "n", spec={})]
    session = Session.open(world, version="1.36", controllers=list(parties))
    session.begin()
    return session


def test_two_who_wake_each_other_are_stopped_at_once() -> None:
    session = settled(Setter("a", "one", 0), Setter("b", "two", 0))
    (found,) = session.engine.oscillations
    assert found.ref == CONFIG
    assert set(found.writers) == {"a", "b"}
    assert [w.after["data"]["value"] for w in found.last if w.after] in (["one", "two"] * 2, ["two", "one"] * 2)


def test_two_who_take_turns_over_time_are_stopped() -> None:
    parties = Starter("a", "one", 10), Starter("b", "two", 15)
    session = settled(*parties)
    (found,) = session.engine.oscillations
    assert set(found.writers) == {"a", "b"}
    assert max(p.looked for p in parties) < 30


def test_one_who_has_what_it_wants_is_left_alone() -> None:
    session = settled(Starter("a", "one", 0), Setter("b", "one", 0))
    assert session.engine.oscillations == []


NODE = Ref("Node", "", "n")


class Counting(Setter):
    """Counts for ever in a status."""

    def __init__(self) -> None:
        super().__init__("counter", "", 1)
        self.watches = (Watch("Node", lambda w, _: (w.ref,) if w.seq == 0 else ()),)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Count."""
        self.looked += 1
        node = view.get(NODE)
        assert node is not None
        yield Update({**node, "status": {"phase": f"{self.looked}"}}, because="counting", subresource="status")
        yield Requeue(after=self.after)


def test_a_status_that_changes_for_ever_ends_too() -> None:
    counting = Counting()
    session = settled(counting)
    assert counting.looked <= 1100
    assert [(o.ref, o.writers) for o in session.engine.oscillations] == [(NODE, ("counter",))]


class Looking(Counting):
    """Looks for ever, and does nothing."""

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Look."""
        self.looked += 1
        yield Requeue(after=self.after)


def test_who_looks_for_ever_is_stopped_without_a_word() -> None:
    looking = Looking()
    session = settled(looking)
    assert looking.looked <= 1100
    assert session.engine.oscillations == []


class Impatient(Counting):
    """Wants to look again at this very instant."""

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Look."""
        self.looked += 1
        yield Requeue(at=ctx.now, background=True)


def test_who_does_not_let_the_clock_go_on_is_stopped() -> None:
    impatient = Impatient()
    session = settled(impatient)
    session.settle(3600)
    assert 1000 <= impatient.looked <= 1100


class Watchful(Counting):
    """Looks every second in the background."""

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Look."""
        self.looked += 1
        yield Requeue(after=1, background=True)


def test_who_looks_as_the_user_lets_time_pass_is_left_alone() -> None:
    watchful = Watchful()
    session = settled(watchful)
    session.settle(3600)
    assert watchful.looked == 3601


TWO = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web:1}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: high}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 3, maxReplicas: 4}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: low}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 1, maxReplicas: 2}
"""


def test_two_autoscalers_of_one_target_are_a_finding(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(TWO)
    plan = json.loads(run(["apply", "--dry-run", "-f", "two.yaml", "-o", "json"], tmp_path).stdout)
    assert [o["ref"]["name"] for o in plan["oscillations"]] == ["web"]
    (said,) = [d["message"] for d in plan["diagnostics"] if d["code"] == "KP603"]
    assert "for HorizontalPodAutoscaler default/low (spec.replicas 3→2)" in said
    assert "for HorizontalPodAutoscaler default/high (spec.replicas 2→3)" in said


SHORT_LIVED = """\
apiVersion: v1
kind: Node
metadata: {name: worker, labels: {drill: "on"}}
spec: {taints: [{key: drill, effect: NoExecute}]}
status: {allocatable: {cpu: "8", memory: 8Gi, pods: "50"}, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeSelector: {drill: "on"}
      containers: [{name: web, image: web:1}]
      tolerations: [{key: drill, effect: NoExecute, operator: Exists, tolerationSeconds: 2}]
"""


def test_pods_that_are_made_only_to_be_evicted_are_a_finding(tmp_path: Path) -> None:
    (tmp_path / "short.yaml").write_text(SHORT_LIVED)
    plan = json.loads(run(["apply", "--dry-run", "-f", "short.yaml", "-o", "json"], tmp_path).stdout)
    (found,) = plan["oscillations"]
    assert found["ref"]["kind"] == "ReplicaSet"
    (said,) = [d["message"] for d in plan["diagnostics"] if d["code"] == "KP603"]
    assert "never comes to rest: replicaset-controller for ReplicaSet default/web-" in said
    assert ", then taint-eviction-controller (metadata.deletionTimestamp" in said


def test_pods_evicted_once_each_are_none(tmp_path: Path) -> None:
    (tmp_path / "short.yaml").write_text(SHORT_LIVED.replace("tolerationSeconds: 2", "tolerationSeconds: 600"))
    plan = json.loads(run(["apply", "--dry-run", "-f", "short.yaml", "-o", "json"], tmp_path).stdout)
    assert plan["oscillations"] == []


REFUSED = """\
apiVersion: v1
kind: Node
metadata: {name: worker}
status: {allocatable: {cpu: "1", memory: 8Gi, pods: "50"}, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeName: worker
      containers: [{name: web, image: web:1, resources: {requests: {cpu: 800m}}}]
"""


@pytest.mark.parametrize("more", [[], ["--for", "24h"]])
def test_pods_that_a_node_refuses_again_and_again_are_a_finding(tmp_path: Path, more: list[str]) -> None:
    (tmp_path / "full.yaml").write_text(REFUSED)
    plan = json.loads(run(["apply", "--dry-run", "-f", "full.yaml", "-o", "json", *more], tmp_path).stdout)
    (found,) = plan["oscillations"]
    assert found["ref"]["kind"] == "ReplicaSet"
    assert {w["reason"] for w in plan["waiting"]} >= {"OutOfcpu"}
    assert len(plan["waiting"]) < 20


CALM = REFUSED.split("---")[1].replace("web", "other").replace("  replicas: 2\n", "  minReadySeconds: 10\n").replace("800m", "10m").replace("      nodeName: worker\n", "")


def test_other_pods_start_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "full.yaml").write_text(f"{REFUSED}---{CALM}")
    plan = json.loads(run(["apply", "--dry-run", "-f", "full.yaml", "-o", "json"], tmp_path).stdout)
    told = [d["message"] for d in plan["diagnostics"]]
    assert any("ReplicaSet default/web-" in words and "never comes to rest" in words for words in told)
    assert not any("other" in words for words in told)
