"""The arithmetic of Deployments: how far a rollout may go, whether it moves, which share a ReplicaSet gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kplan.controllers.deployment.conditions import remove_condition, set_condition
from kplan.controllers.deployment.fenceposts import (
    counted,
    max_unavailable,
    min_available,
    new_rs_new_replicas,
    resolve_fenceposts,
    wanted,
)
from kplan.controllers.deployment.progress import has_timed_out, is_complete, is_progressing
from kplan.controllers.deployment.revisions import (
    equal_ignore_hash,
    find_new_replica_set,
    last_revision,
    new_replica_set_annotations,
    number_in,
)
from kplan.controllers.deployment.scaling import fraction
from kplan.controllers.deployment.sync import replica_set_name, terminating
from tests.oracle.running import run

HISTORY = "deployment.kubernetes.io/revision-history"
REVISION = "deployment.kubernetes.io/revision"


def deployment(replicas: int, surge: int | str = 1, unavailable: int | str = 1, **more: Any) -> dict[str, Any]:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    return {"metadata": {}, "spec": {"replicas": replicas, "strategy": strategy}, **more}


def recreate(replicas: int) -> dict[str, Any]:
    return {"metadata": {}, "spec": {"replicas": replicas, "strategy": {"type": "Recreate"}}}


def replica_set(size: int, annotations: dict[str, str] | None = None, **status: int) -> dict[str, Any]:
    return {"metadata": {"annotations": annotations or {}}, "spec": {"replicas": size}, "status": status}


@pytest.mark.parametrize(
    ("surge", "unavailable", "desired", "both"),
    [
        ("0%", "0%", 0, (0, 1)),
        ("39%", "39%", 10, (4, 3)),
        (None, "39%", 10, (0, 3)),
        ("39%", None, 10, (4, 0)),
        (None, None, 10, (0, 1)),
        (0, "100%", 7, (0, 7)),
        ("100%", 0, 7, (7, 0)),
        ("1%", "1%", 10, (1, 0)),
    ],
)
def test_percentages_of_surge_round_up_and_of_unavailability_down(
    surge: str | None, unavailable: str | None, desired: int, both: tuple[int, int]
) -> None:
    assert resolve_fenceposts(surge, unavailable, desired) == both


@pytest.mark.parametrize(
    ("replicas", "unavailable", "most"),
    [(10, 5, 5), (10, 10, 10), (5, 10, 5), (0, 10, 0), (10, "50%", 5), (10, "60%", 6), (10, "100%", 10), (5, "100%", 5)],
)
def test_no_more_than_all_can_be_unavailable(replicas: int, unavailable: int | str, most: int) -> None:
    d = deployment(replicas, 1, unavailable)
    assert (max_unavailable(d), min_available(d)) == (most, replicas - most)


def test_nothing_is_to_stay_available_while_all_is_recreated() -> None:
    assert (max_unavailable(recreate(3)), min_available(recreate(3))) == (0, 0)


@pytest.mark.parametrize(
    ("d", "size", "new"),
    [(deployment(1, 1), 5, 5), (deployment(6, 10), 2, 6), (recreate(3), 1, 3), (deployment(6, 1), 0, 2), (deployment(10, "25%"), 0, 8)],
)
def test_the_new_replica_set_grows_by_the_room_beside_five_old_pods(d: dict[str, Any], size: int, new: int) -> None:
    assert new_rs_new_replicas(d, 5, size) == new


@pytest.mark.parametrize(
    ("counts", "complete"),
    [
        ((5, 5, 5, 4), False),
        ((5, 5, 5, 3), False),
        ((5, 5, 5, 5), True),
        ((5, 5, 4, 5), False),
        ((1, 2, 1, 1), False),
        ((1, 1, 1, 0), False),
    ],
)
def test_complete_means_all_updated_all_available_and_none_old(counts: tuple[int, int, int, int], complete: bool) -> None:
    desired, there, updated, available = counts
    assert is_complete(deployment(desired), {"replicas": there, "updatedReplicas": updated, "availableReplicas": available}) is complete


def test_what_has_not_been_observed_is_not_complete() -> None:
    d = deployment(1)
    d["metadata"]["generation"] = 2
    status = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "observedGeneration": 1}
    assert not is_complete(d, status)
    assert is_complete(d, {**status, "observedGeneration": 2})


def counts(there: int, updated: int, ready: int, available: int) -> dict[str, int]:
    return {"replicas": there, "updatedReplicas": updated, "readyReplicas": ready, "availableReplicas": available}


@pytest.mark.parametrize(
    ("before", "now", "moves"),
    [
        ((10, 4, 4, 4), (10, 6, 4, 4), True),
        ((10, 4, 4, 4), (10, 4, 4, 4), False),
        ((10, 4, 6, 6), (8, 4, 6, 6), True),
        ((10, 7, 3, 3), (10, 6, 3, 3), False),
        ((10, 4, 7, 7), (8, 8, 5, 5), True),
        ((10, 10, 9, 8), (10, 10, 10, 8), True),
        ((10, 10, 10, 9), (10, 10, 10, 10), True),
    ],
)
def test_progress_is_more_new_pods_or_fewer_old_ones(before: tuple[int, ...], now: tuple[int, ...], moves: bool) -> None:
    assert is_progressing(deployment(10, status=counts(*before)), counts(*now)) is moves


@pytest.mark.parametrize(
    ("deadline", "reason", "waited", "timed_out"),
    [
        (None, "", 11, False),
        (2**31 - 1, "", 11, False),
        (10, "", 11, True),
        (10, "", 10, False),
        (10, "", 9, False),
        (10, "NewReplicaSetAvailable", 11, False),
        (10, "ProgressDeadlineExceeded", 0, True),
    ],
)
def test_a_deadline_is_exceeded_when_more_time_has_passed(deadline: int | None, reason: str, waited: int, timed_out: bool) -> None:
    d = {"metadata": {}, "spec": {"progressDeadlineSeconds": deadline}}
    conditions = [{"type": "Progressing", "status": "True", "reason": reason, "lastUpdateTime": "1970-01-01T00:01:00Z"}]
    assert has_timed_out(d, conditions, 60.0 + waited) is timed_out
    assert not has_timed_out(d, [], 60.0 + waited)


@pytest.mark.parametrize(
    ("text", "number"),
    [(None, None), ("invalid", None), ("-1", None), ("0", 0), ("13", 13), ("2147483647", 2147483647), ("2147483648", None), ("4294967295", None)],
)
def test_numbers_in_annotations_are_not_negative_and_fit_32_bits(text: str | None, number: int | None) -> None:
    assert number_in(replica_set(1, {} if text is None else {"n": text}), "n") == number


@pytest.mark.parametrize(
    ("desired", "there", "surge", "size", "most", "share"),
    [
        (0, 0, 0, 10, None, -10),
        (10, 0, 0, 5, None, 0),
        (10, 0, 0, 5, "0", 0),
        (120, 100, 0, 50, None, 10),
        (120, 100, 0, 50, "0", 10),
        (120, 0, 0, 50, "100", 10),
        (120, 0, 10, 50, "110", 9),
        (10, 0, 0, 6, "12", -1),
        (100, 0, 10, 50, "130", -8),
    ],
)
def test_a_replica_set_keeps_its_share_of_the_greatest_size(
    desired: int, there: int, surge: int, size: int, most: str | None, share: int
) -> None:
    notes = {} if most is None else {"deployment.kubernetes.io/max-replicas": most}
    assert fraction(replica_set(size, notes), deployment(desired, surge, status={"replicas": there})) == share


def test_counts_of_several_replica_sets() -> None:
    first = replica_set(1, replicas=2, terminatingReplicas=3, observedGeneration=1)
    second = replica_set(2, replicas=3, terminatingReplicas=1)
    unseen, silent = replica_set(3), replica_set(1, replicas=1, observedGeneration=1)
    rows = [
        ([first], (1, 2, 3)),
        ([first, second], (3, 5, 4)),
        ([unseen], (3, 0, 0)),
        ([first, second, unseen], (6, 5, 4)),
        ([silent], (1, 1, None)),
        ([first, second, unseen, silent], (7, 6, None)),
    ]
    for sets, expected in rows:
        assert (wanted(sets), counted(sets, "replicas"), terminating(sets)) == expected


def template(node_selector: dict[str, str], **labels: str) -> dict[str, Any]:
    named = {k.replace("_", "-"): v for k, v in labels.items()}
    return {"metadata": {"labels": named}, "spec": {"nodeName": "n", "nodeSelector": node_selector}}


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (template({}, pod_template_hash="1", some="x"), template({}, pod_template_hash="1", some="x"), True),
        (template({}, pod_template_hash="1", some="x"), template({}, pod_template_hash="2", some="x"), True),
        (template({}, some="x"), template({}, pod_template_hash="2", some="x"), True),
        (template({}, some="x"), template({}, pod_template_hash="2"), False),
        (template({}, pod_template_hash="1"), template({}, pod_template_hash="1", some="x"), False),
        (template({"a": "v"}, some="x"), template({"b": "v"}, some="x"), False),
        (template({}, some="x"), template({}, none="x"), False),
        ({"metadata": {}, "spec": {"nodeName": "n"}}, template({}), True),
    ],
)
def test_templates_are_compared_without_their_hash(a: dict[str, Any], b: dict[str, Any], equal: bool) -> None:
    assert equal_ignore_hash(a, b) is equal
    assert equal_ignore_hash(b, a) is equal


def test_of_several_replica_sets_of_the_template_the_oldest_is_the_new_one() -> None:
    def made(name: str, minute: int, image: str) -> dict[str, Any]:
        spec = {"template": {"metadata": {}, "spec": {"image": image}}}
        return {"metadata": {"name": name, "creationTimestamp": f"2026-01-01T00:0{minute}:00Z"}, "spec": spec}

    d = {"metadata": {}, "spec": {"template": {"metadata": {}, "spec": {"image": "v2"}}}}
    younger, older, other = made("a", 2, "v2"), made("b", 1, "v2"), made("c", 0, "v1")
    assert find_new_replica_set(d, [younger, other]) is younger
    assert find_new_replica_set(d, [younger, other, older]) is older
    assert find_new_replica_set(d, [other]) is None


def test_former_revisions_are_kept_as_far_as_there_is_room() -> None:
    d = {"metadata": {"annotations": {REVISION: "1"}}, "spec": {"replicas": 1}}
    notes: dict[str, str] = {}
    for number in range(1, 4):
        notes = new_replica_set_annotations(d, notes, number, exists=True)
    assert (notes[REVISION], notes[HISTORY]) == ("3", "1,2")
    notes = {REVISION: "999", HISTORY: ",".join(str(n) for n in range(500, 999))}
    after = new_replica_set_annotations(d, notes, 1000, exists=True)
    assert after[HISTORY].startswith("501,") or after[HISTORY].startswith("500,")
    assert len(after[HISTORY]) <= 2000 and after[HISTORY].endswith(",998,999")


def test_a_lower_number_changes_no_revision() -> None:
    d = {"metadata": {}, "spec": {"replicas": 1}}
    assert new_replica_set_annotations(d, {REVISION: "7"}, 5, exists=True) == {REVISION: "7"}


def test_an_undo_goes_to_the_second_highest_revision() -> None:
    sets = [replica_set(0, {REVISION: text}) for text in ("1", "4", "x", "3")]
    assert last_revision(sets) == 3
    assert last_revision(sets[:1]) == 0


def test_conditions_are_replaced_by_type() -> None:
    available = {"type": "Available", "status": "True", "reason": "A"}
    failing = {"type": "Progressing", "status": "False", "reason": "B"}
    moving = {"type": "Progressing", "status": "True", "reason": "C"}
    assert list(set_condition([], available)) == [available]
    assert list(set_condition([failing], available)) == [failing, available]
    assert list(set_condition([failing], moving)) == [moving]
    assert list(remove_condition([failing, available], "Progressing")) == [available]
    assert list(remove_condition([failing], "ReplicaFailure")) == [failing]
    assert list(remove_condition([], "Progressing")) == []


@pytest.mark.parametrize(
    ("deployment_name", "digest", "name"),
    [
        ("web", "abcde12345", "web-abcde12345"),
        ("a" * 242, "abcde12345", "a" * 242 + "-abcde12345"),
        ("b" * 250, "abcde12345", "b" * 242 + "-abcde12345"),
    ],
)
def test_long_names_are_cut_before_the_hash(deployment_name: str, digest: str, name: str) -> None:
    assert replica_set_name(deployment_name, digest) == name


# The Deployment of Kubernetes' own documentation, and what clusters of each minor call its ReplicaSet.
DOCUMENTED = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: nginx-deployment, labels: {app: nginx}}
spec:
  replicas: 3
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec: {containers: [{name: nginx, image: "nginx:1.14.2", ports: [{containerPort: 80}]}]}
"""
HASHES = {"1.31": "d556bf558", "1.32": "647677fc66", "1.33": "647677fc66", "1.34": "bf744486c", "1.35": "77bc6bd484"}


@pytest.mark.parametrize("minor", sorted(HASHES))
def test_each_minor_has_hashes_of_its_own(minor: str, tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(DOCUMENTED)
    said = run(["apply", "--dry-run", "-f", "web.yaml", "--kubernetes-version", minor], tmp_path)
    assert f"+ ReplicaSet default/nginx-deployment-{HASHES[minor]} " in said.stdout
