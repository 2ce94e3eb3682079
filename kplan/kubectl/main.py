"""kubectl's front door: finds the verb, reads its flags, runs it, and says how it ended.

A verb is a module ``kplan/kubectl/verbs/<verb>.py``; one with sub-verbs (``set image``) names the folder they are in.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/cmd.go (1.36)
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Any

from kplan.kubectl.absent import why_absent
from kplan.kubectl.client import Client
from kplan.kubectl.command import Bytes, Command, Reader
from kplan.kubectl.failure import AnyFailure, Failure, report
from kplan.kubectl.flags import GLOBAL, parse
from kplan.kubectl.screen import Printed

_VALUED = {f"--{f.name}" for f in GLOBAL if not f.implied} | {f"-{f.short}" for f in GLOBAL if f.short and not f.implied}


def verbs() -> list[str]:
    """Every verb that can be run, sorted."""
    import kplan.kubectl.verbs

    return sorted(m.name.rstrip("_").replace("_", "-") for m in pkgutil.iter_modules(kplan.kubectl.verbs.__path__))


def verb_module(path: str) -> ModuleType | None:
    """The module of a verb (``get``) or of a sub-verb (``rollout undo``), or None."""
    verb, _, sub = path.partition(" ")
    module = _module("kplan.kubectl.verbs", verb)
    folder = getattr(module, "FOLDER", "")
    if not sub or not folder:
        return None if sub else module
    return _module(folder, getattr(module, "ALIASES", {}).get(sub, sub))


def run(argv: Sequence[str], client: Client, read: Reader, read_bytes: Bytes, build: Callable[..., Any] | None = None) -> Printed:
    """Run one command line (without ``kubectl``) against a cluster."""
    error = _run(list(argv), client, read, read_bytes, build)
    if error is None:
        return client.screen.printed(0)
    client.screen.stderr.append(report(error))
    return client.screen.printed(1)


def _run(argv: list[str], client: Client, read: Reader, read_bytes: Bytes, build: Callable[..., Any] | None) -> AnyFailure | None:
    verb, rest = take_word(argv)
    module = verb_module(verb)
    if module is None:
        return Failure(why_absent(verb) or f'unknown command "{verb}" for "kubectl"')
    path = f"kubectl {verb}"
    if hasattr(module, "FOLDER"):
        word, without = take_word(rest, valued_by(module))
        inner = verb_module(f"{verb} {word}") if word else None
        if inner is not None:
            module, rest, path = inner, without, f"{path} {word}"
    flags = (*GLOBAL, *module.FLAGS)
    arguments = parse(rest, flags, path)
    if isinstance(arguments, Failure):
        return arguments
    if namespace := arguments["namespace"]:
        client.namespace, client.enforce_namespace = namespace, True
    command = Command(path, arguments, client, read, read_bytes, build)
    found: AnyFailure | None = command.prepare() or module.run(command)
    return found


def take_word(argv: Iterable[str], valued: Iterable[str] = ()) -> tuple[str, list[str]]:
    """The first word that is no flag and no flag's value, and the command line without it."""
    words = list(argv)
    takes_value = _VALUED | set(valued)
    i = 0
    while i < len(words):
        word = words[i]
        if word == "--":
            break
        if word.startswith("-") and len(word) > 1:
            i += 2 if word in takes_value else 1
            continue
        return word, words[:i] + words[i + 1 :]
    return "", words


def valued_by(module: ModuleType) -> set[str]:
    """The flags of a verb that take their value from the next word."""
    flags = getattr(module, "FLAGS", ())
    return {f"--{f.name}" for f in flags if not f.implied} | {f"-{f.short}" for f in flags if f.short and not f.implied}


def _module(package: str, word: str) -> ModuleType | None:
    name = word.replace("-", "_")
    if not name.isidentifier():
        return None
    for candidate in (name, name + "_"):
        if importlib.util.find_spec(f"{package}.{candidate}") is not None:
            return importlib.import_module(f"{package}.{candidate}")
    return None
