"""The scheduler's whole opinion about one pod: every node, every plugin that refuses it, every score.

Mirrors: pkg/scheduler/schedule_one.go schedulePod (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kplan.catalog.gates import Gates
from kplan.model.objects import Object, ref_of
from kplan.scheduler.cluster import Cluster, node_of
from kplan.scheduler.configuration import configuration_of
from kplan.scheduler.diagnosis import NO_NODES, diagnose
from kplan.scheduler.evaluation import Evaluation
from kplan.scheduler.framework import SchedulingError
from kplan.scheduler.pods import PodInfo, sign
from kplan.scheduler.profile import DEFAULT_SCHEDULER, Profile
from kplan.scheduler.remedies import remedies
from kplan.scheduler.ties import tied
from kplan.store.view import View


@dataclass(frozen=True, slots=True)
class PluginRefusal:
    """Why a plugin will not have the pod on a node, whether evicting pods could help, and what would."""

    plugin: str
    reasons: tuple[str, ...]
    resolvable: bool
    remedies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeVerdict:
    """One node: refused by these, or scored by these."""

    node: str
    refusals: tuple[PluginRefusal, ...]
    scores: dict[str, int]
    looked_at: bool = True
    """False where the pod names other nodes."""

    @property
    def feasible(self) -> bool:
        """Whether nobody refuses it."""
        return self.looked_at and not self.refusals

    @property
    def total(self) -> int:
        """The sum of the weighted scores."""
        return sum(self.scores.values())


@dataclass(frozen=True, slots=True)
class PodVerdict:
    """The opinion about a pod: the winner and its equals, or the message that says why there is none."""

    namespace: str
    name: str
    scheduler: str
    nodes: tuple[NodeVerdict, ...]
    winner: str = ""
    equals: Sequence[str] = ()
    message: str = ""
    pre_filter: PluginRefusal | None = None


def opinions(pods: Iterable[Object], view: View, gates: Gates, config: Mapping[str, Any] | None) -> list[PodVerdict]:
    """What the scheduler thinks of pods of a cluster; pods of other schedulers are left out."""
    configuration = configuration_of(config, gates)
    cluster = Cluster(view, gates)
    cluster.start()
    profiles = [(pod, configuration.profiles.get(pod["spec"].get("schedulerName") or DEFAULT_SCHEDULER)) for pod in pods]
    return [judge(pod, cluster, profile) for pod, profile in profiles if profile is not None]


def judge(pod: Object, cluster: Cluster, profile: Profile) -> PodVerdict:
    """What the scheduler thinks of a pod; one that is bound already is taken away first."""
    ref, meta = ref_of(pod), pod["metadata"]
    row = cluster.nodes.row_of.get(node_of(pod))
    was = cluster.nodes.remove(ref, row) if row is not None and ref in cluster.nodes.pods[row] else None
    try:
        free = {**pod, "spec": {k: v for k, v in pod["spec"].items() if k != "nodeName"}}
        namespace, name = meta.get("namespace") or "", meta.get("name") or meta.get("generateName") or ""
        if not cluster.nodes.size:
            return PodVerdict(namespace, name, profile.scheduler_name, (), message=NO_NODES)
        return _verdict(Evaluation(profile, PodInfo(free, sign(free)), cluster), namespace, name)
    except SchedulingError as error:
        return PodVerdict(namespace, name, profile.scheduler_name, (), message=str(error))
    finally:
        if was is not None and row is not None:
            cluster.nodes.add(ref, was, row)


def _verdict(evaluation: Evaluation, namespace: str, name: str) -> PodVerdict:
    scheduler = evaluation.profile.scheduler_name
    if evaluation.refused is not None:
        refused = evaluation.refused
        why = PluginRefusal(refused.plugin, refused.refused.reasons, refused.refused.resolvable, ())
        return PodVerdict(namespace, name, scheduler, (), message=diagnose(evaluation).message(), pre_filter=why)
    feasible = evaluation.feasible()
    choice = evaluation.choose(feasible)
    scores = evaluation.scores_by_plugin(feasible) if choice is not None else {}
    names = evaluation.nodes.names
    nodes = tuple(
        NodeVerdict(
            names[row],
            tuple(_refusals(evaluation, row)),
            {plugin: int(column[row]) for plugin, column in scores.items()} if feasible[row] else {},
            evaluation.within is None or bool(evaluation.within[row]),
        )
        for row in sorted(range(len(names)), key=names.__getitem__)
    )
    if choice is None:
        return PodVerdict(namespace, name, scheduler, nodes, message=diagnose(evaluation).message())
    return PodVerdict(namespace, name, scheduler, nodes, names[choice.row], tied(names, choice.tied))


def _refusals(evaluation: Evaluation, row: int) -> list[PluginRefusal]:
    return [
        PluginRefusal(plugin, refusal.reasons, refusal.resolvable, tuple(remedies(plugin, evaluation.pod, evaluation.cluster, row)))
        for plugin, refusal in evaluation.refusals(row)
    ]
