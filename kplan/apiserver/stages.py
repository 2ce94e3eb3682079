"""Which stage of a request set which field: a recorder at the door, off unless somebody wants to know.

While a request goes through the door, a trail compares the draft before and after each stage; what is new or different
was set by that stage.  Nothing is known beforehand of any field.  A recording is a tree that mirrors the object: the name
of a stage stands for everything below it, so that a field of many leaves costs one text.

>>> trail = RecordedTrail("user", {"spec": {"image": "web"}}, {"spec": {"image": "web"}})
>>> trail.note("default", {"spec": {"image": "web", "replicas": 1}})
>>> trail.stages
{'spec': {'image': 'user', 'replicas': 'default'}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.model.objects import Object, Ref, thaw
from kplan.model.pairing import pairing
from kplan.store.journal import Stages
from kplan.store.view import View

USER, CLUSTER, SERVER, DEFAULT, CONVERSION = "user", "cluster", "server", "default", "conversion"
"""Who wrote a manifest; what was there before; what the server owns; the API's defaults; another version's form."""

_ACTORS = {"kubectl": USER, "kube-apiserver": SERVER, "default-scheduler": "scheduler", "kubelet": "kubelet"}


def stage_of(actor: str) -> str:
    """The stage an actor's own words are put down to: ``controller/replicaset-controller``."""
    return _ACTORS.get(actor) or f"controller/{actor}"


def admission_by(plugin: str) -> str:
    """The stage of an admission plugin."""
    return f"admission/{plugin}"


class Trail:
    """The way of one request; this one forgets everything."""

    stages: Stages | None = None

    def note(self, stage: str, draft: Object | None) -> None:
        """What differs from the last note was set by this stage."""


class RecordedTrail(Trail):
    """The way of one request, kept."""

    def __init__(self, stage: str, sent: Object, draft: Object) -> None:
        self.stages: Stages = stage if draft == sent else given(sent, draft, stage)
        self._seen = thaw(draft)

    def note(self, stage: str, draft: Object | None) -> None:
        """What differs from the last note was set by this stage."""
        if draft is None or draft == self._seen:
            return
        self.stages = overlaid(self._seen, self.stages, draft, stage)
        self._seen = thaw(draft)


SILENT = Trail()


class Recorder:
    """What the door tells of its requests; this one listens to nothing."""

    def trail(self, actor: str, sent: Object, draft: Object) -> Trail:
        """The trail of a request that somebody sent, and that was read as this draft."""
        return SILENT

    def like(self, stages: Stages | None) -> Trail:
        """The trail of a request whose stages are known already."""
        return SILENT

    def stored(self, ref: Ref, draft: Object, stored: Object, actor: str, trail: Trail) -> Stages | None:
        """What is put down with the write; None where nothing is recorded."""
        return None


class StageRecorder(Recorder):
    """Keeps for every object which stage set which of its fields. What the cluster had before is ``cluster``'s."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._stages: dict[Ref, Stages] = {}

    def trail(self, actor: str, sent: Object, draft: Object) -> Trail:
        """The trail of a request that somebody sent, and that was read as this draft."""
        return RecordedTrail(stage_of(actor), sent, draft)

    def like(self, stages: Stages | None) -> Trail:
        """The trail of a request whose stages are known already."""
        known = Trail()
        known.stages = stages
        return known

    def stored(self, ref: Ref, draft: Object, stored: Object, actor: str, trail: Trail) -> Stages | None:
        """What is put down with the write: fields that keep their value keep their stage."""
        own = trail.stages if trail.stages is not None else stage_of(actor)
        stages = overlaid(draft, own, stored, SERVER)
        before = self._view.get(ref)
        if before is not None:
            stages = overlaid(before, self._stages.get(ref, CLUSTER), stored, stages)
        self._stages[ref] = stages
        return stages


def overlaid(before: Any, old: Stages, after: Any, new: Stages) -> Stages:
    """The stages of ``after``: the old ones where it is as ``before``, the new ones where it differs."""
    if before is after or (type(before) is type(after) and before == after):
        return old
    if isinstance(before, Mapping) and isinstance(after, Mapping) and before and after:
        return joined({k: overlaid(before[k], below(old, k), v, below(new, k)) if k in before else below(new, k) for k, v in after.items()})
    if isinstance(before, list) and isinstance(after, list) and before and after:
        pairs = enumerate(pairing(before, after))
        items = [below(new, i) if j is None else overlaid(before[j], below(old, j), after[i], below(new, i)) for i, j in pairs]
        return listed(items)
    return new


def given(sent: Any, draft: Any, stage: str) -> Stages:
    """The sender's stage for whatever the sender named, in whatever form it was read; the rest came in by reading."""
    if isinstance(sent, Mapping) and isinstance(draft, Mapping) and draft:
        return joined({k: given(sent[k], v, stage) if k in sent else SERVER for k, v in draft.items()})
    if isinstance(sent, list) and isinstance(draft, list) and len(sent) == len(draft) > 0:
        return listed([given(x, y, stage) for x, y in zip(sent, draft, strict=True)])
    return stage


def below(stages: Stages, step: str | int) -> Stages:
    """The stages of a child."""
    if isinstance(stages, str):
        return stages
    child: Stages = stages[step]  # type: ignore[index]
    return child


def joined(children: dict[str, Stages]) -> Stages:
    """The stages of a mapping: one name where its children have the same."""
    first = next(iter(children.values()))
    return first if isinstance(first, str) and all(x == first for x in children.values()) else children


def listed(items: list[Stages]) -> Stages:
    """The stages of a list: one name where its items have the same."""
    return items[0] if isinstance(items[0], str) and all(x == items[0] for x in items) else items
