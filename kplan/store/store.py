"""The store: one writer over immutable values, with indexes, snapshots and a journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kplan.model.integers import parse_int
from kplan.model.objects import Object, Ref, ref_of, uid_of
from kplan.store.index import INDEXES, IndexKey
from kplan.store.journal import CREATE, DELETE, UPDATE, Journal, Stages, Write

Observer = Callable[[Write], None]


class Store:
    """All objects of one cluster. Only the API server calls :meth:`commit`; everybody else has the ``View`` of it.

    A dict per kind and namespace; an index is a dict of dicts of refs.  Listing sorts lazily: the sorted list of a
    bucket is kept until the bucket changes.
    """

    def __init__(self, objects: Iterable[Object] = ()) -> None:
        self._kinds: dict[str, dict[str, dict[str, Object]]] = {}
        self._lists: dict[tuple[str, str | None], list[Object]] = {}
        self._uids: dict[str, Ref] = {}
        self._indexes: dict[str, dict[IndexKey, dict[Ref, None]]] = {name: {} for name in INDEXES}
        self._epochs: dict[str, int] = {}
        self._seq = 0
        self.journal = Journal()
        self.observers: list[Observer] = []
        for obj in objects:
            self.load(obj)

    # -- reading (View) ------------------------------------------------------------------------------------------

    def get(self, ref: Ref) -> Object | None:
        """The object of that identity, or None."""
        try:
            return self._kinds[ref.kind][ref.namespace][ref.name]
        except KeyError:
            return None

    def by_uid(self, uid: str) -> Object | None:
        """The object of that UID, or None."""
        ref = self._uids.get(uid)
        return self.get(ref) if ref is not None else None

    def objects(self, kind: str, namespace: str | None = None) -> list[Object]:
        """All objects of a kind in (namespace, name) order; of one namespace where one is given."""
        key = (kind, namespace)
        found = self._lists.get(key)
        if found is None:
            spaces = self._kinds.get(kind, {})
            chosen = sorted(spaces) if namespace is None else [namespace]
            found = [spaces[ns][name] for ns in chosen if ns in spaces for name in sorted(spaces[ns])]
            self._lists[key] = found
        return found

    def kinds(self) -> list[str]:
        """The kinds of which there are objects, sorted."""
        return sorted(k for k, spaces in self._kinds.items() if any(spaces.values()))

    def lookup(self, index: str, key: Any) -> list[Object]:
        """The objects an index holds under a key, sorted by identity."""
        found = self._indexes[index].get(key)
        if not found:
            return []
        kinds = self._kinds
        return [kinds[r.kind][r.namespace][r.name] for r in sorted(found)]

    def size(self, index: str, key: Any) -> int:
        """How many objects an index holds under a key."""
        return len(self._indexes[index].get(key, ()))

    @property
    def seq(self) -> int:
        """The seq of the last write."""
        return self._seq

    def epoch(self, kind: str) -> int:
        """The seq of the last write to any object of a kind."""
        return self._epochs.get(kind, 0)

    def everything(self) -> list[Object]:
        """Every object, by kind, namespace and name."""
        return [o for kind in self.kinds() for o in self.objects(kind)]

    def snapshot(self) -> dict[Ref, Object]:
        """Every object by identity, as it is now; later writes do not touch it."""
        return {ref_of(o): o for kind in self._kinds for ns in self._kinds[kind].values() for o in ns.values()}

    # -- writing -------------------------------------------------------------------------------------------------

    def load(self, obj: Object) -> None:
        """Put in an object of the initial cluster: no journal, no observers; the seq keeps above its resourceVersion."""
        ref = ref_of(obj)
        self._put(ref, self.get(ref), obj)
        version = obj["metadata"].get("resourceVersion")
        if isinstance(version, str) and (given := parse_int(version)) is not None:
            self._seq = max(self._seq, given)

    def next_seq(self) -> int:
        """The seq the next commit will have: what an object's resourceVersion must be set to."""
        return self._seq + 1

    def commit(
        self,
        ref: Ref,
        after: Object | None,
        *,
        at: float,
        actor: str,
        because: str,
        woken_by: int = 0,
        subresource: str = "",
        stages: Stages | None = None,
        about: Ref | None = None,
    ) -> Write:
        """Write one object (None: remove it), append to the journal and tell the observers."""
        before = self.get(ref)
        self._seq += 1
        verb = DELETE if after is None else CREATE if before is None else UPDATE
        self._put(ref, before, after)
        self._epochs[ref.kind] = self._seq
        write = Write(self._seq, at, actor, verb, ref, before, after, because, woken_by, subresource, stages, about)
        self.journal.writes.append(write)
        for observe in self.observers:
            observe(write)
        return write

    def _put(self, ref: Ref, before: Object | None, after: Object | None) -> None:
        self._lists.pop((ref.kind, None), None)
        self._lists.pop((ref.kind, ref.namespace), None)
        space = self._kinds.setdefault(ref.kind, {}).setdefault(ref.namespace, {})
        if after is None:
            space.pop(ref.name, None)
        else:
            space[ref.name] = after
        if before is not None and uid_of(before) and (after is None or uid_of(before) != uid_of(after)):
            self._uids.pop(uid_of(before), None)
        if after is not None and uid_of(after):
            self._uids[uid_of(after)] = ref
        for name, indexer in INDEXES.items():
            index = self._indexes[name]
            old = set(indexer(before)) if before is not None else set()
            new = set(indexer(after)) if after is not None else set()
            for key in old - new:
                bucket = index.get(key)
                if bucket is not None:
                    bucket.pop(ref, None)
                    if not bucket:
                        del index[key]
            for key in new - old:
                index.setdefault(key, {})[ref] = None
