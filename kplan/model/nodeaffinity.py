"""Which nodes a pod may be on at all: its nodeSelector, its required node affinity, its tolerations.

Mirrors: staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go, helpers.go;
         staging/src/k8s.io/api/core/v1/toleration.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kplan.model.objects import EMPTY, Object, get_in, labels_of, name_of
from kplan.model.selectors import Requirement, Selector

Json = Mapping[str, Any]
_REQUIRED = ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")


class RequiredNodeAffinity:
    """What a pod's spec requires of a node's labels and name, parsed once."""

    def __init__(self, spec: Json) -> None:
        self._labels: Mapping[str, str] = spec.get("nodeSelector") or EMPTY
        required = get_in(spec, _REQUIRED)
        self._terms = None if required is None else [_Term(t) for t in required.get("nodeSelectorTerms") or ()]

    def matches(self, node: Object) -> bool:
        """Whether the node has the selector's labels and meets one of the terms; no term at all meets nothing."""
        labels = labels_of(node)
        if any(labels.get(k) != v for k, v in self._labels.items()):
            return False
        return self._terms is None or any(t.matches(labels, name_of(node)) for t in self._terms)


class _Term:
    def __init__(self, term: Json) -> None:
        expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
        self._selects_nothing = not expressions and not fields
        self._selects_nothing |= any(e.get("operator") not in _OPERATORS for e in expressions)
        self._selects_nothing |= any(f.get("operator") not in ("In", "NotIn") or len(f.get("values") or ()) != 1 for f in fields)
        self._fields = fields
        self._selector = Selector()
        if not self._selects_nothing:
            self._selector = Selector(tuple(Requirement(e["key"], e["operator"], frozenset(e.get("values") or ())) for e in expressions))

    def matches(self, labels: Mapping[str, str], name: str) -> bool:
        """Whether all expressions and fields hold."""
        if self._selects_nothing or not self._selector.matches(labels):
            return False
        known = {"metadata.name": name}
        return all((known.get(f["key"], "") == f["values"][0]) == (f["operator"] == "In") for f in self._fields)


def tolerates(toleration: Json, taint: Json) -> bool:
    """Whether a toleration covers a taint."""
    for key in ("effect", "key"):
        if toleration.get(key) and toleration[key] != taint.get(key):
            return False
    operator = toleration.get("operator") or "Equal"
    if operator == "Equal":
        return (toleration.get("value") or "") == (taint.get("value") or "")
    return bool(operator == "Exists")


def untolerated(taints: Iterable[Json], tolerations: Sequence[Json], effects: Sequence[str]) -> Json | None:
    """The first taint of one of these effects that no toleration covers."""
    for taint in taints:
        if taint.get("effect") in effects and not any(tolerates(t, taint) for t in tolerations):
            return taint
    return None
