"""Everything that ``-f`` names, loaded: objects, what was skipped, and what is wrong with the rest.

Mirrors: staging/src/k8s.io/cli-runtime/pkg/resource/builder.go (1.36)
Differs: addresses of the web are refused, for kplan uses no network.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from kplan.load.documents import Delivery, Document, Loaded, Skipped
from kplan.load.files import EXTENSIONS, STDIN, Found, NotText, PathError, decode, find_files, read_file
from kplan.load.manifests import ManifestFile
from kplan.load.sharing import collection_paused
from kplan.load.stream import read_stream
from kplan.model.diagnostics import Diagnostic, Location, Severity

CODES = {
    "KP101": "a path that cannot be read",
    "KP102": "a syntax error in YAML or JSON",
    "KP103": "a file that is not text",
    "KP105": "a key given twice; the last one counts",
    "KP106": "a document without apiVersion or kind",
    "KP107": "a file named explicitly that holds no Kubernetes object",
    "KP108": "nothing to load",
    "KP109": "a name or namespace of a wrong type",
}
"""The family KP1: what can be wrong with the input before any object is looked at."""


def load_sources(
    filenames: Iterable[str], recursive: bool = False, stdin: bytes | None = None, *, tell_duplicates: bool = True
) -> Loaded:
    """All objects that files, directories, patterns and ``-`` (standard input) hold, in kubectl's order.

    ``stdin`` stands for the standard input where it is given. Nothing is raised for what is wrong with the input: it
    is told in ``diagnostics``.
    """
    loading = _Loading(tell_duplicates)
    stdin_used = False
    with collection_paused():
        for filename in filenames:
            if filename != "-":
                loading.source(filename, recursive)
            elif stdin_used:
                loading.refuse("standard input cannot be used for multiple arguments", "-")
            else:
                stdin_used = True
                loading.data(Found(STDIN, explicit=True), sys.stdin.buffer.read() if stdin is None else stdin)
    return loading.result()


class _Loading:
    def __init__(self, tell_duplicates: bool) -> None:
        self.tell_duplicates = tell_duplicates
        self.documents: list[Document] = []
        self.diagnostics: list[Diagnostic] = []
        self.skipped: list[Skipped] = []
        self.deliveries: list[Delivery] = []
        self.usage: list[str] = []
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

    def source(self, filename: str, recursive: bool) -> None:
        before = self.files
        try:
            for found in find_files(filename, recursive=recursive):
                self.file(found)
        except PathError as error:
            self.refuse(str(error), filename)
            return
        if self.files == before:
            known = " ".join(EXTENSIONS)
            self.refuse(f"error reading [{filename}]: recognized file extensions are [{known}]", filename, "KP108")

    def refuse(self, problem: str, filename: str, code: str = "KP101") -> None:
        """A source that makes kubectl stop before it reads anything."""
        self.usage.append(problem)
        self.diagnostics.append(Diagnostic(code, Severity.ERROR, problem, at=Location(filename)))

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
        file = ManifestFile(found, tell_duplicates=self.tell_duplicates)
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
