"""Who set which field, as people are told: what the journal recorded, held against what the user wrote.

A field that the manifest names is the user's, also where the cluster had that value before; of what was sent in the user's
name, kubectl added what the manifest does not name (the last-applied annotation, a namespace).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.apiserver.stages import CLUSTER, USER, below, joined, listed
from kplan.model.objects import Path, Ref
from kplan.model.pairing import pairing
from kplan.plan.diff import ABSENT
from kplan.store.journal import Journal, Stages

KUBECTL = "kubectl"


def recorded(journal: Journal, ref: Ref) -> Stages:
    """The stages of an object as it is now; ``cluster`` where nobody has written to it."""
    written = [w.stages for w in journal.of(ref) if w.stages is not None]
    return written[-1] if written else CLUSTER


def held_against(manifest: Any, obj: Any, stages: Stages) -> Stages:
    """The stages of an object whose manifest is known."""
    if isinstance(obj, Mapping) and obj:
        known = manifest if isinstance(manifest, Mapping) else {}
        return joined({k: held_against(known.get(k, ABSENT), v, below(stages, k)) for k, v in obj.items()})
    if isinstance(obj, list) and obj:
        written = manifest if isinstance(manifest, list) else []
        pairs = enumerate(pairing(written, obj))
        return listed([held_against(ABSENT if j is None else written[j], obj[i], below(stages, i)) for i, j in pairs])
    if manifest is ABSENT:
        return KUBECTL if stages == USER else stages
    return USER if stages == CLUSTER else stages


def place_in(manifest: Any, obj: Any, path: Path) -> Path | None:
    """Where a manifest says what stands at a path of the object made from it; None where it does not."""
    out: list[str | int] = []
    for step in path:
        if isinstance(step, int):
            if not isinstance(manifest, list) or not isinstance(obj, list):
                return None
            place = pairing(manifest, obj)[step]
            if place is None:
                return None
            out.append(place)
            manifest, obj = manifest[place], obj[step]
        else:
            if not isinstance(manifest, Mapping) or step not in manifest:
                return None
            out.append(step)
            manifest, obj = manifest[step], obj[step]
    return tuple(out)


def leaves(obj: Any, stages: Stages, path: Path = ()) -> Iterator[tuple[Path, Any, str]]:
    """Every leaf of an object: its path, its value, its stage."""
    if isinstance(obj, Mapping) and obj:
        for key in obj:
            yield from leaves(obj[key], below(stages, key), (*path, key))
    elif isinstance(obj, list) and obj:
        for i, item in enumerate(obj):
            yield from leaves(item, below(stages, i), (*path, i))
    else:
        assert isinstance(stages, str)
        yield path, obj, stages


def stages_at(stages: Stages, path: Path) -> Stages:
    """The stages of what stands at a path."""
    for step in path:
        stages = below(stages, step)
    return stages


def others(stages: Stages, author: str) -> Stages:
    """The stages that are not the author's: a tree without those, ``{}`` where there are no others."""
    if isinstance(stages, dict):
        found = {k: others(v, author) for k, v in stages.items()}
        return {k: v for k, v in found.items() if v != {}}
    if isinstance(stages, list):
        items = [others(x, author) for x in stages]
        return items if any(x != {} for x in items) else {}
    return {} if stages == author else stages
