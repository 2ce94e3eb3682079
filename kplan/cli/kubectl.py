"""kubectl's verbs as commands of kplan: kubectl's own arguments, plus kplan's options anywhere among them.

``kplan delete deployment/web --dry-run`` plans what ``kubectl delete deployment/web`` would do; ``kplan get pods`` reads
the simulated cluster.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

from kplan.cli.exits import USAGE, usage_error
from kplan.cli.formats import PLANS, formats
from kplan.cli.options import ClusterOptions, OutputOptions
from kplan.cli.saying import say
from kplan.cli.session import finish, finish_as_kubectl, let_pass, open_session, shown_path, tells_stages
from kplan.cli.verbhelp import asks_for_help, help_of, summary

if TYPE_CHECKING:
    from kplan.apiserver.outcome import Status
    from kplan.kubectl.client import Client
    from kplan.kubectl.screen import Printed
    from kplan.model.objects import Ref
    from kplan.pipeline import Session

READING = frozenset(
    ("get", "describe", "api-resources", "api-versions", "wait", "rollout status", "rollout history", "apply view-last-applied")
)
"""Verbs that change nothing, whose ``-o`` is kubectl's."""
_FLAGS = {f"--{f.name.rstrip('_').replace('_', '-')}": f for f in (*fields(ClusterOptions), *fields(OutputOptions)) if f.name != "output"}
_SHORT = {"-q": "--quiet"}
_PREAMBLE = re.compile(r'^(?:Error from server \(\w+\): |error: )(?:error when \w+ "[^"]*": )?')
_HELD = "kubectl drain would try again and again: add replicas, loosen the budget, or give --timeout"
_THEIRS = {"wait": ("--for",), "delete": ("--now",)}
"""Flags of a verb that are named like one of kplan's, which is meant where an instant follows."""
_INSTANT = re.compile(r"\d{4}-\d\d-")


class RawCommand(TyperCommand):
    """A command that reads its arguments itself; its name is a verb (``get``) or begins with one (``apply set-last-applied``)."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep everything as it was written."""
        ctx.args = [*str(self.name).split()[1:], *args]
        return []

    def invoke(self, ctx: Any) -> int:
        """Run the verb, or tell of it."""
        verb = str(self.name).split()[0]
        if asks_for_help(ctx.args):
            sys.stdout.write(help_of(verb, ctx.args))
            return 0
        return run_verb(verb, ctx.args)


def command_of(verb: str) -> TyperCommand:
    """The command of a verb, for running it and for the list of commands."""
    return RawCommand(verb, callback=None, help=summary(verb))


class AbsentCommand(RawCommand):
    """A verb of kubectl's that kplan does not have."""

    def invoke(self, ctx: Any) -> int:
        """Say why."""
        from kplan.kubectl.absent import why_absent

        say(f"error: {why_absent(str(self.name))}")
        return USAGE


def absent_command(verb: str) -> TyperCommand:
    """The command that says why there is none."""
    return AbsentCommand(verb, callback=None, hidden=True)


def run_verb(verb: str, words: list[str]) -> int:
    """Run one of kubectl's verbs; returns the exit code."""
    reading = verb in READING or f"{verb} {_first_word(words)}" in READING
    options, outputs, rest = split(words, reading=reading, theirs=_THEIRS.get(verb, ()))
    cluster = ClusterOptions(**{k: v for k, v in options.items() if k in {f.name for f in fields(ClusterOptions)}})
    output = OutputOptions(output=outputs or None, **{k: v for k, v in options.items() if k in {f.name for f in fields(OutputOptions)}})
    asked = [w for w in _before_dash(rest) if w.split("=")[0] == "--dry-run"]
    if not reading and (not asked or "--dry-run=none" in asked):
        say(f"error: kplan never writes to a cluster; say --dry-run for the plan, or use kubectl {verb}")
        return USAGE
    session = open_session(cluster, stages=tells_stages(output))
    as_kubectl = reading or output.output == ["kubectl"] or any(w in ("--dry-run=client", "--dry-run=server") for w in asked)
    if not reading:
        session.begin()
    printed, client = _run(session, verb, rest)
    if not reading:
        let_pass(session, cluster)
    if as_kubectl:
        return finish_as_kubectl(session, output, printed)
    _tell(session, printed, client.held)
    return finish(session, output)


