"""Everything that ``-f`` names, loaded: objects, what was skipped, and what is wrong with the rest.

Two views are kept of one reading. kplan's: every object it can make out, files that are no manifests skipped with a
reason. kubectl's: a file ends at its first broken document, and whatever lies in a directory must be a manifest.

Mirrors: staging/src/k8s.io/cli-runtime/pkg/resource/visitor.go: StreamVisitor, FlattenListVisitor (1.36)
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kplan.load.documents import Delivery, Document, Loaded, Origin, Skipped
from kplan.load.files import EXTENSIONS, STDIN, Found, NotText, PathError, decode, find_files, read_file
from kplan.load.metadata import metadata_problem
from kplan.load.recognise import TEMPLATE, foreign_file, foreign_value, is_template, kind_problem, validation_failure
from kplan.load.stream import Reading, read_stream
from kplan.model.diagnostics import Diagnostic, Location, Severity
from kplan.model.objects import Object, Path

CODES = {
    "KP101": "a path that cannot be read",
    "KP102": "a syntax error in YAML or JSON",
    "KP103": "a file that is not text",
    "KP105": "a file named explicitly that holds no Kubernetes object",
    "KP106": "a document without apiVersion or kind",
    "KP107": "a key given twice; the last one counts",
    "KP108": "nothing to load",
    "KP109": "metadata of a wrong type",
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
        reading = _File(found, self.tell_duplicates)
        try:
            text = decode(data)
        except NotText as refused:
            reading.not_text(refused)
        else:
            for document in read_stream(text):
                reading.take(document)
        reading.close()
        self.documents += reading.documents
        self.diagnostics += reading.diagnostics
        self.skipped += reading.skipped
        self.deliveries.append(Delivery(found.path, tuple(reading.delivered), reading.failure, tuple(reading.remarks)))


class _File:
    """One file on its way to documents."""

    def __init__(self, found: Found, tell_duplicates: bool) -> None:
        self.tell_duplicates = tell_duplicates
        self.name = found.path
        self.explicit = found.explicit
        self.foreign = foreign_file(os.path.basename(found.path), in_chart=found.in_chart)
        self.documents: list[Document] = []
        self.delivered: list[Document] = []
        self.diagnostics: list[Diagnostic] = []
        self.skipped: list[Skipped] = []
        self.remarks: list[tuple[int, str]] = []
        self.failure = ""
        self.taken = 0

    def not_text(self, refused: NotText) -> None:
        at = Location(self.name, refused.line + 1, refused.column + 1)
        self._error("KP103", f"{refused.problem}, so it is no manifest", at)
        problem = next((r.problem for r in read_stream(refused.replaced) if r.problem), "")
        self.failure = f"error parsing {self.name}: {problem}" if problem else f"error parsing {self.name}"

    def close(self) -> None:
        if self.foreign and not self.explicit:
            self.skipped = [Skipped(self.name, self.foreign)]

    def take(self, reading: Reading) -> None:
        if reading.problem:
            self._take_broken(reading)
        elif reading.value is not None:
            self._take_value(reading)

    def _take_broken(self, reading: Reading) -> None:
        if not self.failure:
            self.failure = f"error parsing {self.name}: {reading.problem}"
        if self.foreign and not self.explicit:
            return
        at = Location(self.name, reading.line + 1, reading.column + 1)
        if is_template(reading.chunk.text):
            self._leave_out(TEMPLATE, at)
        else:
            self._error("KP102", reading.problem, at)

    def _take_value(self, reading: Reading) -> None:
        value, origin = reading.value, Origin(self.name, reading.chunk, reading.duplicates)
        at = Location(self.name, _first_line(reading))
        problem = kind_problem(value)
        if problem and not self.failure:
            self.failure = validation_failure(self.name, problem)
        foreign = self.foreign or foreign_value(value)
        if problem and not foreign:
            self._error("KP106", f"{problem.strip('[]')}: every Kubernetes object needs apiVersion and kind", at)
        if foreign and not (self.foreign and not self.explicit):
            self._leave_out(foreign, at)
        if problem:
            return
        for prefix, item in _flatten(value):
            self._take_object(item, origin, prefix, at.line, foreign)

    def _take_object(self, item: Any, origin: Origin, prefix: Path, line: int, foreign: str) -> None:
        document = Document(item, self.name, self.taken, line, origin, prefix)
        self.taken += 1
        problem = self._kind_problem(document)
        if problem or (problem := metadata_problem(item)):
            if not self.failure:
                self.remarks.append((len(self.delivered), f'unable to decode "{self.name}": {problem}'))
        elif not self.failure:
            self.delivered.append(document)
        if not foreign and self._has_identity(document):
            self.documents.append(document)
            if self.tell_duplicates:
                self._tell_duplicates(document)

    def _kind_problem(self, document: Document) -> str:
        problem = kind_problem(document.object)
        if problem:
            self._error("KP106", problem.strip("[]"), document.locate())
        return problem

    def _has_identity(self, document: Document) -> bool:
        """Whether kind, namespace and name can be read; a slip elsewhere is for validation to find."""
        item: Any = document.object
        if kind_problem(item):
            return False
        metadata = item.get("metadata")
        identity = {k: metadata.get(k) for k in ("name", "namespace")} if isinstance(metadata, Mapping) else metadata
        problem = metadata_problem({"metadata": identity})
        if problem:
            at = document.locate(("metadata",), key=True)
            self.diagnostics.append(
                Diagnostic("KP109", Severity.ERROR, problem, path=("metadata",), origin=document, at=at)
            )
        return not problem

    def _tell_duplicates(self, document: Document) -> None:
        for path, at in document.duplicates:
            message = f'duplicate key "{path[-1]}": the last one counts'
            found = Diagnostic("KP107", Severity.WARNING, message, path=path, origin=document, at=at)
            self.diagnostics.append(found)

    def _leave_out(self, reason: str, at: Location) -> None:
        if self.explicit:
            self._error("KP105", reason, at)
        else:
            self.skipped.append(Skipped(self.name, reason, at.line))

    def _error(self, code: str, message: str, at: Location) -> None:
        self.diagnostics.append(Diagnostic(code, Severity.ERROR, message, at=at))


def _first_line(reading: Reading) -> int:
    """The line (from 1) of a document's first token, behind comments and blank lines."""
    line = reading.chunk.line + 1
    for text in reading.chunk.text.split("\n"):
        stripped = text.strip()
        if stripped and not stripped.startswith(("#", "---")):
            return line
        line += 1
    return reading.chunk.line + 1


def _flatten(value: Mapping[str, Any]) -> Sequence[tuple[Path, Any]]:
    """The objects of a document: itself, or what a list holds, lists in lists too."""
    if "items" not in value:
        return [((), value)]
    items = value["items"] or []
    if not isinstance(items, list):
        return [((), value)]
    flat: list[tuple[Path, Any]] = []
    for index, item in enumerate(items):
        if isinstance(item, Mapping):
            typed = _typed(item, value)
            flat += ((("items", index, *path), inner) for path, inner in _flatten(typed))
        else:
            flat.append((("items", index), item))
    return flat


def _typed(item: Object, listed: Object) -> Object:
    """An item of a typed list (``PodList``) with the kind and version such lists leave out."""
    if item.get("kind") or item.get("apiVersion"):
        return item
    return {"apiVersion": listed["apiVersion"], "kind": listed["kind"].removesuffix("List"), **item}
