"""Finds what acts on the cluster: every module of ``kplan.controllers`` that has a ``CONTROLLER``; nothing lists them."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any


def discover(package: str, constant: str) -> list[Any]:
    """The values of a constant over all modules and folders of a package, by name.

    A class is instantiated, so that what it remembers lives as long as one run.
    """
    found = []
    parent = importlib.import_module(package)
    for module in sorted(pkgutil.iter_modules(parent.__path__, package + "."), key=lambda m: m.name):
        value = getattr(importlib.import_module(module.name), constant, None)
        if value is not None:
            found.append(value() if isinstance(value, type) else value)
    return found
