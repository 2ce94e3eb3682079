"""Pods that are refused are told of at the workload that asks for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.checks.test_checks import SETTINGS, WEB, changed, plan


def quota(**hard: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "default"}, "spec": {"hard": hard}}


def test_a_quota_that_is_used_up(tmp_path: Path) -> None:
    ((code, message),) = plan(tmp_path, [SETTINGS, quota(pods="1")], [changed(WEB, replicas=3)])
    assert code == "KP502"
    assert message.startswith('Deployment default/web: 2 of 3 pods are not created: pods "web-')
    assert message.endswith("is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1")


def test_not_even_a_replica_set(tmp_path: Path) -> None:
    ((code, message),) = plan(tmp_path, [SETTINGS, quota(**{"count/replicasets.apps": "0"})], [WEB])
    assert code == "KP502"
    assert message.startswith("Deployment default/web: its ReplicaSet is not created: Failed to create new replica set")


def test_room_in_time(tmp_path: Path) -> None:
    assert plan(tmp_path, [SETTINGS, quota(pods="1")], [changed(WEB, replicas=3), quota(pods="3")]) == []


def test_what_was_refused_before_is_not_told_again(tmp_path: Path) -> None:
    steps = [SETTINGS, quota(pods="1")], [changed(WEB, replicas=3)], [{**SETTINGS, "data": {"more": "x"}}]
    assert "KP502" not in [code for code, _ in plan(tmp_path, *steps)]
