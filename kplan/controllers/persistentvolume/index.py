"""Which claims wait for a volume and which volumes are free, by class; kept up to date write by write.

Mirrors: pkg/controller/volume/persistentvolume/index.go (1.36)
Differs: of groups with as many access modes, and of equally large volumes, the first by name is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kplan.controllers.storage import (
    PV,
    PVC,
    attributes_class_of,
    capacity_of,
    claim_of,
    class_of,
    has_all_modes,
    is_bound,
    is_bound_to,
    phase_of,
    requested_storage,
    volume_mode_of,
    volume_name_of,
)
from kplan.engine.contract import Context
from kplan.model.objects import Object, Ref, is_deleting, labels_of, name_of, ref_of
from kplan.model.selectors import from_label_selector
from kplan.store.journal import Write
from kplan.store.view import View

UNBOUND, NAMING, FREE, RESERVED = "unbound claims by class", "claims by volume", "free volumes by class", "volumes by claim"
_Place = tuple[str, str | Ref]
_ATTRIBUTES = "VolumeAttributesClass"
_ATTRIBUTES_DIFFER = "volumeAttributesClassName does not match"
_ATTRIBUTES_OFF = "volumeAttributesClassName is not supported when the feature-gate VolumeAttributesClass is disabled"
_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


class VolumeIndex:
    """Claims that are not bound yet and volumes that are not taken."""

    def __init__(self) -> None:
        self._buckets: dict[_Place, dict[Ref, None]] = {}

    def load(self, view: View) -> None:
        """Learn what there is."""
        for obj in (*view.objects(PVC), *view.objects(PV)):
            self._put(ref_of(obj), obj)

    def observe(self, write: Write) -> None:
        """Follow a write."""
        if write.ref.kind not in (PVC, PV):
            return
        if write.before is not None:
            for place in _places(write.before):
                bucket = self._buckets[place]
                del bucket[write.ref]
                if not bucket:
                    del self._buckets[place]
        if write.after is not None:
            self._put(write.ref, write.after)

    def waiting(self, class_name: str) -> list[Ref]:
        """The unbound claims of a class ("" for those of none), by name."""
        return self._at(UNBOUND, class_name)

    def naming(self, volume: str) -> list[Ref]:
        """The claims that name a volume, bound ones included."""
        return self._at(NAMING, volume)

    def find(self, claim: Object, view: View, *, delayed: bool) -> Object | None:
        """The volume for a claim: one reserved for it, else the smallest free one that fits, with as few access modes as can be.

        With ``delayed`` only reserved ones: the scheduler chooses among the others.
        """
        wanted = set(claim["spec"].get("accessModes") or ())
        groups: dict[tuple[int, str], list[Object]] = {}
        for volume in self._candidates(claim, view):
            modes = volume["spec"].get("accessModes") or []
            if wanted <= set(modes):
                key = len(set(modes)), ",".join(short for mode, short in _MODES.items() if mode in modes)
                groups.setdefault(key, []).append(volume)
        for key in sorted(groups):
            if (found := best_match(claim, groups[key], delayed=delayed)) is not None:
                return found
        return None

    def _candidates(self, claim: Object, view: View) -> Iterator[Object]:
        for ref in sorted({*self._at(FREE, class_of(claim)), *self._at(RESERVED, ref_of(claim))}):
            volume = view.get(ref)
            if volume is not None:
                yield volume

    def _put(self, ref: Ref, obj: Object) -> None:
        for place in _places(obj):
            self._buckets.setdefault(place, {})[ref] = None

    def _at(self, what: str, key: str | Ref) -> list[Ref]:
        return sorted(self._buckets.get((what, key), ()))


def _places(obj: Object) -> Iterator[_Place]:
    if obj["kind"] == PVC:
        if not is_bound(obj):
            yield UNBOUND, class_of(obj)
        if volume_name_of(obj):
            yield NAMING, volume_name_of(obj)
    elif (claim := claim_of(obj)) is not None:
        yield RESERVED, claim
    else:
        yield FREE, class_of(obj)


def best_match(claim: Object, volumes: Iterable[Object], *, delayed: bool) -> Object | None:
    """The volume reserved for the claim, or the smallest that fits.

    Mirrors: FindMatchingVolume of pv_helpers.go.
    """
    selector = from_label_selector(claim["spec"]["selector"]) if claim["spec"].get("selector") is not None else None
    best = None
    for volume in volumes:
        if volume["spec"].get("claimRef") is not None and not is_bound_to(volume, claim):
            continue
        if not _could_serve(volume, claim):
            continue
        if is_bound_to(volume, claim):
            return volume
        if delayed or phase_of(volume) != "Available" or class_of(volume) != class_of(claim):
            continue
        if selector is not None and not selector.matches(labels_of(volume)):
            continue
        if best is None or capacity_of(volume) < capacity_of(best):
            best = volume
    return best


def _could_serve(volume: Object, claim: Object) -> bool:
    if capacity_of(volume) < requested_storage(claim) or is_deleting(volume):
        return False
    return volume_mode_of(volume) == volume_mode_of(claim) and attributes_class_of(volume) == attributes_class_of(claim)


def mismatch(volume: Object, claim: Object, ctx: Context) -> str:
    """Why a volume that a claim names cannot serve it; "" where it can.

    Mirrors: checkVolumeSatisfyClaim of pv_controller.go.
    """
    checks = (
        (is_deleting(volume), f'the volume is marked for deletion "{name_of(volume)}"'),
        (capacity_of(volume).value() < requested_storage(claim).value(), "requested PV is too small"),
        (class_of(volume) != class_of(claim), "storageClassName does not match"),
        (_differ_in_attributes(volume, claim, ctx), _ATTRIBUTES_DIFFER if ctx.gates.on(_ATTRIBUTES) else _ATTRIBUTES_OFF),
        (volume_mode_of(volume) != volume_mode_of(claim), "incompatible volumeMode"),
        (not has_all_modes(volume, claim), "incompatible accessMode"),
    )
    return next((words for failed, words in checks if failed), "")


def _differ_in_attributes(volume: Object, claim: Object, ctx: Context) -> bool:
    if ctx.gates.on(_ATTRIBUTES):
        return attributes_class_of(volume) != attributes_class_of(claim)
    return bool(attributes_class_of(volume) or attributes_class_of(claim))
