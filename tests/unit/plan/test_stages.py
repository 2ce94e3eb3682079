"""Who set which field: the table ``tests/cases/plan/stages.yaml``, and what recording costs nobody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kplan.apiserver.stages import overlaid
from kplan.load.cluster import load_cluster
from kplan.model.objects import Ref
from kplan.pipeline import Session
from tests.oracle.running import run
from tests.tables import rows

KEYS = "manifest of set_by lines cluster every"



def explained(case: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    (folder / "manifest.yaml").write_text(case["manifest"])
    items = [*load_cluster("profile:kind", "1.36"), *case.get("cluster", ())]
    (folder / "cluster.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    argv = ["explain", "--defaults", case["of"], "-n", "default", "-f", "manifest.yaml", "--cluster", "cluster.json", "-o", "json"]
    said = run(argv, folder)
    assert said.code == 0, said.stderr
    objects: list[dict[str, Any]] = json.loads(said.stdout)["objects"]
    return objects


@pytest.mark.parametrize("case", rows("plan/stages", KEYS))
def test_stages(case: dict[str, Any], tmp_path: Path) -> None:
    objects = explained(case, tmp_path)
    assert len(objects) > 1 if case.get("every") else len(objects) == 1
    for obj in objects:
        assert {path: obj["set_by"].get(path, "") for path in case["set_by"]} == case["set_by"]
        for path, line in case.get("lines", {}).items():
            assert obj["lines"].get(path) == line
        assert all(obj["set_by"][path] == "user" for path in obj["lines"])


def test_nothing_is_recorded_unless_asked_for() -> None:
    session = Session.open(load_cluster("profile:kind", "1.36"), version="1.36")
    session.server.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "default"}}, user=True)
    session.settle()
    assert [w for w in session.store.journal.writes if w.stages is not None] == []


def test_what_is_recorded_mirrors_what_is_stored() -> None:
    session = Session.open(load_cluster("profile:kind", "1.36"), version="1.36", stages=True)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
    session.server.create(pod, user=True)
    session.settle()

    def mirrors(stages: Any, value: Any) -> bool:
        if isinstance(stages, str):
            return True
        if isinstance(stages, list):
            return len(stages) == len(value) and all(map(mirrors, stages, value))
        return stages.keys() == value.keys() and all(mirrors(stages[k], value[k]) for k in stages)

    writes = [w for w in session.store.journal.writes if w.ref == Ref("Pod", "default", "p")]
    assert len(writes) > 2
    assert all(w.stages is not None and mirrors(w.stages, w.after) for w in writes)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, "old"),
        ({"a": 1}, {"a": 1, "b": 2}, {"a": "old", "b": "new"}),
        ({"a": 1}, {"b": 2}, "new"),
        ({"a": {}}, {"a": {"b": 1}}, "new"),
        ([{"name": "x"}, {"name": "y"}], [{"name": "y"}, {"name": "z"}], ["old", "new"]),
        (["-a", "-b"], ["-b", "-a"], "old"),
        (["-a"], ["-a", "-b"], ["old", "new"]),
    ],
)
def test_what_differs_is_set_by_the_new_stage(before: Any, after: Any, expected: Any) -> None:
    assert overlaid(before, "old", after, "new") == expected
