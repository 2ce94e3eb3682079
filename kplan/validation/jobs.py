"""The same judgement by several processes, each with its share of the files.

A process reads its files and keeps their documents. What serves or hinders others (:func:`kplan.validation.judge.rank`) it
hands over, to be judged here in the order of the input; the rest it judges itself, knowing the definitions that came of it.
Only findings travel back, so the outcome is the same bytes whatever the number of processes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, cycle, islice
from typing import Any

from kplan.catalog.catalog import Catalog
from kplan.load.documents import Document, Loaded
from kplan.load.files import Found
from kplan.load.sources import Source, Unfindable, read_sources
from kplan.model.objects import Object, kind_of
from kplan.validation.judge import DEFINITION, REST, Judge, Settings, rank, repetitions, told_twice
from kplan.validation.verdict import Verdict

MOST_JOBS = 8
_SHARE = 16
"""Files are dealt in runs of so many."""
_WORTH_IT = {False: 2_000_000, True: 6_000_000}
"""Bytes of input from which a second process pays (measured): in full, and of the schema layer only."""
_KEPT = ("Namespace", "CustomResourceDefinition.apiextensions.k8s.io")
"""The kinds of objects that other processes are told of."""

Key = tuple[int, int]
"""A document: the number of its file, and its number in it."""


def processors() -> int:
    """How many processors this process may use."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, MOST_JOBS)


def worth(sources: Sequence[Source], asked: int, *, schema_only: bool) -> int:
    """How many processes to use: as many as asked for, or (0) as many as pay."""
    if any(isinstance(s, Found) and s.piped for s in sources):
        return 1
    if asked:
        return min(asked, len(sources)) or 1
    most = processors()
    pays = any(size >= _WORTH_IT[schema_only] for size in accumulate(map(_size, sources)))
    return most if pays else 1


def _size(source: Source) -> int:
    try:
        return 0 if isinstance(source, Unfindable) else os.path.getsize(source.path)
    except OSError:
        return 0


@dataclass(frozen=True, slots=True)
class _Read:
    """What one process read of one file; only the documents that are judged elsewhere come with it."""

    loaded: Loaded
    count: int
    handed_over: dict[int, Document]


class _Share:
    """The files of one process."""

    def __init__(self) -> None:
        self.documents: dict[Key, Document] = {}

    def read(self, files: list[tuple[int, Source]], schema_only: bool) -> dict[int, _Read]:
        """Read the files, and keep what is judged here."""
        out = {}
        for number, source in files:
            loaded = read_sources([source], tell_duplicates=False)
            over = {i: d for i, d in enumerate(loaded.documents) if _is_shared(d, schema_only)}
            self.documents.update({(number, i): d for i, d in enumerate(loaded.documents) if i not in over})
            out[number] = _Read(replace(loaded, documents=(), deliveries=()), len(loaded.documents), over)
        return out

    def judge(self, settings: Settings, known: list[Object], refused: dict[tuple[str, str], str]) -> dict[Key, Verdict]:
        """The verdicts on what was kept; the documents of those without findings stay."""
        judge = Judge.at(settings, objects=known)
        judge.refused.update(refused)
        found = {key: judge.judge(d) for key, d in self.documents.items()}
        return {key: v if v.diagnostics else replace(v, document=None) for key, v in found.items()}

    def hand_over(self, keys: list[Key]) -> dict[Key, Document]:
        """Documents that are asked for after all."""
        return {key: self.documents[key] for key in keys if key in self.documents}


def _is_shared(document: Document, schema_only: bool) -> bool:
    return document.object.get("kind") == DEFINITION if schema_only else rank(document) != REST


_share = _Share()
"""This process's share, where it is one of several."""


def _in_share(method: str, *arguments: Any) -> Any:
    return getattr(_share, method)(*arguments)


def judge_in_parallel(judge: Judge, sources: Sequence[Source], jobs: int, definitions: Sequence[Document]) -> tuple[Loaded, list[Verdict]]:
    """What the sources hold (without the documents), and the verdicts in their order."""
    settings = judge.settings
    Catalog.at(settings.version)
    dealt = _deal(list(enumerate(sources)), jobs)
    with ExitStack() as stack:
        processes = [stack.enter_context(ProcessPoolExecutor(1)) for _ in dealt]
        everywhere = partial(_everywhere, processes)
        read: dict[int, _Read] = everywhere("read", [(files, settings.schema_only) for files in dealt])
        over = {(n, i): d for n, r in sorted(read.items()) for i, d in r.handed_over.items()}
        judge.define(definitions, over.values())
        ranked = sorted(over, key=lambda key: (rank(over[key]), key))
        found = {key: judge.judge(over[key]) for key in ranked}
        known = [o for o in judge.server.store.everything() if kind_of(o) in _KEPT]
        found.update(everywhere("judge", [(settings, known, judge.refused)]))
        keys = sorted(found)
        verdicts = [found[key] for key in keys]
        _tell_repetitions(keys, verdicts, over, everywhere)
    return _together([read[n].loaded for n in sorted(read)]), verdicts


def _tell_repetitions(keys: list[Key], verdicts: list[Verdict], over: dict[Key, Document], everywhere: Callable[..., Any]) -> None:
    repeated = repetitions(verdicts)
    if not repeated:
        return
    wanted = sorted({keys[i] for pair in repeated.items() for i in pair})
    documents = over | everywhere("hand_over", [(wanted,)])
    for second, first in repeated.items():
        verdicts[second] = told_twice(verdicts[second], documents[keys[second]], documents[keys[first]])


def _everywhere(processes: list[ProcessPoolExecutor], method: str, arguments: list[tuple[Any, ...]]) -> dict[Any, Any]:
    """Ask every process, each its own or all the same, and put the answers together."""
    waiting = [p.submit(_in_share, method, *a) for p, a in zip(processes, cycle(arguments), strict=False)]
    return {key: value for w in waiting for key, value in w.result().items()}


def _deal(files: list[tuple[int, Source]], jobs: int) -> list[list[tuple[int, Source]]]:
    runs = iter(files)
    shares: list[list[tuple[int, Source]]] = [[] for _ in range(jobs)]
    turn = 0
    while run := list(islice(runs, _SHARE)):
        shares[turn % jobs] += run
        turn += 1
    return [s for s in shares if s]


def _together(parts: Iterable[Loaded]) -> Loaded:
    found = list(parts)
    return Loaded(
        (),
        tuple(d for p in found for d in p.diagnostics),
        tuple(s for p in found for s in p.skipped),
        sum(p.files for p in found),
        (),
        tuple(u for p in found for u in p.usage),
    )
