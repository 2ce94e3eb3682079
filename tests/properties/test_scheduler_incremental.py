"""An evaluation kept up to date while pods come and go says what a new one would say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kplan.catalog.catalog import Catalog
from kplan.model.objects import Object, ref_of
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.configuration import default_profile
from kplan.scheduler.evaluation import Evaluation
from kplan.scheduler.order import first_out, heap_precedence
from kplan.scheduler.pods import PodInfo, sign
from kplan.store.store import Store
from tests.reference.scheduler.clusters import clusters, pods

GATES = Catalog.at("1.36").gates
PROFILE = default_profile(GATES)


def fresh(cluster: Cluster, pod: Object) -> Evaluation:
    """An evaluation that remembers nothing."""
    again = Cluster(cluster.view, GATES)
    again.start()
    return Evaluation(PROFILE, PodInfo(pod, sign(pod), ""), again)


def assert_same(kept: Evaluation, new: Evaluation) -> None:
    """Both refuse the same nodes with the same words and score the others alike."""
    assert kept.refused == new.refused
    if new.refused is not None and not new.refused.plugin:
        return
    feasible = new.feasible()
    assert kept.nodes.names == new.nodes.names
    assert kept.feasible().tolist() == feasible.tolist()
    for row in range(new.nodes.size):
        assert kept.refusals(row) == new.refusals(row)
    if not feasible.any():
        return
    assert kept.scores_by_plugin(feasible).keys() == new.scores_by_plugin(feasible).keys()
    for plugin, scores in new.scores_by_plugin(feasible).items():
        assert kept.scores_by_plugin(feasible)[plugin][feasible].tolist() == scores[feasible].tolist(), plugin
    one, other = kept.choose(feasible), new.choose(feasible)
    assert one is not None and other is not None
    assert (one.row, one.tied.tolist()) == (other.row, other.tied.tolist())


def named(pod: Object, name: str) -> Object:
    """The same pod by another name."""
    return {**pod, "metadata": {**pod["metadata"], "name": name, "uid": name}}


def relabelled(pod: Object) -> Object:
    """The pod as another app."""
    return {**pod, "metadata": {**pod["metadata"], "labels": {"app": "other"}}}


def finished(pod: Object) -> Object:
    """The pod when it has run."""
    return {**pod, "status": {"phase": "Succeeded"}}


def cordoned(node: Object) -> Object:
    """The node when no pod may come any more."""
    return {**node, "spec": {**node["spec"], "unschedulable": True}}


def gone(obj: Object) -> None:
    """Nothing is left of it."""


EVENTS: dict[str, tuple[str, Callable[[Object], Object | None]]] = {
    "gone": ("Pod", gone),
    "relabelled": ("Pod", relabelled),
    "finished": ("Pod", finished),
    "cordoned": ("Node", cordoned),
}


def happen(store: Store, event: str, number: int) -> None:
    """Something happens to one of the objects."""
    kind, change = EVENTS[event]
    there = store.objects(kind)
    if there:
        obj = there[number % len(there)]
        store.commit(ref_of(obj), change(obj), at=0.0, actor="", because="")


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    clusters(),
    st.lists(pods("new"), min_size=1, max_size=3),
    st.lists(st.one_of(st.integers(0, 2), st.tuples(st.sampled_from(sorted(EVENTS)), st.integers(0, 20))), min_size=2, max_size=8),
)
def test_evaluations_follow_placements_and_events(objects: list[Object], templates: list[Object], steps: list[int | tuple[str, int]]) -> None:
    store = Store(objects)
    cluster = Cluster(store, GATES)
    cluster.start()
    store.observers.append(cluster.observe)
    kept: dict[int, Evaluation] = {}
    for i, step in enumerate(steps):
        if isinstance(step, tuple):
            happen(store, *step)
            continue
        which = step % len(templates)
        pod = named(templates[which], f"new{i}")
        evaluation = kept.get(which)
        if evaluation is None or not evaluation.is_current():
            evaluation = kept[which] = Evaluation(PROFILE, cluster.infos.of(pod), cluster)
        evaluation.refresh()
        assert_same(evaluation, fresh(cluster, pod))
        if evaluation.refused is None and (choice := evaluation.choose(evaluation.feasible())) is not None:
            bound = {**pod, "spec": {**pod["spec"], "nodeName": cluster.nodes.names[choice.row]}}
            store.commit(ref_of(pod), bound, at=0.0, actor="", because="")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=40))
def test_of_equals_the_heap_gives_out_what_go_gives_out(scores: list[int]) -> None:
    heap = list(range(len(scores)))

    def sift(i: int) -> None:
        while (child := 2 * i + 1) < len(heap):
            if child + 1 < len(heap) and scores[heap[child + 1]] > scores[heap[child]]:
                child += 1
            if scores[heap[child]] <= scores[heap[i]]:
                return
            heap[i], heap[child] = heap[child], heap[i]
            i = child

    for i in range(len(heap) // 2 - 1, -1, -1):
        sift(i)
    best = np.flatnonzero(np.array(scores) == max(scores))
    assert best[first_out(best, heap_precedence(len(scores)))] == heap[0]
