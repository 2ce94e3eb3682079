"""Which files are patches of a kustomization: pieces of objects, of which nothing can be said by themselves.

A kustomization reads only what lies in its folder or below, so the folders above a file know whether it is one.

Mirrors: sigs.k8s.io/kustomize/api types/kustomization.go (Patches, PatchesStrategicMerge, PatchesJson6902, Replacements)
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from kplan.load.files import NotText, PathError, decode, read_file
from kplan.load.yaml import YAMLRefused, read_yaml

FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
PATCH = "a patch of {}, not an object: build that first (kubectl kustomize DIR | kplan … -f -)"
_FIELDS = ("patches", "patchesStrategicMerge", "patchesJson6902", "replacements")
_ABOVE = 6
"""How many folders above a file are asked."""


class Kustomizations:
    """What the kustomizations of some folders patch; every folder is read once."""

    def __init__(self) -> None:
        self._patches: dict[str, Mapping[str, str]] = {}

    def patched_by(self, path: str) -> str:
        """The kustomization that a file is a patch of; "" where it is none."""
        file = os.path.abspath(path)
        folder = os.path.dirname(file)
        for _ in range(_ABOVE):
            found = self._patches.get(folder)
            if found is None:
                found = self._patches[folder] = dict(_patches_of(folder))
            if file in found:
                return os.path.relpath(found[file])
            folder = os.path.dirname(folder)
        return ""


def _patches_of(folder: str) -> Iterator[tuple[str, str]]:
    """(patch, kustomization) of every patch that the kustomization of a folder names."""
    kustomization = next((p for p in (os.path.join(folder, name) for name in FILES) if os.path.isfile(p)), "")
    if not kustomization:
        return
    try:
        value, _ = read_yaml(decode(read_file(kustomization)))
    except (PathError, NotText, YAMLRefused):
        return
    for named in _named(value):
        yield os.path.normpath(os.path.join(folder, named)), kustomization


def _named(kustomization: Any) -> Iterator[str]:
    for field in _FIELDS if isinstance(kustomization, Mapping) else ():
        listed = kustomization.get(field)
        for item in listed if isinstance(listed, list) else ():
            name = item.get("path") if isinstance(item, Mapping) else item
            if isinstance(name, str) and "\n" not in name:
                yield name
