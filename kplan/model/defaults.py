"""The class that objects get when they name none: of several marked as default, the newest.

Mirrors: pkg/volume/util/storageclass.go, plugin/pkg/admission/network/defaultingressclass/admission.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.model.instants import read_instant
from kplan.model.objects import Object, annotations_of, name_of

STORAGE_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
INGRESS_DEFAULT = ("ingressclass.kubernetes.io/is-default-class",)


def default_class(classes: Iterable[Object], annotations: Iterable[str]) -> Object | None:
    """The newest class that one of the annotations marks; of equally new ones the first by name. None without any."""
    marks = tuple(annotations)
    marked = [c for c in classes if any(annotations_of(c).get(a) == "true" for a in marks)]
    return min(marked, key=lambda c: (-(read_instant(c["metadata"].get("creationTimestamp")) or 0.0), name_of(c)), default=None)
