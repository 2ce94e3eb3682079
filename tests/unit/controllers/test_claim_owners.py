"""Who owns the claims of a StatefulSet, policy by policy."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from kplan.controllers.statefulset.claims import has_stale_owner, has_unexpected_controller, is_up_to_date, with_owners
from kplan.controllers.statefulset.identity import (
    identity_matches,
    is_member,
    parent_and_ordinal,
    storage_matches,
    with_identity,
    with_storage,
)

RETAIN, DELETE = "Retain", "Delete"
Reference = dict[str, Any]


def stateful_set(scaled: str = RETAIN, deleted: str = RETAIN, replicas: int = 2) -> dict[str, Any]:
    policy = {"whenScaled": scaled, "whenDeleted": deleted}
    spec = {"replicas": replicas, "persistentVolumeClaimRetentionPolicy": policy, "volumeClaimTemplates": [{"metadata": {"name": "data"}}]}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web", "namespace": "default", "uid": "set"}, "spec": spec}


def pod(ordinal: int = 1) -> dict[str, Any]:
    meta = {"name": f"web-{ordinal}", "namespace": "default", "uid": "pod", "labels": {"statefulset.kubernetes.io/pod-name": f"web-{ordinal}"}}
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": f"data-web-{ordinal}"}}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"volumes": volumes}}


def by(kind: str, name: str, uid: str, *, controller: bool | None = True) -> Reference:
    api = {"StatefulSet": "apps/v1", "Pod": "v1"}.get(kind, "example.com/v1")
    ref: Reference = {"apiVersion": api, "kind": kind, "name": name, "uid": uid}
    return ref if controller is None else {**ref, "controller": controller}


def claim(*refs: Reference) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data-web-1", "ownerReferences": list(refs)}}


OUR_SET, OUR_POD = by("StatefulSet", "web", "set"), by("Pod", "web-1", "pod")
FORMER_SET, FORMER_POD = by("StatefulSet", "web", "earlier"), by("Pod", "web-1", "earlier")
STRANGER = by("Operator", "x", "x")

POLICIES = [
    (RETAIN, RETAIN, 1, set()),
    (RETAIN, RETAIN, 2, set()),
    (RETAIN, DELETE, 1, {"set"}),
    (RETAIN, DELETE, 2, {"set"}),
    (DELETE, RETAIN, 2, {"pod"}),
    (DELETE, RETAIN, 1, set()),
    (DELETE, DELETE, 2, {"pod"}),
    (DELETE, DELETE, 1, {"set"}),
]


@pytest.mark.parametrize(("scaled", "deleted", "ordinal", "owners"), POLICIES)
def test_the_policy_says_who_owns_the_claim(scaled: str, deleted: str, ordinal: int, owners: set[str]) -> None:
    s, p = stateful_set(scaled, deleted), pod(ordinal)
    our_pod = by("Pod", f"web-{ordinal}", "pod")
    others = [by("Pod", "r1", "r1", controller=None), by("Pod", "r2", "r2", controller=None)]
    for with_pod, with_set, with_others in product((False, True), repeat=3):
        refs = [our_pod] * with_pod + [OUR_SET] * with_set + others * with_others
        now = {u for u, there in (("pod", with_pod), ("set", with_set)) if there}
        assert is_up_to_date(claim(*refs), s, p) is (now == owners)
        after = with_owners(claim(*refs), s, p)["metadata"].get("ownerReferences", [])
        assert {r["uid"] for r in after if r.get("controller")} == owners
        assert [r for r in after if r["uid"].startswith("r")] == others * with_others


@pytest.mark.parametrize(
    ("refs", "scaled", "up_to_date"),
    [
        ([{**OUR_POD, "controller": None}], DELETE, False),
        ([FORMER_POD], DELETE, True),
        ([OUR_POD, by("Pod", "Random", "random")], DELETE, False),
        ([OUR_SET], RETAIN, True),
        ([by("StatefulSet", "web", "set", controller=None)], RETAIN, False),
        ([FORMER_SET], RETAIN, True),
        ([OUR_SET, by("StatefulSet", "Random", "random")], RETAIN, False),
        ([STRANGER], RETAIN, True),
        ([by("Operator", "x", "x", controller=None)], RETAIN, False),
    ],
)
def test_what_is_better_not_touched_counts_as_up_to_date(refs: list[Reference], scaled: str, up_to_date: bool) -> None:
    assert is_up_to_date(claim(*refs), stateful_set(scaled, DELETE), pod(1)) is up_to_date


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([OUR_SET, by("Else", "foo", "f", controller=None)], ["f", "set"]),
        ([by("StatefulSet", "web", "set", controller=None)], ["set"]),
        ([by("Else", "web", "456", controller=None)], ["456", "set"]),
        ([], ["set"]),
        ([{**OUR_SET, "uid": ""}], []),
        ([STRANGER, OUR_SET], ["x"]),
    ],
)
def test_the_owners_are_written_anew(before: list[Reference], after: list[str]) -> None:
    refs = with_owners(claim(*before), stateful_set(DELETE, DELETE), pod(1))["metadata"].get("ownerReferences", [])
    assert [r["uid"] for r in refs] == after


@pytest.mark.parametrize(
    ("refs", "unexpected"),
    [
        ([STRANGER], True),
        ([by("Operator", "x", "x", controller=False)], False),
        ([by("Operator", "x", "x", controller=None)], False),
        ([by("Pod", "simon", "x")], True),
        ([by("StatefulSet", "simon", "x")], True),
        ([OUR_SET], False),
        ([FORMER_SET], True),
        ([OUR_POD], False),
        ([FORMER_POD], True),
        ([OUR_POD, STRANGER], True),
        ([OUR_POD, by("Operator", "x", "x", controller=False)], False),
    ],
)
def test_another_controller_is_unexpected_unless_claims_are_retained(refs: list[Reference], unexpected: bool) -> None:
    assert not has_unexpected_controller(claim(*refs), stateful_set(), pod())
    for scaled, deleted in ((RETAIN, DELETE), (DELETE, RETAIN), (DELETE, DELETE)):
        assert has_unexpected_controller(claim(*refs), stateful_set(scaled, deleted), pod()) is unexpected


def test_an_owner_of_the_same_name_and_another_uid_is_stale() -> None:
    assert has_stale_owner(claim(FORMER_POD), pod())
    assert not has_stale_owner(claim(OUR_POD), pod())
    assert not has_stale_owner(claim(by("Pod", "web-2", "x")), pod())


@pytest.mark.parametrize(
    ("name", "parent", "ordinal"),
    [("web-1", "web", 1), ("my-web-20", "my-web", 20), ("1-bar", "", -1), ("web", "", -1), ("web-01", "web", 1), ("web-", "", -1), ("web-4294967296", "web", -1)],
)
def test_names_tell_set_and_ordinal(name: str, parent: str, ordinal: int) -> None:
    assert parent_and_ordinal({"metadata": {"name": name}}) == (parent, ordinal)


def test_a_pod_is_a_member_by_its_name_alone() -> None:
    s = stateful_set()
    assert is_member(s, pod(7))
    assert not is_member({**s, "metadata": {**s["metadata"], "name": "web2"}}, pod(1))


def test_identity_is_name_namespace_and_label() -> None:
    s, p = stateful_set(), pod(1)
    assert identity_matches(s, p)
    for field, value in (("name", "foo"), ("namespace", "other"), ("labels", {})):
        assert not identity_matches(s, {**p, "metadata": {**p["metadata"], field: value}})
    without = {**p, "metadata": {**p["metadata"], "labels": {}}}
    assert identity_matches(s, with_identity(s, without))


@pytest.mark.parametrize(
    "volumes",
    [[], [{"name": "data"}], [{"name": "data", "persistentVolumeClaim": {"claimName": "foo"}}], [{"name": "x", "emptyDir": {}}]],
)
def test_storage_is_the_claims_of_the_ordinal(volumes: list[dict[str, Any]]) -> None:
    s, p = stateful_set(), pod(1)
    assert storage_matches(s, p)
    assert not storage_matches(s, {**p, "metadata": {**p["metadata"], "name": "bar"}})
    wrong = {**p, "spec": {"volumes": volumes}}
    assert not storage_matches(s, wrong)
    mended = with_storage(s, wrong)
    assert storage_matches(s, mended)
    assert [v for v in mended["spec"]["volumes"] if v["name"] != "data"] == [v for v in volumes if v["name"] != "data"]
