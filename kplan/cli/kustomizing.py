"""Builds a kustomization with the program that is there: ``kustomize``, or ``kubectl``."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kplan.load.documents import Loaded

_PROGRAMS = (("kustomize", "build"), ("kubectl", "kustomize"))


def build(path: str) -> Loaded | str:
    """The objects of a kustomization, or why there are none."""
    from kplan.load.files import Found
    from kplan.load.sources import read_sources

    command = next((words for words in _PROGRAMS if shutil.which(words[0])), None)
    if command is None:
        return f"-k {path}: building a kustomization takes the kustomize or the kubectl program, and neither is here; build it elsewhere and use -f"
    done = subprocess.run([*command, path], capture_output=True, check=False)
    if done.returncode:
        return done.stderr.decode(errors="replace").strip().removeprefix("Error: ").removeprefix("error: ")
    return read_sources([Found(path, explicit=True, piped=True)], done.stdout)
