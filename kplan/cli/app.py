"""The command line. One file a command: each registers itself by its name and is imported only when it is called.

``kplan <command>`` looks for ``kplan/cli/commands/<command>.py`` (dashes as underscores) with an ``app`` (a Typer).
"""

from __future__ import annotations

import os
import pkgutil
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from kplan.cli.argv import normalize
from kplan.cli.exits import CRASHED, USAGE
from kplan.cli.saying import say

_USAGE_ERROR: Any = typer.BadParameter.__bases__[0]
"""The parser's base class of wrong usage; typer brings its own parser and does not name it."""


class Commands(TyperGroup):
    """Finds commands by looking into the folder, and loads one only when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All commands, by name."""
        import kplan.cli.commands
        from kplan.kubectl.main import verbs

        own = {m.name.replace("_", "-") for m in pkgutil.iter_modules(kplan.cli.commands.__path__)}
        return sorted(own | set(verbs()))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        import importlib
        import importlib.util

        module_name = cmd_name.replace("-", "_")
        path = f"kplan.cli.commands.{module_name}"
        if module_name.isidentifier() and importlib.util.find_spec(path) is not None:
            command = typer.main.get_command(importlib.import_module(path).app)
            command.name = cmd_name
            return command
        if is_verb(cmd_name):
            from kplan.cli.kubectl import command_of

            return command_of(cmd_name)
        from kplan.kubectl.absent import why_absent

        if why_absent(cmd_name):
            from kplan.cli.kubectl import absent_command

            return absent_command(cmd_name)
        return None


def is_verb(word: str) -> bool:
    """Whether kubectl has such a verb and kplan models it; ``apply`` has a command of its own, but for its sub-verbs."""
    import importlib.util

    folder, _, name = word.replace("-", "_").rpartition(" ")
    if folder:
        return folder == "apply" and name.isidentifier() and importlib.util.find_spec(f"kplan.kubectl.applied.{name}") is not None
    found = name.isidentifier() and any(importlib.util.find_spec(f"kplan.kubectl.verbs.{n}") for n in (name, f"{name}_"))
    return found and name != "apply"


def _prepared(argv: list[str]) -> list[str]:
    """kubectl's verbs read their arguments themselves, and may have flags before them; the other commands do not.

    ``validate`` takes kubeconform's flags, too.
    """
    if argv[:1] == ["validate"]:
        from kplan.cli.kubeconform import translated

        return ["version"] if argv[1:] == ["-v"] else normalize(["validate", *translated(argv[1:])])
    if argv[:1] == ["apply"] and is_verb(" ".join(argv[:2])):
        return [" ".join(argv[:2]), *argv[2:]]
    verb = next((w for w in argv if not w.startswith("-") and is_verb(w)), "")
    if not verb or not (argv[0] == verb or argv[0].startswith("-")):
        return normalize(argv)
    at = argv.index(verb)
    return [verb, *argv[:at], *argv[at + 1 :]]


app = typer.Typer(
    cls=Commands,
    name="kplan",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    help="What will this Kubernetes cluster look like after I apply these manifests, and why? Offline; never writes to a cluster.",
    epilog="Exit codes: 0 planned, 1 refused or found something, 2 usage, 3 internal error.",
)


@app.callback()
def root() -> None:
    """Offline; never writes to a cluster."""


def main(argv: Sequence[str]) -> int:
    """Run one command line; returns the exit code. Raises nothing."""
    command = typer.main.get_command(app)
    try:
        result = command.main(args=_prepared(list(argv)), prog_name="kplan", standalone_mode=False)
    except typer.Exit as stop:
        return stop.exit_code
    except typer.Abort:
        say("kplan: interrupted")
        return CRASHED
    except _USAGE_ERROR as problem:
        problem.show(file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        return 0
    except RecursionError:
        say("error: the input is nested too deeply")
        return 1
    except Exception as bug:
        if os.environ.get("KPLAN_DEBUG"):
            raise
        say(f"kplan: internal error: {type(bug).__name__}: {bug} (KPLAN_DEBUG=1 shows where; please report it)")
        return CRASHED
    return result if isinstance(result, int) else 0


def run() -> None:
    """The entry point of the ``kplan`` script."""
    import gc

    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    code = main(sys.argv[1:])
    sys.stdout.flush()
    raise SystemExit(code)
