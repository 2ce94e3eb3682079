"""Laws of patches: what a diff says is what a patch does, and applying twice is applying once."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kplan.apiserver.fieldmanagers import KindVersions
from kplan.apiserver.merge.apply.comparing import compare, equal
from kplan.apiserver.merge.apply.fields import Fields
from kplan.apiserver.merge.apply.merging import merged
from kplan.apiserver.merge.apply.reading import fields_of
from kplan.apiserver.merge.apply.shape import Shapes
from kplan.apiserver.merge.apply.tracking import FieldManager
from kplan.apiserver.merge.apply.zero import Zeros
from kplan.apiserver.merge.jsonmerge import apply_merge, create_merge, create_three_way_merge
from kplan.apiserver.merge.lookup import PatchSchema
from kplan.apiserver.merge.strategic import apply_strategic
from kplan.apiserver.merge.strategicdiff import create_three_way_patch, create_two_way_patch
from kplan.apiserver.outcome import Status
from kplan.catalog.catalog import Catalog

CATALOG = Catalog.at("1.36")
POD = CATALOG.kind("v1", "Pod")
assert POD is not None
SCHEMA = PatchSchema(CATALOG, POD.definition)
SHAPES = Shapes(CATALOG)
SHAPE = SHAPES.definition(POD.definition)

_TEXT = st.sampled_from(["a", "b", "c", "d"])
_LABELS = st.dictionaries(_TEXT, _TEXT, min_size=1, max_size=3)


def _unique(key: str, fields: dict[str, Any], optional: dict[str, Any]) -> Any:
    item = st.fixed_dictionaries({key: _TEXT, **fields}, optional=optional)
    return st.lists(item, min_size=1, max_size=4, unique_by=lambda i: str(i[key]))


_CONTAINERS = _unique(
    "name",
    {"image": _TEXT},
    {"args": st.lists(_TEXT, min_size=1, max_size=3), "env": _unique("name", {"value": _TEXT}, {}), "workingDir": _TEXT},
)
_VOLUMES = st.lists(
    st.one_of(
        st.fixed_dictionaries({"name": _TEXT, "hostPath": st.fixed_dictionaries({"path": _TEXT})}),
        st.fixed_dictionaries({"name": _TEXT, "secret": st.fixed_dictionaries({"secretName": _TEXT})}),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda v: str(v["name"]),
)
_META = st.fixed_dictionaries(
    {"name": st.just("x"), "namespace": st.just("default")},
    # Scalars in order: kubectl compares the new list with the old one, which it has sorted by then.
    optional={"labels": _LABELS, "finalizers": st.lists(_TEXT, min_size=1, max_size=3, unique=True).map(sorted)},
)
_SPEC = st.fixed_dictionaries(
    {"containers": _CONTAINERS}, optional={"nodeName": _TEXT, "nodeSelector": _LABELS, "volumes": _VOLUMES, "hostNetwork": st.booleans()}
)
PODS = st.fixed_dictionaries({"apiVersion": st.just("v1"), "kind": st.just("Pod"), "metadata": _META, "spec": _SPEC})

_LEAVES = st.one_of(st.integers(0, 3), _TEXT, st.booleans(), st.lists(st.integers(0, 3), max_size=2))
VALUES = st.recursive(_LEAVES, lambda inner: st.dictionaries(_TEXT, inner, max_size=3), max_leaves=12)
MAPS = st.dictionaries(_TEXT, VALUES, max_size=4)


@given(PODS, PODS)
def test_a_strategic_patch_undoes_its_diff(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert apply_strategic(a, create_two_way_patch(a, b, SCHEMA), SCHEMA) == b


@given(MAPS, MAPS)
def test_a_merge_patch_undoes_its_diff(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert apply_merge(a, create_merge(a, b)) == b


def changed_by_others(pod: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The pod after somebody else patched it, and left its volumes alone."""
    spec = {k: v for k, v in other["spec"].items() if k != "volumes"}
    found: dict[str, Any] = apply_strategic(pod, {"metadata": other["metadata"], "spec": spec}, SCHEMA)
    return found


