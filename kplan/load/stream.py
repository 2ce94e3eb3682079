"""A file's documents, one after the other, as kubectl takes a stream apart.

A stream that begins with ``{`` is tried as JSON values in a row; when one of the first two fails the rest is read as
YAML. YAML documents are cut at lines beginning with ``---`` before any parsing, so one broken document does not hide
the next.

Mirrors: staging/src/k8s.io/apimachinery/pkg/util/yaml/decoder.go, stream_reader.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kplan.load.json import JSONError, read_value
from kplan.load.yaml import Duplicate, YAMLRefused, read_yaml

_PEEK = 4096
_SEPARATOR = re.compile(r"^---([^\n]*)\n?", re.MULTILINE)
_JSON_SPACE = re.compile(r"[ \t\r\n]*")
_SPACE_TO_LINE_END = re.compile(r"[^\S\n]*\n?")


@dataclass(frozen=True, slots=True)
class Chunk:
    """The text of one document and where it begins in its file (line and column from 0)."""

    text: str
    line: int
    column: int = 0
    is_json: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One document: its value, or kubectl's words on why there is none and where (line and column from 0)."""

    chunk: Chunk
    value: Any = None
    duplicates: tuple[Duplicate, ...] = ()
    problem: str = ""
    line: int = 0
    column: int = 0


def read_stream(text: str) -> Iterator[Reading]:
    """The documents of a text, empty ones included; after a broken JSON value nothing more comes."""
    if text[:_PEEK].lstrip().startswith("{"):
        yield from _read_json_stream(text)
    else:
        yield from _read_yaml_stream(text, 0)


def _read_json_stream(text: str) -> Iterator[Reading]:
    at, line, count = 0, 0, 0
    while (begin := _skip(_JSON_SPACE, text, at)) < len(text):
        line += text.count("\n", at, begin)
        try:
            value, end = read_value(text, begin)
        except JSONError as error:
            yield from _after_json(text, at, count, error)
            return
        chunk = Chunk(text[begin:end], line, begin - text.rfind("\n", 0, begin) - 1, is_json=True)
        yield Reading(chunk, value)
        line += text.count("\n", begin, end)
        at, count = end, count + 1


def _after_json(text: str, at: int, count: int, error: JSONError) -> Iterator[Reading]:
    """What follows the JSON values: YAML, unless there were several of them already."""
    words = error.problem
    if words != "unexpected EOF" and count <= 1:
        words = f"json: offset {len(text[: error.at + 1].encode())}: {words}"
    line, column = text.count("\n", 0, error.at), error.at - text.rfind("\n", 0, error.at) - 1
    refused = Reading(Chunk(text[at:], text.count("\n", 0, at)), problem=words, line=line, column=column)
    if count > 1:
        yield refused
        return
    begin = _skip(_SPACE_TO_LINE_END, text, at) if count else at
    for number, reading in enumerate(_read_yaml_stream(text[begin:], text.count("\n", 0, begin))):
        yield refused if not number and reading.problem else reading


def _read_yaml_stream(text: str, line: int) -> Iterator[Reading]:
    for chunk, misplaced in _cut(text.replace("\r\n", "\n"), line):
        if misplaced:
            yield Reading(chunk, problem=f"invalid Yaml document separator: {misplaced}", line=chunk.line)
            continue
        try:
            value, duplicates = read_yaml(chunk.text)
        except YAMLRefused as refused:
            where = chunk.line + max(refused.line, 0)
            words = f"error converting YAML to JSON: {refused.problem}"
            yield Reading(chunk, problem=words, line=where, column=max(refused.column, 0))
        else:
            yield Reading(chunk, value, duplicates)


def _cut(text: str, first_line: int) -> Iterator[tuple[Chunk, str]]:
    """The chunks between separators; with a line that only looks like one, what stands behind its dashes."""
    if text and not text.endswith("\n"):
        text += "\n"
    begin, counted, line = 0, 0, first_line
    for match in _SEPARATOR.finditer(text):
        behind = match[1].strip()
        misplaced = behind if not behind.startswith("#") else ""
        if not misplaced and match.start() == begin:
            continue
        start = match.start() if misplaced else begin
        line += text.count("\n", counted, start)
        counted = start
        yield Chunk(text[begin : match.start()], line), misplaced
        begin = match.end()
    if begin < len(text):
        yield Chunk(text[begin:], line + text.count("\n", counted, begin)), ""


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    assert match is not None
    return match.end()
