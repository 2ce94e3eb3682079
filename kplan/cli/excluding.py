"""Which files ``--exclude`` and ``--ignore-filename-pattern`` leave out.

Globs know ``*``, ``?`` and ``[…]``, and ``*`` takes slashes, too; one that names a folder takes all that is in it, wherever
it lies. Patterns run on RE2, as kubeconform's do, so that none can hang.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from kplan.cli.exits import usage_error

_LONGEST = 1000
"""Characters of a glob or a pattern."""


def excluder(globs: Sequence[str], patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether a path is left out.

    Raises: typer.Exit where a pattern is none; the user has been told.
    """
    from kplan.apiserver.goregexp import RegexpError, compile_regexp

    for option, given in (("--exclude", globs), ("--ignore-filename-pattern", patterns)):
        for text in given:
            if not text or len(text) > _LONGEST:
                raise usage_error(f"{option} {text[:40]!r}: expected 1 to {_LONGEST} characters")
    compiled = []
    for pattern in patterns:
        try:
            compiled.append(compile_regexp(pattern))
        except RegexpError as problem:
            raise usage_error(f"--ignore-filename-pattern {pattern}: {problem}") from None
    bare = [glob.removeprefix("./").rstrip("/") for glob in globs]

    def leave_out(path: str) -> bool:
        plain = path.removeprefix("./")
        return any(_takes(glob, plain) for glob in bare) or any(p.search(path) for p in compiled)

    return leave_out


def _takes(glob: str, path: str) -> bool:
    """Whether a glob matches a path, its end from some folder on, or a folder above it."""
    return any(fnmatchcase(path, form) for form in (glob, f"*/{glob}", f"{glob}/*", f"*/{glob}/*"))
