"""Why something is as it is: the chain of causes from an effect down to what started it.

The chain is read off the journal: every write knows which write woke its author.  It ends at a line of a manifest, a
fact of the cluster, a rule of Kubernetes or an assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kplan.model.objects import Ref
from kplan.store.journal import CREATE, Journal, Write

USER = "kubectl"


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a chain: who did what to which object, and why."""

    write: Write
    depth: int

    @property
    def text(self) -> str:
        """``replicaset-controller created Pod shop/web-x (too-few-replicas)``."""
        verb = {"create": "created", "update": "updated", "delete": "removed"}[self.write.verb]
        if self.write.subresource == "binding" and self.write.after is not None:
            return f"{self.write.actor} bound {self.write.ref} to {self.write.after['spec'].get('nodeName')}"
        what = f" {self.write.subresource} of" if self.write.subresource else ""
        return f"{self.write.actor} {verb}{what} {self.write.ref} ({self.write.because.replace('-', ' ')})"


def by_seq(journal: Journal) -> Mapping[int, Write]:
    """The writes by their seq."""
    return {w.seq: w for w in journal.writes}


def chain(journal: Journal, write: Write, index: Mapping[int, Write] | None = None) -> list[Link]:
    """From a write back to the one that started it; consecutive writes of one actor to one object count once."""
    index = by_seq(journal) if index is None else index
    links: list[Link] = []
    current, seen = write, set[int]()
    while current.seq not in seen:
        seen.add(current.seq)
        previous = links[-1].write if links else None
        if previous is None or (previous.actor, previous.ref) != (current.actor, current.ref):
            links.append(Link(current, len(links)))
        following = index.get(current.woken_by)
        if following is None:
            break
        current = following
    return links


def why(journal: Journal, ref: Ref) -> list[Link]:
    """The chain behind an object: how it came to be, or its last telling change; empty where nothing wrote to it.

    The scheduler works off a queue, so what woke it says nothing of the pod it binds: a binding stands before the chain.
    """
    writes = journal.of(ref)
    if not writes:
        return []
    telling = [w for w in writes if w.subresource not in ("status", "binding")] or writes
    start = telling[0] if telling[0].verb == CREATE else telling[-1]
    bound = [w for w in writes if w.subresource == "binding"]
    return [*(Link(w, 0) for w in bound[-1:]), *chain(journal, start)]
