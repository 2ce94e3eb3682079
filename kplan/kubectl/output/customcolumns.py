"""``-o custom-columns=NAME:.metadata.name,…``.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/get/customcolumn.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kplan.kubectl.output.jsonpath import BadTemplate, Template, relaxed
from kplan.kubectl.tables import columns
from kplan.model.gotext import go_text
from kplan.model.objects import Object

Column = tuple[str, Template]


def parse_columns(spec: str) -> list[Column]:
    """The columns of ``HEADER:path,…``.

    Raises: BadTemplate.
    """
    if not spec:
        raise BadTemplate("custom-columns format specified but no custom columns given")
    out = []
    for part in spec.split(","):
        header, colon, path = part.partition(":")
        if not colon:
            raise BadTemplate(f"unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")
        out.append((header, Template(relaxed(path))))
    return out


def parse_columns_file(text: str) -> list[Column]:
    """The columns of a file of two lines: headers, paths.

    Raises: BadTemplate.
    """
    wanted = "Expected format is one line of space separated headers, one line of space separated column specs."
    lines = text.splitlines()
    if len(lines) < 2:
        raise BadTemplate(f"invalid template, missing {'spec' if lines else 'header'} line. {wanted}")
    headers, paths = lines[0].split(), lines[1].split()
    if len(headers) != len(paths):
        raise BadTemplate(f"number of headers ({len(headers)}) and field specifications ({len(paths)}) don't match")
    return [(header, Template(relaxed(path))) for header, path in zip(headers, paths, strict=True)]


def custom_table(spec: Iterable[Column], objects: Iterable[Object], *, headers: bool = True) -> list[str]:
    """The lines of the table.

    Raises: BadTemplate.
    """
    wanted = list(spec)
    rows = [[header for header, _ in wanted]] if headers else []
    rows += [[_cell(template, obj) for _, template in wanted] for obj in objects]
    return columns(rows, minimum=6)


def _cell(template: Template, obj: Object) -> str:
    found = template.find(obj)
    values: list[Any] = [value for values in found for value in values]
    return ",".join([*(["<none>"] if not found or not found[0] else []), *map(go_text, values)])
