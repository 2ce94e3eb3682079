"""``docs/plan-format.md`` names every key of the JSON plan and no other, and its examples are what is printed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.running import run

ROOT = Path(__file__).parents[3]
DOC = (ROOT / "docs" / "plan-format.md").read_text()
SHOP = "fixtures/manifests/shop"
FREE = frozenset(("before", "after", "after_unknown", "set_by"))
"""Below these the keys are those of Kubernetes' objects."""
BROKEN = """
apiVersion: v1
kind: ConfigMap
metadata: {name: Bad_Name, namespace: default}
"""


@pytest.fixture(scope="module")
def shop() -> Any:
    return json.loads(run(["apply", "--dry-run", "-f", SHOP, "-o", "json"], ROOT).stdout)


@pytest.fixture(scope="module")
def plans(shop: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Plans that have everything in them: creates, updates, deletes, refusals, timers, findings."""
    folder = tmp_path_factory.mktemp("plans")
    (folder / "bad.yaml").write_text(BROKEN)
    run(["apply", "--dry-run", "-f", SHOP, "--state-out", str(folder / "shop.json"), "-o", "json"], ROOT)
    more = (
        ["apply", "--dry-run", "-f", "bad.yaml", "-o", "json"],
        ["scale", "deployment/web", "--replicas=1", "-n", "shop", "--dry-run", "--cluster", "shop.json", "-o", "json"],
        ["delete", "namespace", "shop", "--dry-run", "--cluster", "shop.json", "-o", "json"],
    )
    return [shop, *(json.loads(run(argv, folder).stdout) for argv in more)]


def keys(value: Any) -> Iterator[str]:
    """The keys of the format: not those of Kubernetes' objects in it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in FREE:
                yield from keys(inner)
    elif isinstance(value, list):
        for item in value:
            yield from keys(item)


def holds(found: Any, example: Any) -> bool:
    """Whether a value has all that an example shows of it."""
    if isinstance(example, dict):
        return isinstance(found, dict) and all(k in found and holds(found[k], v) for k, v in example.items())
    if isinstance(example, list):
        return isinstance(found, list) and len(found) == len(example) and all(map(holds, found, example))
    return type(found) is type(example) and bool(found == example)


def nodes(value: Any) -> Iterator[Any]:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(inner)


def test_every_key_is_documented(plans: list[Any]) -> None:
    emitted = {k for plan in plans for k in keys(plan)}
    assert len(emitted) > 40
    assert sorted(k for k in emitted if f"`{k}`" not in DOC) == []


def test_every_documented_key_is_emitted(plans: list[Any]) -> None:
    rows = [line.split("|")[1] for line in DOC.splitlines() if line.startswith("| `") and "exit" not in line]
    listed = {k for row in rows for k in re.findall(r"`([a-z_]+)`", row)} - {"user", "kubectl", "default", "conversion", "server", "scheduler", "kubelet", "cluster"}
    emitted = {k for plan in plans for k in keys(plan)}
    assert sorted(listed - emitted) == []


@pytest.mark.parametrize("example", re.findall(r"```json\n(.*?)```", DOC, re.DOTALL))
def test_every_example_is_printed(shop: Any, example: str) -> None:
    wanted = json.loads(example)
    assert any(holds(node, wanted) for node in nodes(shop))


def test_every_stage_is_documented(plans: list[Any]) -> None:
    said = {s for plan in plans for node in nodes(plan) if isinstance(node, dict) and "set_by" in node for s in nodes(node["set_by"]) if isinstance(s, str)}
    kinds = {re.sub(r"/.*", "", s) for s in said}
    assert {"default", "server", "admission", "controller", "scheduler", "kubelet"} <= kinds
    assert sorted(k for k in kinds if f"`{k}`" not in DOC and f"`{k}/" not in DOC) == []


def test_the_version_is_the_documented_one(shop: Any) -> None:
    assert f"`format_version` is `{shop['format_version']}`" in DOC
