"""One file's documents made into objects, in two views of the same reading.

kplan's: every object that can be made out, and what is no manifest skipped with a reason. kubectl's: the file ends at
its first broken document, and whatever lies in a directory must be a manifest.

Mirrors: staging/src/k8s.io/cli-runtime/pkg/resource/visitor.go: StreamVisitor, FlattenListVisitor, mapper.go (1.36)
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from kplan.load.documents import Delivery, Document, Origin, Skipped
from kplan.load.encrypted import opened
from kplan.load.files import Found, NotText
from kplan.load.kustomizations import PATCH
from kplan.load.metadata import metadata_problem
from kplan.load.recognise import TEMPLATE, foreign_file, foreign_value, is_template, kind_problem, validation_failure
from kplan.load.stream import Reading, read_stream
from kplan.model.diagnostics import Diagnostic, Location, Severity
from kplan.model.objects import Path

_FIRST_TOKEN = re.compile(r"^[ \t]*(?!---|#)\S", re.MULTILINE)
_UNTYPED = 'unable to get type info from the object "*unstructured.Unstructured": '
_NO_KIND = "Object 'Kind' is missing in 'object has no kind field '"
_NO_VERSION = "Object 'apiVersion' is missing in 'object has no apiVersion field'"


class ManifestFile:
    """The documents of one file, as they are read."""

    def __init__(self, found: Found, patched_by: str = "", *, tell_duplicates: bool = True) -> None:
        self.name = found.path
        self.explicit = found.explicit
        self.tell_duplicates = tell_duplicates
        self.foreign = foreign_file(os.path.basename(found.path), in_chart=found.in_chart) or (PATCH.format(patched_by) if patched_by else "")
        self.documents: list[Document] = []
        self.diagnostics: list[Diagnostic] = []
        self.skipped: list[Skipped] = []
        if self.foreign and not found.explicit:
            self.skipped.append(Skipped(self.name, self.foreign))
        self._delivered: list[Document] = []
        self._remarks: list[tuple[int, str]] = []
        self._failure = ""
        self._taken = 0

    def delivery(self) -> Delivery:
        """kubectl's view of the file."""
        return Delivery(self.name, tuple(self._delivered), self._failure, tuple(self._remarks))

    def refuse(self, refused: NotText) -> None:
        """The file is no text: kplan takes nothing of it; kubectl replaces what it cannot decode and tries."""
        at = Location(self.name, refused.line + 1, refused.column + 1)
        self._error("KP103", f"{refused.problem}, so it is no manifest", at)
        replaced = ManifestFile(Found(self.name, explicit=True))
        for reading in read_stream(refused.replaced):
            replaced.take(reading)
        self._delivered, self._remarks, self._failure = replaced._delivered, replaced._remarks, replaced._failure

    def take(self, reading: Reading) -> None:
        """One document of the file."""
        if reading.problem:
            self._take_broken(reading)
        elif reading.value is not None:
            self._take_value(reading)

    def _take_broken(self, reading: Reading) -> None:
        self._fail(f"error parsing {self.name}: {reading.problem}")
        at = Location(self.name, reading.line + 1, reading.column + 1)
        if is_template(reading.chunk.text):
            self._leave_out(self.foreign or TEMPLATE, at)
        elif not self.foreign or self.explicit:
            self._error("KP102", reading.problem, at)

    def _take_value(self, reading: Reading) -> None:
        value, chunk = reading.value, reading.chunk
        first = _FIRST_TOKEN.search(chunk.text)
        line = chunk.line + 1 + (chunk.text.count("\n", 0, first.start()) if first else 0)
        foreign = self.foreign or foreign_value(value)
        if foreign:
            self._leave_out(foreign, Location(self.name, line))
        problem = kind_problem(value)
        if problem:
            self._fail(validation_failure(self.name, problem))
            if not foreign:
                message = f"{problem.strip('[]')}: every Kubernetes object needs apiVersion and kind"
                self._error("KP106", message, Location(self.name, line))
            return
        origin = Origin(self.name, chunk, reading.duplicates)
        if "items" not in value:
            self._take_object(Document(value, self.name, self._taken, line, origin), foreign)
            return
        for prefix, item in _flatten(value):
            self._take_item(Document(item, self.name, self._taken, line, origin, prefix), foreign)

    def _take_item(self, document: Document, foreign: str) -> None:
        """One object of a list, which nobody has checked for a kind yet."""
        item: Any = document.object
        problem = kind_problem(item)
        if isinstance(item, Mapping) and not problem and item["kind"] and item["apiVersion"]:
            self._take_object(document, foreign)
            return
        self._taken += 1
        has_kind = isinstance(item, Mapping) and item.get("kind")
        self._remark(_UNTYPED + (_NO_VERSION if has_kind else _NO_KIND))
        message = (problem or "kind not set").strip("[]")
        self._error("KP106", f"{message}: every object of a list needs apiVersion and kind", document.locate())

    def _take_object(self, document: Document, foreign: str) -> None:
        self._taken += 1
        problem = metadata_problem(document.object)
        if problem:
            self._remark(f'unable to decode "{self.name}": {problem}')
        elif not self._failure:
            self._delivered.append(document)
        if foreign or (problem and not self._has_identity(document)):
            return
        if (plain := opened(document.object)) is not document.object:
            document = replace(document, object=plain)
        self.documents.append(document)
        if self.tell_duplicates:
            for path, at in document.duplicates:
                message = f'duplicate key "{path[-1]}": the last one counts'
                found = Diagnostic("KP105", Severity.WARNING, message, path=path, origin=document, at=at)
                self.diagnostics.append(found)

    def _has_identity(self, document: Document) -> bool:
        """Whether namespace and name can be read; a slip elsewhere is for validation to find."""
        metadata = document.object.get("metadata")
        identity = {k: metadata.get(k) for k in ("name", "namespace")} if isinstance(metadata, Mapping) else metadata
        problem = metadata_problem({"metadata": identity})
        if problem:
            at = document.locate(("metadata",), key=True)
            found = Diagnostic("KP109", Severity.ERROR, problem, path=("metadata",), origin=document, at=at)
            self.diagnostics.append(found)
        return not problem

    def _fail(self, failure: str) -> None:
        self._failure = self._failure or failure

    def _remark(self, words: str) -> None:
        if not self._failure:
            self._remarks.append((len(self._delivered), words))

    def _leave_out(self, reason: str, at: Location) -> None:
        if self.explicit:
            self._error("KP107", reason, at)
        elif not self.foreign:
            self.skipped.append(Skipped(self.name, reason, at.line))

    def _error(self, code: str, message: str, at: Location) -> None:
        self.diagnostics.append(Diagnostic(code, Severity.ERROR, message, at=at))


def _flatten(listed: Mapping[str, Any]) -> Iterable[tuple[Path, Any]]:
    """The objects of a list, with those of lists inside it."""
    items = listed["items"]
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if not isinstance(item, Mapping):
            yield ("items", index), item
            continue
        typed = item if item.get("kind") or item.get("apiVersion") else _typed(item, listed)
        if "items" not in typed:
            yield ("items", index), typed
            continue
        for path, inner in _flatten(typed):
            yield ("items", index, *path), inner


def _typed(item: Mapping[str, Any], listed: Mapping[str, Any]) -> Mapping[str, Any]:
    """An item of a typed list (``PodList``) with the kind and version such lists leave out."""
    kind = str(listed.get("kind") or "").removesuffix("List")
    return {**item, "apiVersion": listed.get("apiVersion") or "", "kind": kind}
