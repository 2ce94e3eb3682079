"""The store: one writer, lists in order, indexes that equal rebuilt ones, a journal that tells everything."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kplan.model.objects import Ref, uid_of
from kplan.model.selectors import from_labels
from kplan.store.index import INDEXES
from kplan.store.store import Store
from kplan.store.view import owned, select


def pod(name: str, namespace: str = "a", *, node: str = "", owner: str = "", labels: dict[str, str] | None = None) -> dict[str, Any]:
    meta: dict[str, Any] = {"name": name, "namespace": namespace, "uid": f"u-{namespace}-{name}", "labels": labels or {}}
    if owner:
        meta["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs", "uid": owner, "controller": True}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"nodeName": node} if node else {}}


def write(store: Store, obj: dict[str, Any] | None, ref: Ref) -> None:
    store.commit(ref, obj, at=0.0, actor="test", because="test")


def test_lists_are_ordered_by_namespace_and_name() -> None:
    store = Store([pod("z"), pod("a", "b"), pod("a")])
    assert [(p["metadata"]["namespace"], p["metadata"]["name"]) for p in store.objects("Pod")] == [("a", "a"), ("a", "z"), ("b", "a")]
    assert [p["metadata"]["name"] for p in store.objects("Pod", "b")] == ["a"]
    assert store.objects("Service") == []


def test_a_list_that_was_read_shows_later_writes_only_when_read_again() -> None:
    store = Store([pod("a")])
    before = store.objects("Pod")
    write(store, pod("b"), Ref("Pod", "a", "b"))
    assert len(before) == 1
    assert len(store.objects("Pod")) == 2


def test_the_journal_tells_before_after_and_cause() -> None:
    store = Store()
    ref = Ref("Pod", "a", "x")
    first = store.commit(ref, pod("x"), at=1.0, actor="a", because="made")
    second = store.commit(ref, None, at=2.0, actor="b", because="gone", woken_by=first.seq)
    assert [(w.verb, w.before is None, w.after is None) for w in store.journal.writes] == [("create", True, False), ("delete", False, True)]
    assert second.woken_by == first.seq
    assert [w.seq for w in store.journal.since(first.seq)] == [second.seq]
    assert store.get(ref) is None
    assert store.epoch("Pod") == second.seq


def test_resource_versions_go_on_from_the_cluster_that_was_loaded() -> None:
    old = pod("a")
    old["metadata"]["resourceVersion"] = "41"
    store = Store([old])
    assert store.next_seq() == 42


def test_a_snapshot_is_not_touched_by_later_writes() -> None:
    store = Store([pod("a")])
    snapshot = store.snapshot()
    write(store, None, Ref("Pod", "a", "a"))
    assert list(snapshot) == [Ref("Pod", "a", "a")]


def test_owners_and_selectors_come_from_indexes() -> None:
    store = Store([pod("a", owner="rs1", labels={"app": "web"}), pod("b", labels={"app": "web"}), pod("c", "b", labels={"app": "web"})])
    assert [uid_of(p) for p in owned(store, "rs1", "Pod")] == ["u-a-a"]
    assert [p["metadata"]["name"] for p in select(store, "Pod", "a", from_labels({"app": "web"}))] == ["a", "b"]


names = st.sampled_from(["a", "b", "c"])
operations = st.lists(st.tuples(names, names, st.sampled_from(["", "n1", "n2"]), st.sampled_from(["", "o1"]), st.booleans()), max_size=30)


@given(operations)
def test_an_index_equals_one_that_is_rebuilt(done: list[tuple[str, str, str, str, bool]]) -> None:
    store = Store()
    for namespace, name, node, owner, delete in done:
        obj = None if delete else pod(name, namespace, node=node, owner=owner, labels={"node": node})
        write(store, obj, Ref("Pod", namespace, name))
    rebuilt = Store(store.everything())
    keys = {(index, key) for index, make in INDEXES.items() for o in store.everything() for key in make(o)}
    for index, key in keys | {("node", "n1"), ("owner", "o1")}:
        assert store.lookup(index, key) == rebuilt.lookup(index, key)