def _first_word(words: list[str]) -> str:
    return next((w for w in words if not w.startswith("-")), "")


def split(words: list[str], *, reading: bool, theirs: Collection[str] = ()) -> tuple[dict[str, Any], list[str], list[str]]:
    """(kplan's options, kplan's formats, what is kubectl's) of a command line.

    Behind ``--`` only a tail that is nothing but kplan's options is taken for them.
    """
    dash = words.index("--") if "--" in words else len(words)
    options, outputs, rest = _take(words[:dash], reading=reading, theirs=theirs)
    for at in range(dash + 1, len(words)):
        tail = _take(words[at:], reading=reading, theirs=theirs)
        if all(w.split("=")[0] == "--dry-run" for w in tail[2]):
            return options | tail[0], outputs + tail[1], [*rest, *tail[2], *words[dash:at]]
    return options, outputs, [*rest, *words[dash:]]


def _take(words: list[str], *, reading: bool, theirs: Collection[str] = ()) -> tuple[dict[str, Any], list[str], list[str]]:
    options: dict[str, Any] = {}
    outputs: list[str] = []
    rest: list[str] = []
    pending = list(words)
    while pending:
        word = pending.pop(0)
        name, equals, value = word.partition("=")
        name = _SHORT.get(name, name)
        if name in _FLAGS and (name not in theirs or _INSTANT.match(value if equals else "".join(pending[:1]))):
            known = _FLAGS[name]
            if isinstance(known.default, bool):
                options[known.name] = value.lower() not in ("false", "f", "0") if equals else True
                continue
            if not equals and not pending:
                raise usage_error(f"flag needs an argument: {name}")
            text = value if equals else pending.pop(0)
            options[known.name] = int(text) if isinstance(known.default, int) else text
        elif name in ("-o", "--output") or (word.startswith("-o") and not word.startswith("--")):
            text = value if equals else word[2:] if word.startswith("-o") and len(word) > 2 else pending.pop(0) if pending else ""
            ours = not reading and _is_format(text)
            (outputs if ours else rest).append(text if ours else f"-o={text}")
        else:
            rest.append(word)
    return options, outputs, rest


def _is_format(text: str) -> bool:
    return text.partition("=")[0] in ("kubectl", *formats(PLANS))


def _before_dash(words: list[str]) -> list[str]:
    return words[: words.index("--")] if "--" in words else words


def _run(session: Session, verb: str, words: list[str]) -> tuple[Printed, Client]:
    from kplan.cli.applying import client_of
    from kplan.cli.kustomizing import build
    from kplan.kubectl.main import run
    from kplan.load.sources import load_sources

    def read(names: Any, recursive: bool) -> Any:
        return load_sources([shown_path(n) for n in names], recursive=recursive)

    client = client_of(session, "")
    client.pause = session.settle
    return run([verb, *words], client, read, _read_bytes, build), client


def _read_bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _tell(session: Session, printed: Printed, held: Mapping[Ref, Status]) -> None:
    """What kubectl would have complained about, as diagnostics of the plan; of pods that could not be evicted only why."""
    from kplan.model.diagnostics import Diagnostic, Severity
    from kplan.plan.plan import Change, Symbol

    for line in printed.stderr.splitlines():
        if line.startswith("Warning: "):
            session.diagnostics.append(Diagnostic("KP302", Severity.WARNING, line.removeprefix("Warning: ")))
    for pod, status in held.items():
        there, why = session.store.get(pod), "; ".join(c.message for c in status.causes) or status.message
        session.refusals.append(Change(Symbol.REFUSED, pod, there, there, (), "refused", message=why))
        session.diagnostics.append(Diagnostic("KP501", Severity.ERROR, f"{pod}: cannot be evicted: {why}", pod, hint=_HELD))
    if printed.code and not held:
        for error in _errors(printed.stderr):
            session.diagnostics.append(Diagnostic("KP501", Severity.ERROR, error))


def _errors(stderr: str) -> list[str]:
    """What kubectl complained of, one by one, without its preamble; bullets stay with what they belong to."""
    found: list[str] = []
    for line in stderr.splitlines():
        if line.startswith(("* ", " ")) and found:
            found[-1] += f"\n{line}"
        elif line and not line.startswith("Warning: "):
            found.append(_PREAMBLE.sub("", line))
    return found