def holds(found: Any, wanted: Any) -> bool:
    """Whether everything wanted is there; lists may have more, of items with names those of the same name count."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(k in found and holds(found[k], v) for k, v in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and all(any(holds(f, w) for f in found) for w in wanted)
    return bool(found == wanted)


@given(PODS, PODS, PODS)
def test_a_three_way_patch_brings_about_what_is_applied(original: dict[str, Any], modified: dict[str, Any], other: dict[str, Any]) -> None:
    current = changed_by_others(original, other)
    assert holds(apply_strategic(current, create_three_way_patch(original, modified, current, SCHEMA), SCHEMA), modified)


@given(PODS, PODS, PODS)
def test_applying_client_side_twice_is_applying_once(original: dict[str, Any], modified: dict[str, Any], other: dict[str, Any]) -> None:
    current = changed_by_others(original, other)
    once = apply_strategic(current, create_three_way_patch(original, modified, current, SCHEMA), SCHEMA)
    assert apply_strategic(once, create_three_way_patch(modified, modified, once, SCHEMA), SCHEMA) == once


@given(PODS)
def test_an_unchanged_file_makes_no_patch(pod: dict[str, Any]) -> None:
    live = {**pod, "status": {"phase": "Running"}}
    assert create_three_way_patch(pod, pod, live, SCHEMA) == {}


@given(MAPS, MAPS, MAPS)
def test_a_three_way_merge_brings_about_what_is_applied(original: dict[str, Any], modified: dict[str, Any], current: dict[str, Any]) -> None:
    once = apply_merge(current, create_three_way_merge(original, modified, current))
    assert apply_merge(once, create_three_way_merge(modified, modified, once)) == once


@given(PODS)
def test_fields_survive_being_written(pod: dict[str, Any]) -> None:
    fields = fields_of(pod, SHAPE)
    assert Fields.from_json(fields.to_json()) == fields


@given(PODS, PODS)
def test_sets_of_fields_are_sets(a: dict[str, Any], b: dict[str, Any]) -> None:
    mine, theirs = fields_of(a, SHAPE), fields_of(b, SHAPE)
    assert (mine - theirs) | (mine & theirs) == mine
    assert mine | theirs == theirs | mine
    assert not (mine - theirs) & theirs


@given(PODS, PODS)
def test_what_is_merged_has_all_of_both(a: dict[str, Any], b: dict[str, Any]) -> None:
    both = merged(a, b, SHAPE)
    change = compare(both, b, SHAPE)
    assert not change.modified
    assert not change.added
    assert equal(merged(both, b, SHAPE), both)


def keeper() -> FieldManager:
    assert POD is not None
    versions = KindVersions("Pod", "", CATALOG.kind, lambda info: SHAPES.definition(info.definition))
    zero = {"apiVersion": "v1", "kind": "Pod", **Zeros(CATALOG).of(POD.definition)}
    return FieldManager(versions, "v1", "Pod", zero, Fields(), now="2026-01-01T00:00:00Z")


def applied(live: dict[str, Any] | None, config: dict[str, Any], manager: str) -> dict[str, Any]:
    found = keeper().apply(live, config, manager, force=True)
    assert not isinstance(found, Status)
    return {**found}


@settings(max_examples=60)
@given(PODS, PODS, PODS)
def test_applying_server_side_twice_is_applying_once(first: dict[str, Any], second: dict[str, Any], third: dict[str, Any]) -> None:
    live = applied(applied(applied(None, first, "one"), second, "two"), third, "one")
    assert applied(live, third, "one") == live
    change = compare(live, third, SHAPE)
    assert not change.modified
    assert not change.added


@settings(max_examples=60)
@given(PODS, PODS)
def test_the_only_manager_leaves_nothing_behind(first: dict[str, Any], second: dict[str, Any]) -> None:
    live = applied(applied(None, first, "one"), second, "one")
    bare = {k: v for k, v in live["spec"].items() if v is not None}
    assert {c["name"] for c in bare["containers"]} == {c["name"] for c in second["spec"]["containers"]}
    assert bare.keys() == second["spec"].keys()
