"""Data from literals, files and env files, for ConfigMaps and Secrets.

Mirrors: staging/src/k8s.io/kubectl/pkg/util/util.go, pkg/cmd/create/create_{configmap,secret}.go,
         pkg/cmd/util/env_file.go, pkg/util/hash/hash.go (1.36)
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable

from kplan.apiserver.rules.names import is_config_map_key, is_env_var_name
from kplan.kubectl.command import Command
from kplan.kubectl.failure import Failure
from kplan.kubectl.flags import ARRAY, BOOL, LIST, flag
from kplan.model.gotext import go_json

FLAGS = (flag("from-file", LIST), flag("from-literal", ARRAY), flag("from-env-file", LIST), flag("append-hash", BOOL))

Pair = tuple[str, bytes]


def read_pairs(command: Command, what: str, *, literals_first: bool) -> dict[str, bytes] | Failure:
    """The data of ``--from-literal``, ``--from-file`` and ``--from-env-file``. ``what``: ConfigMap or Secret."""
    a = command.arguments
    if a["from-env-file"] and (a["from-file"] or a["from-literal"]):
        return Failure("from-env-file cannot be combined with from-file or from-literal")
    steps = [(_literals, a["from-literal"]), (_files, a["from-file"])]
    if not literals_first:
        steps.reverse()
    data: dict[str, bytes] = {}
    for read, sources in (*steps, (_env_files, a["from-env-file"])):
        pairs = read(command, sources, what)
        if isinstance(pairs, Failure):
            return pairs
        for key, value in pairs:
            if wrong := list(is_config_map_key(key)):
                said = f'"{key}" is not a valid key name for a ConfigMap: {",".join(wrong)}'
                return Failure(said if what == "ConfigMap" else f'"{key}" is not valid key name for a Secret {";".join(wrong)}')
            if key in data:
                return Failure(_twice(key, command.arguments.args[-1], what))
            data[key] = value
    return data


def _twice(key: str, name: str, what: str) -> str:
    if what == "Secret":
        return f"cannot add key {key}, another key by that name already exists"
    return f'cannot add key "{key}", another key by that name already exists in Data for ConfigMap "{name}"'


def _literals(_: Command, sources: Iterable[str], __: str) -> list[Pair] | Failure:
    out: list[Pair] = []
    for source in sources:
        key, equals, value = source.partition("=")
        if not equals or not key:
            return Failure(f"invalid literal source {source}, expected key=value")
        out.append((key, value.encode()))
    return out


def _files(command: Command, sources: Iterable[str], _: str) -> list[Pair] | Failure:
    out: list[Pair] = []
    for source in sources:
        parts = source.split("=")
        if len(parts) > 2:
            return Failure("key names or file paths cannot contain '='")
        key, path = parts if len(parts) == 2 else (os.path.basename(source.rstrip("/")), source)
        if not key:
            return Failure(f"key name for file path {path} missing")
        if not path:
            return Failure(f"file path for key name {key} missing")
        if os.path.isdir(path):
            if len(parts) == 2:
                return Failure("cannot give a key name for a directory path")
            names = sorted(n for n in os.listdir(path) if os.path.isfile(os.path.join(path, n)))
            found = [(n, os.path.join(path, n)) for n in names]
        else:
            found = [(key, path)]
        for name, file in found:
            content = _content(command, file)
            if isinstance(content, Failure):
                return content
            out.append((name, content))
    return out


def _content(command: Command, path: str) -> bytes | Failure:
    try:
        return command.read_bytes(path)
    except OSError as problem:
        return Failure(f"error reading {path}: {(problem.strerror or '').lower()}")


def _env_files(command: Command, sources: Iterable[str], what: str) -> list[Pair] | Failure:
    out: list[Pair] = []
    for source in sources:
        if os.path.isdir(source):
            return Failure(f"env {'config' if what == 'ConfigMap' else 'secret'} file cannot be a directory")
        content = _content(command, source)
        if isinstance(content, Failure):
            return content
        for line in content.decode("utf-8-sig", "replace").split("\n"):
            text = line.rstrip("\r").lstrip()
            if not text or text.startswith("#"):
                continue
            key, equals, value = text.partition("=")
            if wrong := list(is_env_var_name(key)):
                return Failure(f'"{key}" is not a valid key name: {";".join(wrong)}')
            out.append((key, (value if equals else os.environ.get(key, "")).encode()))
    return out


_CONSONANTS = str.maketrans({"0": "g", "1": "h", "3": "k", "a": "m", "e": "t"})


def content_hash(content: dict[str, object]) -> str:
    """The suffix of ``--append-hash``: the first 40 bits of the SHA-256 of the content, in safe letters."""
    return hashlib.sha256(go_json(content).encode()).hexdigest()[:10].translate(_CONSONANTS)
