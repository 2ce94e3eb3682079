"""From the text of an expression to its tree.

The C++ parser (``cel-expr-python``) reads the text and expands the standard macros.  Those of Kubernetes' own environment
that it does not know (comprehensions over two variables, sortBy) are expanded here.

Mirrors: github.com/google/cel-go/parser/parser.go (0.26)
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from kplan.apiserver.cel.macros import expand
from kplan.apiserver.cel.syntax import Issue, Parsed, SyntaxIssues, display
from kplan.apiserver.cel.wire import read_parsed

MAX_EXPRESSION = 100_000
"""Code points in one expression."""


@cache
def _environment(bindings: bool) -> Any:
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_bindings, ext_optional

    extensions: list[Any] = [ext_optional.ExtOptional()]
    if bindings:
        extensions.append(ext_bindings.ExtBindings())
    return cel.NewEnv(extensions=extensions)


_NO_PLACE = re.compile(r"<input>:4294967295:0:")
_STATUS = re.compile(r"^[A-Z_]+: (?=ERROR)")


def parse(text: str, *, bindings: bool = False) -> Parsed:
    """The tree of an expression. ``bindings`` adds the macro ``cel.bind``.

    Raises: SyntaxIssues.
    """
    if len(text) > MAX_EXPRESSION:
        too_long = f"expression code point size exceeds limit: size: {len(text)}, limit {MAX_EXPRESSION}"
        raise SyntaxIssues(display(text, [Issue(-1, -1, too_long)]))
    try:
        compiled = _environment(bindings).compile(text, disable_check=True)
    except RuntimeError as refused:
        raise SyntaxIssues(_server_text(str(refused), text)) from None
    root, positions = read_parsed(compiled.serialize())
    parsed = Parsed(text, root, positions, max(positions, default=0) + 1)
    expand(parsed)
    return parsed


def _server_text(said: str, text: str) -> str:
    said = _STATUS.sub("", said).removesuffix(" [INVALID_ARGUMENT]")
    said = _NO_PLACE.sub("<input>:-1:0:", said)
    if not text:
        said = said.replace("<input>:1:1:", "<input>:1:0:", 1)
    return said
