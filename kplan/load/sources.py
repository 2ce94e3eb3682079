"""Everything that ``-f`` names, loaded: objects, what was skipped, and what is wrong with the rest.

Mirrors: staging/src/k8s.io/cli-runtime/pkg/resource/builder.go (1.36)
Differs: addresses of the web are refused, for kplan uses no network.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from kplan.load.documents import Delivery, Document, Loaded, Skipped
from kplan.load.files import EXTENSIONS, STDIN, Found, NotText, PathError, decode, find_files, read_file
from kplan.load.kustomizations import Kustomizations
from kplan.load.manifests import ManifestFile
from kplan.load.sharing import collection_paused
from kplan.load.stream import read_stream
from kplan.model.diagnostics import Diagnostic, Location, Severity


@dataclass(frozen=True, slots=True)
class Unfindable:
    """A source that makes kubectl stop before it reads anything."""

    problem: str
    filename: str
    code: str = "KP101"


Source = Found | Unfindable


def load_sources(
    filenames: Iterable[str], recursive: bool = False, stdin: bytes | None = None, *, tell_duplicates: bool = True
) -> Loaded:
    """All objects that files, directories, patterns and ``-`` (standard input) hold, in kubectl's order.

    ``stdin`` stands for the standard input where it is given. Nothing is raised for what is wrong with the input: it
    is told in ``diagnostics``.
    """
    return read_sources(find_sources(filenames, recursive), stdin, tell_duplicates=tell_duplicates)


def find_sources(filenames: Iterable[str], recursive: bool = False, leave_out: Callable[[str], bool] = lambda _: False) -> list[Source]:
    """The files that the arguments name, but those that ``leave_out`` says; nothing is read yet."""
    out: list[Source] = []
    stdin_used = False
    for filename in filenames:
        if filename != "-":
            out += _find(filename, recursive, leave_out)
        elif stdin_used:
            out.append(Unfindable("standard input cannot be used for multiple arguments", "-"))
        else:
            stdin_used = True
            out.append(Found(STDIN, explicit=True, piped=True))
    return out


def _find(filename: str, recursive: bool, leave_out: Callable[[str], bool]) -> Iterator[Source]:
    nothing = True
    try:
        for found in find_files(filename, recursive=recursive):
            nothing = False
            if not leave_out(found.path):
                yield found
    except PathError as error:
        yield Unfindable(str(error), filename)
        return
    if nothing:
        yield Unfindable(f"error reading [{filename}]: recognized file extensions are [{' '.join(EXTENSIONS)}]", filename, "KP108")


def read_sources(sources: Iterable[Source], stdin: bytes | None = None, *, tell_duplicates: bool = True) -> Loaded:
    """The objects of files that were found."""
    loading = _Loading(tell_duplicates)
    with collection_paused():
        for source in sources:
            if isinstance(source, Unfindable):
                loading.refuse(source)
            elif source.piped:
                loading.data(source, sys.stdin.buffer.read() if stdin is None else stdin)
            else:
                loading.file(source)
    return loading.result()


class _Loading:
    def __init__(self, tell_duplicates: bool) -> None:
        self.tell_duplicates = tell_duplicates
        self.documents: list[Document] = []
        self.diagnostics: list[Diagnostic] = []
        self.skipped: list[Skipped] = []
        self.deliveries: list[Delivery] = []
        self.usage: list[str] = []
        self.kustomizations = Kustomizations()
        self.files = 0

    def result(self) -> Loaded:
        return Loaded(
            tuple(self.documents),
            tuple(self.diagnostics),
            tuple(self.skipped),
            self.files,
            tuple(self.deliveries),
            tuple(self.usage),
        )

    def refuse(self, source: Unfindable) -> None:
        """Nothing to read."""
        self.usage.append(source.problem)
        self.diagnostics.append(Diagnostic(source.code, Severity.ERROR, source.problem, at=Location(source.filename)))

    def file(self, found: Found) -> None:
        try:
            data = read_file(found.path)
        except PathError as error:
            self.files += 1
            self.diagnostics.append(Diagnostic("KP101", Severity.ERROR, str(error), at=Location(found.path)))
            self.deliveries.append(Delivery(found.path, (), str(error)))
            return
        self.data(found, data)

    def data(self, found: Found, data: bytes) -> None:
        self.files += 1
        patched_by = "" if found.piped else self.kustomizations.patched_by(found.path)
        file = ManifestFile(found, patched_by, tell_duplicates=self.tell_duplicates)
        try:
            text = decode(data)
        except NotText as refused:
            file.refuse(refused)
        else:
            for reading in read_stream(text):
                file.take(reading)
        self.documents += file.documents
        self.diagnostics += file.diagnostics
        self.skipped += file.skipped
        self.deliveries.append(file.delivery())
