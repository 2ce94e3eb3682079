"""The formats of output: the modules of a folder, each with a ``render``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from kplan.cli.exits import usage_error

PLANS, VERDICTS = "kplan.render.plans", "kplan.render.verdicts"


def formats(folder: str) -> list[str]:
    """The names of the formats of a folder."""
    return sorted(m.name for m in pkgutil.iter_modules(importlib.import_module(folder).__path__))


def renderer(folder: str, name: str, *others: str) -> Callable[..., str]:
    """The ``render`` of a format; ``others`` are names that are no files.

    Raises: typer.Exit where there is no such format; the user has been told which there are.
    """
    known = formats(folder)
    if name in others:
        raise usage_error(f"-o {name}: it is printed alone, to the terminal; leave out the other formats and the file")
    if name not in known:
        raise usage_error(f"-o {name}: expected one of {', '.join([*known, *others])}")
    render: Callable[..., str] = importlib.import_module(f"{folder}.{name}").render
    return render
