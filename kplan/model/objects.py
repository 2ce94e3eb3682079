"""Kubernetes objects as plain JSON values, and the names they go by.

An object is a mapping of JSON values that is never changed once it has been handed to somebody: a change makes a new
mapping that shares every untouched part with the old one, so ``is`` means "unchanged" and thousands of pods share the
template they were made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Object = Mapping[str, Any]
"""JSON values, immutable by agreement."""

Path = tuple[str | int, ...]
"""Where a value sits in an object: ``("spec", "containers", 0, "image")``."""

EMPTY: Mapping[str, Any] = {}


class Ref(NamedTuple):
    """The identity of an object: its kind with its group, its namespace ("" when cluster-scoped) and its name.

    ``kind`` is ``Kind`` for the core group and ``Kind.group`` for the others, as in ``Pod`` and ``Deployment.apps``:
    the version does not matter to who an object is.
    """

    kind: str
    namespace: str
    name: str

    @property
    def short_kind(self) -> str:
        """``Deployment`` of ``Deployment.apps``."""
        return self.kind.partition(".")[0]

    @property
    def group(self) -> str:
        """``apps`` of ``Deployment.apps``, "" of ``Pod``."""
        return self.kind.partition(".")[2]

    def __str__(self) -> str:
        where = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.short_kind} {where}"


def group_of(api_version: str) -> str:
    """``apps`` of ``apps/v1``, "" of ``v1``."""
    group, slash, _ = api_version.partition("/")
    return group if slash else ""


def group_kind(api_version: str, kind: str) -> str:
    """``Deployment.apps`` of (``apps/v1``, ``Deployment``); ``Pod`` of (``v1``, ``Pod``)."""
    group = group_of(api_version)
    return f"{kind}.{group}" if group else kind


def kind_of(obj: Object) -> str:
    """An object's kind with its group, as in :class:`Ref`."""
    return group_kind(obj.get("apiVersion") or "", obj.get("kind") or "")


def ref_of(obj: Object) -> Ref:
    """The identity of an object that has a kind and a name."""
    meta = obj["metadata"]
    return Ref(kind_of(obj), meta.get("namespace") or "", meta.get("name") or "")


def name_of(obj: Object) -> str:
    """``metadata.name``, or "" while it has none."""
    return obj["metadata"].get("name") or ""


def namespace_of(obj: Object) -> str:
    """``metadata.namespace``, or "" when it has none."""
    return obj["metadata"].get("namespace") or ""


def uid_of(obj: Object) -> str:
    """``metadata.uid``, or "" while it has none."""
    return obj["metadata"].get("uid") or ""


def labels_of(obj: Object) -> Mapping[str, str]:
    """``metadata.labels``, empty when absent."""
    return obj["metadata"].get("labels") or EMPTY


def annotations_of(obj: Object) -> Mapping[str, str]:
    """``metadata.annotations``, empty when absent."""
    return obj["metadata"].get("annotations") or EMPTY


def finalizers_of(obj: Object) -> list[str]:
    """``metadata.finalizers``, empty when absent."""
    return obj["metadata"].get("finalizers") or []


def is_deleting(obj: Object) -> bool:
    """Whether the object has been deleted and waits for its finalizers or its grace period."""
    return bool(obj["metadata"].get("deletionTimestamp"))


def owner_references(obj: Object) -> list[Mapping[str, Any]]:
    """``metadata.ownerReferences``, empty when absent."""
    return obj["metadata"].get("ownerReferences") or []


def controller_of(obj: Object) -> Mapping[str, Any] | None:
    """The owner reference with ``controller: true``, or None."""
    for owner in owner_references(obj):
        if owner.get("controller"):
            return owner
    return None


def owner_ref(owner: Object, *, controller: bool = True) -> dict[str, Any]:
    """The owner reference a controller puts on what it makes.

    Mirrors: metav1.NewControllerRef.
    """
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": controller,
        "blockOwnerDeletion": True,
    }


def get_in(value: Any, path: Iterable[str | int], default: Any = None) -> Any:
    """The value at a path, or ``default`` where any step of it is missing or null."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return default
    return default if value is None else value


def replace_in(obj: Any, path: Path, value: Any) -> Any:
    """A copy of ``obj`` with the value at ``path`` replaced; only the containers on the path are copied.

    Missing mappings on the way are created.  A list step must be an existing index.
    """
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(head, int):
        items = list(obj)
        items[head] = replace_in(items[head], rest, value)
        return items
    copy = dict(obj) if obj else {}
    copy[head] = replace_in(copy.get(head), rest, value)
    return copy


def remove_in(obj: Any, path: Path) -> Any:
    """A copy of ``obj`` without the value at ``path``; ``obj`` itself where there is no such value."""
    head, rest = path[0], path[1:]
    try:
        inner = obj[head]
    except (KeyError, IndexError, TypeError):
        return obj
    if rest:
        changed = remove_in(inner, rest)
        return obj if changed is inner else replace_in(obj, (head,), changed)
    if isinstance(head, int):
        return [*obj[:head], *obj[head + 1 :]]
    return {k: v for k, v in obj.items() if k != head}


def thaw(value: Any) -> Any:
    """A private deep copy of JSON values, for code that fills in a draft of its own."""
    if isinstance(value, Mapping):
        return {k: thaw(v) for k, v in value.items()}
    if isinstance(value, list):
        return [thaw(v) for v in value]
    return value
