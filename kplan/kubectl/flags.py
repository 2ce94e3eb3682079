"""Command lines as kubectl reads them: flags anywhere, ``-f x``, ``-fx``, ``--flag=x``, and its words for what is wrong.

Mirrors: github.com/spf13/pflag flag.go, github.com/spf13/cobra command.go
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kplan.kubectl.failure import Failure
from kplan.model.instants import read_duration

BOOL, STRING, INT, LIST, ARRAY, DURATION = "bool", "string", "int", "stringSlice", "stringArray", "duration"
"""A LIST splits its values at commas, an ARRAY does not; both may be given several times."""

_TRUE, _FALSE = frozenset(("1", "t", "T", "TRUE", "true", "True")), frozenset(("0", "f", "F", "FALSE", "false", "False"))


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag. ``implied`` is its value where it is given without one (``--cascade``)."""

    name: str
    type: str = STRING
    default: Any = ""
    short: str = ""
    implied: str = ""


@dataclass(slots=True)
class Arguments:
    """A parsed command line."""

    values: dict[str, Any]
    args: list[str] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    """The flags that were given."""
    dash: int = -1
    """How many arguments came before ``--``; -1 where there is none."""

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


def flag(name: str, type: str = STRING, default: Any = None, short: str = "", implied: str = "") -> Flag:
    """A flag with the default of its type."""
    if default is None:
        default = {BOOL: False, STRING: "", INT: 0, LIST: (), ARRAY: (), DURATION: 0.0}[type]
    return Flag(name, type, default, short, "true" if type == BOOL else implied)


def parse(argv: Iterable[str], flags: Iterable[Flag], command: str = "kubectl") -> Arguments | Failure:
    """The flags and arguments of a command line."""
    reader = _Reader(list(argv), {f.name: f for f in flags})
    if error := reader.read():
        return Failure(f"{error}\nSee '{command} --help' for usage.")
    return reader.found


class _Reader:
    def __init__(self, argv: list[str], flags: Mapping[str, Flag]) -> None:
        self.rest = argv
        self.flags = flags
        self.shorts = {f.short: f for f in flags.values() if f.short}
        self.found = Arguments({f.name: list(f.default) if isinstance(f.default, tuple) else f.default for f in flags.values()})

    def read(self) -> str:
        while self.rest:
            word = self.rest.pop(0)
            if word == "--":
                self.found.dash = len(self.found.args)
                self.found.args += self.rest
                return ""
            if word.startswith("--"):
                error = self._long(word)
            elif word.startswith("-") and len(word) > 1:
                error = self._short(word)
            else:
                self.found.args.append(word)
                error = ""
            if error:
                return error
        return ""

    def _long(self, word: str) -> str:
        name, equals, value = word[2:].partition("=")
        if not name or name[0] in "-=":
            return f"bad flag syntax: {word}"
        known = self.flags.get(name)
        if known is None:
            return f"unknown flag: --{name}"
        if equals:
            return self._set(known, value)
        if known.implied:
            return self._set(known, known.implied)
        if self.rest:
            return self._set(known, self.rest.pop(0))
        return f"flag needs an argument: --{name}"

    def _short(self, word: str) -> str:
        letters = word[1:]
        while letters:
            known = self.shorts.get(letters[0])
            if known is None:
                return f"unknown shorthand flag: '{letters[0]}' in -{letters}"
            rest = letters[1:]
            if rest.startswith("="):
                return self._set(known, rest[1:])
            if known.implied:
                if error := self._set(known, known.implied):
                    return error
                letters = rest
                continue
            if rest:
                return self._set(known, rest)
            if self.rest:
                return self._set(known, self.rest.pop(0))
            return f"flag needs an argument: '{letters[0]}' in -{letters}"
        return ""

    def _set(self, known: Flag, text: str) -> str:
        try:
            value = _read(known.type, text)
        except ValueError as problem:
            shown = f"-{known.short}, --{known.name}" if known.short else f"--{known.name}"
            return f'invalid argument "{text}" for "{shown}" flag: {problem}'
        values = self.found.values
        if known.type in (LIST, ARRAY):
            values[known.name] = [*values[known.name], *value] if known.name in self.found.changed else value
        else:
            values[known.name] = value
        self.found.changed.add(known.name)
        return ""


def _read(type: str, text: str) -> Any:
    if type == BOOL:
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        raise ValueError(f'strconv.ParseBool: parsing "{text}": invalid syntax')
    if type == INT:
        try:
            return int(text, 0)
        except ValueError:
            raise ValueError(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None
    if type == LIST:
        return next(csv.reader([text]), []) if text else []
    if type == ARRAY:
        return [text]
    return read_duration(text) if type == DURATION else text


GLOBAL = (
    flag("namespace", short="n"),
    flag("context"),
    flag("kubeconfig"),
    flag("user"),
    flag("server", short="s"),
    flag("token"),
    flag("as"),
    flag("as-group", ARRAY),
    flag("as-uid"),
    flag("request-timeout"),
    flag("certificate-authority"),
    flag("client-certificate"),
    flag("client-key"),
    flag("cache-dir"),
    flag("tls-server-name"),
    flag("insecure-skip-tls-verify", BOOL),
    flag("disable-compression", BOOL),
    flag("warnings-as-errors", BOOL),
    flag("match-server-version", BOOL),
    flag("v", short="v", default="0"),
    flag("vmodule"),
    flag("kuberc"),
)
"""What every kubectl command takes."""

FILES = (flag("filename", LIST, short="f"), flag("kustomize", short="k"), flag("recursive", BOOL, short="R"))
DRY_RUN = flag("dry-run", default="none", implied="unchanged")
OUTPUT = (
    flag("output", short="o"),
    flag("template"),
    flag("show-managed-fields", BOOL),
    flag("allow-missing-template-keys", BOOL, default=True),
)
VALIDATE = flag("validate", default="strict", implied="strict")
SELECTOR = flag("selector", short="l")
FIELD_SELECTOR = flag("field-selector")
ALL_NAMESPACES = flag("all-namespaces", BOOL, short="A")


def manager(default: str) -> Flag:
    """``--field-manager``."""
    return flag("field-manager", default=default)


def strategy(arguments: Arguments) -> str | Failure:
    """The dry-run strategy: none, client or server. A bare ``--dry-run`` is kplan's own and asks for a plan: none."""
    asked = str(arguments["dry-run"])
    if asked in ("client", "server", "none"):
        return asked
    if asked in ("unchanged", "plan"):
        return "none"
    if asked in _TRUE or asked in _FALSE:
        return "client" if asked in _TRUE else "none"
    return Failure(f'Invalid dry-run value ({asked}). Must be "none", "server", or "client".')


def directive(arguments: Arguments) -> str | Failure:
    """Field validation as ``--validate`` asks for it: Strict, Warn or Ignore."""
    asked = str(arguments["validate"])
    if asked in _TRUE or asked in _FALSE:
        return "Strict" if asked in _TRUE else "Ignore"
    known = {"strict": "Strict", "warn": "Warn", "ignore": "Ignore"}
    if asked in known:
        return known[asked]
    return Failure(f'invalid - validate option "{asked}"; must be one of: strict (or true), warn, ignore (or false)')
