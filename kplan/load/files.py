"""Files named on the command line: paths, directories and patterns to files, and files to text.

Mirrors: staging/src/k8s.io/cli-runtime/pkg/resource/builder.go: FilenameParam, Path, visitor.go: FileVisitor (1.36)
Differs: a file that is not text is refused as such; kubectl replaces what it cannot decode and stumbles later.
"""

from __future__ import annotations

import codecs
import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass

EXTENSIONS = (".json", ".yaml", ".yml")
STDIN = "STDIN"
MAX_BYTES = 256 * 1024 * 1024
"""Largest file that is read."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class PathError(Exception):
    """A source that names nothing readable; the message is kubectl's."""


class NotText(Exception):
    """A file that is no text: what it is, where (line, column from 0), and the text kubectl would make of it."""

    def __init__(self, problem: str, line: int, column: int, replaced: str) -> None:
        super().__init__(problem)
        self.problem, self.line, self.column, self.replaced = problem, line, column, replaced


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read; ``explicit`` when it was named itself, not found in a directory."""

    path: str
    explicit: bool
    in_chart: bool = False
    piped: bool = False
    """Not read, but handed over: the standard input, or what was built of a folder."""


def find_files(filename: str, *, recursive: bool) -> Iterator[Found]:
    """The files a ``-f`` argument names, in kubectl's order.

    Raises: PathError where there is no such path.
    """
    if filename.startswith(("http://", "https://")):
        raise PathError(f"{filename}: kplan does not use the network; download the file and name it")
    for path in _expand(filename):
        if os.path.isdir(path):
            yield from _walk(path, recursive, in_chart=_in_templates(os.path.abspath(path)))
        else:
            yield Found(path, explicit=True)


def _expand(filename: str) -> list[str]:
    if os.path.lexists(filename):
        return [filename]
    try:
        matches = sorted(glob.glob(filename, include_hidden=True))
    except (ValueError, OSError):
        matches = []
    if not matches:
        raise PathError(f'the path "{filename}" does not exist')
    return matches


def _walk(directory: str, recursive: bool, *, in_chart: bool) -> Iterator[Found]:
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        raise PathError(f'error reading "{directory}": open {directory}: {_reason(error)}') from None
    in_chart = in_chart or any(entry.name in ("Chart.yaml", "Chart.yml") for entry in entries)
    for entry in entries:
        path = os.path.normpath(os.path.join(directory, entry.name))
        if entry.is_dir(follow_symlinks=False):
            if recursive:
                yield from _walk(path, recursive, in_chart=in_chart)
        elif os.path.splitext(entry.name)[1] in EXTENSIONS and not entry.is_dir():
            yield Found(path, explicit=False, in_chart=in_chart)


def _in_templates(directory: str) -> bool:
    """Whether a directory is a chart's ``templates`` or lies in it."""
    head = directory
    while True:
        head, tail = os.path.split(head)
        if not tail:
            return False
        if tail == "templates" and os.path.exists(os.path.join(head, "Chart.yaml")):
            return True


def read_file(path: str) -> bytes:
    """A file's bytes.

    Raises: PathError where it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PathError(f"open {path}: {_reason(error)}") from None
    if len(data) > MAX_BYTES:
        raise PathError(f"{path}: larger than {MAX_BYTES // 2**20} MiB")
    return data


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def decode(data: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 with a byte order mark.

    Raises: NotText where it is neither.
    """
    bom, encoding = next(((bom, name) for bom, name in _BOMS if data.startswith(bom)), (b"", "utf-8"))
    data = data[len(bom) :]
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        replaced = data.decode(encoding, "replace")
        problem = f"not {encoding.upper()} text: byte 0x{data[error.start]:02x} cannot be decoded"
        raise _not_text(problem, data[: error.start].decode(encoding, "replace"), replaced) from None
    if "\0" in text:
        problem = "a binary file: it holds a NUL character"
        raise _not_text(problem, text[: text.index("\0")], text)
    return text


def _not_text(problem: str, before: str, replaced: str) -> NotText:
    return NotText(problem, before.count("\n"), len(before) - before.rfind("\n") - 1, replaced)
