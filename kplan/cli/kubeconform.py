"""kubeconform's command line, made kplan's: for scripts that say ``-strict -summary -n 8 dir/``.

Go's flags have one dash or two, take their value after ``=`` or as the next word, and a folder is looked into to the bottom.

Mirrors: kubeconform pkg/config/config.go
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kplan.cli.exits import usage_error
from kplan.cli.saying import say


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag of kubeconform's."""

    becomes: str = ""
    """Our option; "" for what needs none."""
    takes_value: bool = True
    note: str = ""
    """What to tell who gives it."""
    off: str = ""
    """What to tell who switches it off (``-strict=false``)."""
    values: dict[str, str] = field(default_factory=dict)
    """Values that have another name here."""


_ONLINE = "kplan opens no socket"
FLAGS = {
    "cache": Flag(note=f"{_ONLINE}: there is nothing to cache"),
    "debug": Flag(takes_value=False, note="there is nothing to debug of downloads; KPLAN_DEBUG=1 shows where kplan itself fails"),
    "exit-on-error": Flag("--fail-fast", takes_value=False),
    "ignore-filename-pattern": Flag("--ignore-filename-pattern"),
    "ignore-missing-schemas": Flag("--ignore-missing-schemas", takes_value=False),
    "insecure-skip-tls-verify": Flag(takes_value=False, note=f"{_ONLINE}: there is no certificate to verify"),
    "kubernetes-version": Flag("--kubernetes-version", values={"master": "latest"}),
    "n": Flag("--jobs"),
    "output": Flag("--output", values={"json": "kubeconform", "pretty": "text"}),
    "reject": Flag("--reject"),
    "schema-location": Flag(
        values={"default": ""},
        note=f"{_ONLINE} and brings the schemas of Kubernetes along; for custom kinds give the files or folders of their CustomResourceDefinitions with --crds",
    ),
    "skip": Flag("--skip"),
    "strict": Flag(takes_value=False, off="kplan is always as strict as kubectl: unknown and repeated fields are refused"),
    "summary": Flag(takes_value=False, off="the summary is left out with -q where all is well"),
    "verbose": Flag("--verbose", takes_value=False),
}
"""kubeconform's flags; those that become nothing and have no note ask for what kplan does anyway."""
_OURS = frozenset(("--output", "--verbose"))
"""Spelled as ours are, these mean ours: ``--output json`` is kplan's, ``-output json`` kubeconform's."""
_TRUE, _FALSE = ("1", "t", "T", "true", "TRUE", "True"), ("0", "f", "F", "false", "FALSE", "False")


def translated(words: list[str]) -> list[str]:
    """The words after ``validate`` with kubeconform's flags replaced by ours; what has no meaning here is told on stderr."""
    out: list[str] = []
    rest = iter(words)
    foreign = False
    for word in rest:
        if word == "--":
            out += [word, *rest]
            break
        name, equals, value = word.lstrip("-").partition("=")
        flag = FLAGS.get(name) if word.startswith("-") else None
        if flag is None or word.partition("=")[0] in _OURS:
            out.append(word)
            continue
        foreign = foreign or not word.startswith("--") or not flag.becomes
        if flag.takes_value:
            out += _with_value(name, flag, value if equals else next(rest, None))
        else:
            out += _switch(name, flag, value if equals else "true")
    return ["--recursive", *out] if foreign else out


def _with_value(name: str, flag: Flag, value: str | None) -> Iterator[str]:
    if name == "n" and not (value or "").isdigit():
        raise usage_error(f"-n {value or ''}: expected a number, kubeconform's of workers (here -j); manifests name their own namespace")
    known = value is not None and value in flag.values
    if flag.note and not known:
        _tell(name, flag.note)
    if flag.becomes:
        yield flag.becomes
        if value is not None:
            yield flag.values.get(value, value)


def _switch(name: str, flag: Flag, value: str) -> Iterator[str]:
    if value in _FALSE:
        if flag.off:
            _tell(f"{name}={value}", flag.off)
    elif value not in _TRUE:
        raise usage_error(f"-{name}={value}: expected true or false")
    else:
        if flag.note:
            _tell(name, flag.note)
        if flag.becomes:
            yield flag.becomes


def _tell(name: str, note: str) -> None:
    say(f"note: -{name}: {note}")
