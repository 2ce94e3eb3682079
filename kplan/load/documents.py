"""What was loaded: documents that can say where each of their values stands, what was skipped, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kplan.load.json import find_duplicates, find_places
from kplan.load.places import Place, find_place
from kplan.load.stream import Chunk
from kplan.load.yaml import Duplicate
from kplan.model.diagnostics import Diagnostic, Location
from kplan.model.objects import Object, Path

_WIDEST = 160
"""Characters of a source line that an excerpt shows."""


class Origin:
    """The chunk of a file a document was read from; it is parsed again, once, when a place is asked for."""

    __slots__ = ("_duplicates", "_json_places", "chunk", "file")

    def __init__(self, file: str, chunk: Chunk, duplicates: tuple[Duplicate, ...]) -> None:
        self.file, self.chunk = file, chunk
        self._duplicates = None if chunk.is_json else duplicates
        self._json_places: Mapping[Path, tuple[int, int]] | None = None

    @property
    def duplicates(self) -> tuple[Duplicate, ...]:
        """The keys the chunk gives more than once."""
        if self._duplicates is None:
            found = find_duplicates(self.chunk.text)
            self._duplicates = tuple((path, *self._line_and_column(at)) for path, at in found)
        return self._duplicates

    def _line_and_column(self, at: int) -> tuple[int, int]:
        text = self.chunk.text
        return text.count("\n", 0, at), at - text.rfind("\n", 0, at) - 1

    def location(self, line: int, column: int) -> Location:
        """The place in the file of a line and column (from 0) of the chunk."""
        first = self.chunk.column if line == 0 else 0
        return Location(self.file, self.chunk.line + line + 1, first + column + 1)

    def place(self, path: Path) -> Place:
        """Where a path stands in the chunk; of one that does not exist, the nearest parent's place."""
        if not self.chunk.is_json:
            return find_place(self.chunk.text, path)
        if self._json_places is None:
            self._json_places = find_places(self.chunk.text)
        found = path
        while found not in self._json_places:
            found = found[:-1]
        key_at, value_at = self._json_places[found]
        return Place(*self._line_and_column(key_at), *self._line_and_column(value_at), missing=found != path)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One object a user gave: its JSON value, and where it came from.

    ``index`` counts the file's objects from 0; ``line`` is where the object begins, from 1.
    """

    object: Object
    file: str
    index: int
    line: int
    origin: Origin
    prefix: Path = ()
    """Where the object sits in its document: ``("items", 3)`` in a List."""

    def locate(self, path: Path = (), *, key: bool = False) -> Location:
        """The place of the value at a path (of its key, if asked); of a missing one, its nearest parent's key.

        A value that begins on a later line than its key is placed at the key.
        """
        place = self.origin.place(self.prefix + path)
        if key or place.line != place.key_line or place.missing:
            return self.origin.location(place.key_line, place.key_column)
        return self.origin.location(place.line, place.column)

    @property
    def duplicates(self) -> tuple[tuple[Path, Location], ...]:
        """Keys given more than once, of which the last won: path and place of each repetition."""
        size = len(self.prefix)
        return tuple(
            (path[size:], self.origin.location(line, column))
            for path, line, column in self.origin.duplicates
            if path[:size] == self.prefix
        )

    def excerpt(self, location: Location, *, around: int = 1) -> str:
        """The source lines around a location of this document, numbered, with a caret under the column; "" of a Secret."""
        if self.object.get("kind") == "Secret":
            return ""
        lines = self.origin.chunk.text.split("\n")
        first, at = self.origin.chunk.line, location.line - 1 - self.origin.chunk.line
        width = len(str(location.line + around))
        left = max(location.column - _WIDEST // 2, 0) if location.column > _WIDEST else 0
        shown: list[str] = []
        for number in range(max(at - around, 0), min(at + around + 1, len(lines))):
            text = lines[number] if number else " " * self.origin.chunk.column + lines[0]
            shown.append(f"{first + number + 1:>{width}} | {text[left : left + _WIDEST]}".rstrip())
            if number == at and location.column:
                shown.append(f"{' ' * width} | {' ' * (location.column - 1 - left)}^")
        return "\n".join(shown)


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in the input that is no manifest, and why it was left out."""

    file: str
    reason: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file as kubectl takes it: the documents it gets to see, and what ends the file, in its words ("" nothing).

    ``remarks`` are errors of single documents, with the number of documents before them; the file goes on after those.
    """

    file: str
    documents: tuple[Document, ...]
    failure: str = ""
    remarks: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """All that the named sources hold.

    ``documents`` are kplan's view: every object that could be read. ``deliveries`` are kubectl's, for who must act and
    speak as it does; ``usage`` is what makes kubectl refuse before it reads anything.
    """

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    files: int = 0
    deliveries: tuple[Delivery, ...] = field(default=(), repr=False)
    usage: tuple[str, ...] = ()
