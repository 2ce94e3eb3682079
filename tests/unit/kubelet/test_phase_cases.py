"""Runs the table ``tests/cases/kubelet/phase.yaml``: what containers do, and the phase of their pod."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from kplan.kubelet.phase import phase_of

TABLE = Path(__file__).parents[2] / "cases" / "kubelet" / "phase.yaml"


def rows() -> Iterator[Any]:
    for name, case in YAML(typ="safe").load(TABLE)["cases"].items():
        yield pytest.param(case, id=name)


def status(name: str, words: str) -> dict[str, Any]:
    """The status of a container from words like ``waiting after 1``."""
    kind, *rest = words.split()
    ended = {"terminated": {"exitCode": int(rest[-1])}} if rest else {}
    if kind == "exited":
        return {"name": name, "state": ended, "lastState": {}}
    if kind == "waiting":
        return {"name": name, "state": {"waiting": {}}, "lastState": ended}
    return {"name": name, "state": {"running": {}}, "lastState": {}, "started": kind == "started"}


def listed(prefix: str, said: list[str | None]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The containers and their statuses."""
    names = [f"{prefix}{i}" for i in range(len(said))]
    return [{"name": n} for n in names], [status(n, words) for n, words in zip(names, said, strict=True) if words is not None]


@pytest.mark.parametrize("case", list(rows()))
def test_case(case: Mapping[str, Any]) -> None:
    init, init_statuses = listed("init", case.get("init", []))
    sidecars, sidecar_statuses = listed("sidecar", case.get("sidecars", []))
    main, statuses = listed("main", case["main"])
    for container, policy in zip(main, case.get("own", []), strict=False):
        container |= {"restartPolicy": policy} if policy else {}
    for container, rules in zip(main, case.get("rules", []), strict=False):
        container["restartPolicyRules"] = rules
    all_init = [*init, *({**c, "restartPolicy": "Always"} for c in sidecars)]
    spec = {"restartPolicy": case["restart"], "initContainers": all_init, "containers": main}
    assert phase_of(spec, [*init_statuses, *sidecar_statuses], statuses) == case["phase"]
