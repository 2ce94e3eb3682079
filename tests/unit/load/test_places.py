"""Where values stand: YAML and JSON, lists, missing values, merge keys."""

from __future__ import annotations

from kplan.load.documents import Document
from kplan.load.sources import load_sources
from kplan.model.objects import Path

YAML = """\
# a comment
apiVersion: v1
kind: Pod
metadata:
  name: a
spec:
  containers:
  - name: x
    ports: [{containerPort: 80}, {containerPort: "81"}]
    command:
      - sh
      - -c
  defaults: &defaults
    a: 1
  merged:
    <<: *defaults
    b: |
      text
---
apiVersion: v1
kind: Pod
metadata: {name: b}
"""
JSON = '{"apiVersion": "v1",\n "kind": "Pod",\n "metadata": {\n  "name": "a",\n  "labels": {"a\\u0062": "c"}},\n "l": [1,\n  [2]]}'


def load(text: str) -> tuple[Document, ...]:
    return load_sources(["-"], stdin=text.encode()).documents


def at(document: Document, *path: str | int, key: bool = False) -> str:
    location = document.locate(path, key=key)
    return f"{location.line}:{location.column}"


def test_values_and_keys_of_yaml() -> None:
    first, second = load(YAML)
    assert at(first) == "2:1"
    assert at(first, "metadata", "name") == "5:9"
    assert at(first, "metadata", "name", key=True) == "5:3"
    assert at(first, "spec", "containers") == "7:3"
    assert at(first, "spec", "containers", 0) == "8:5"
    assert at(first, "spec", "containers", 0, "ports", 1, "containerPort") == "9:50"
    assert at(first, "spec", "containers", 0, "command", 1) == "12:9"
    assert at(first, "spec", "merged", "a") == "14:8"
    assert at(first, "spec", "merged", "b") == "17:8"
    assert at(second, "metadata", "name") == "22:18"
    assert (first.line, second.line) == (2, 20)


def test_a_missing_value_is_placed_at_its_nearest_parent() -> None:
    document, _ = load(YAML)
    assert at(document, "spec", "containers", 0, "image") == "8:5"
    assert at(document, "spec", "containers", 7) == "7:3"
    assert at(document, "spec", "volumes", 0, "name") == "6:1"
    assert at(document, "status") == "2:1"
    assert at(document, "metadata", "name", "x") == "5:3"


def test_values_and_keys_of_json() -> None:
    (document,) = load(JSON)
    assert at(document, "metadata", "name") == "4:11"
    assert at(document, "metadata", "labels", "ab") == "5:25"
    assert at(document, "metadata", "labels", "ab", key=True) == "5:14"
    assert at(document, "l", 1, 0) == "7:4"
    assert at(document, "metadata", "annotations") == "3:2"


def test_an_excerpt_shows_the_place() -> None:
    document, _ = load(YAML)
    path: Path = ("metadata", "name")
    assert document.excerpt(document.locate(path)) == "4 | metadata:\n5 |   name: a\n  |         ^\n6 | spec:"


def test_an_excerpt_of_a_long_line_shows_the_part_that_matters() -> None:
    (document,) = load('{"apiVersion": "v1", "kind": "Pod", "long": "' + "x" * 5000 + '", "name": 1}')
    line, caret = document.excerpt(document.locate(("name",))).split("\n")
    assert len(line) < 170 and line[caret.index("^")] == "1"
