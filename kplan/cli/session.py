"""From options to a session, and from a session to what is printed, written and returned."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kplan import __version__
from kplan.cli.exits import CHANGES, PLANNED, REFUSED, usage_error
from kplan.cli.formats import PLANS, renderer
from kplan.cli.options import ClusterOptions, OutputOptions
from kplan.cli.saying import say_findings, say_nothing_found, say_skipped

if TYPE_CHECKING:
    from kplan.kubectl.screen import Printed
    from kplan.load.documents import Loaded
    from kplan.pipeline import Session
    from kplan.plan.plan import Plan


def open_session(options: ClusterOptions, *, stages: bool = False) -> Session:
    """The cluster the user named, ready to be changed; ``stages``: with a record of which stage set which field.

    Raises: typer.Exit where an option or the cluster file is wrong; the user has been told.
    """
    from kplan.catalog.catalog import UnknownVersion
    from kplan.cli.clusters import read_cluster
    from kplan.engine.contract import Options
    from kplan.kubelet.stages import OUTCOMES
    from kplan.model.instants import read_instant
    from kplan.pipeline import Session

    if options.assume not in OUTCOMES:
        raise usage_error(f"--assume {options.assume}: expected one of {', '.join(OUTCOMES)}")
    now = read_instant(options.now) if options.now else None
    if options.now and now is None:
        raise usage_error(f"--now {options.now}: expected an RFC 3339 instant such as 2026-11-21T00:00:00Z")
    assumed = Options(
        assume=options.assume,
        cloud=options.cloud,
        metrics=_read_documents(options.metrics, "--metrics") or None,
        scheduler_config=_read_one(options.scheduler_config, "--scheduler-config"),
        seed=options.seed,
        extra={"emulate_sampling": options.emulate_sampling},
    )
    try:
        cluster = read_cluster(options.cluster, options.kubernetes_version)
        session = Session.open(
            cluster.objects, version=options.kubernetes_version, options=assumed, now=now, cluster=options.cluster, stages=stages
        )
    except UnknownVersion as problem:
        raise usage_error(f"--kubernetes-version {options.kubernetes_version}: {problem}") from None
    session.assumed = cluster.assumed
    return session


def let_pass(session: Session, options: ClusterOptions) -> None:
    """Settle, and let the time of ``--for`` pass."""
    from kplan.model.instants import read_duration

    session.settle()
    if options.for_:
        try:
            seconds = read_duration(options.for_)
        except ValueError as problem:
            raise usage_error(f"--for {options.for_}: {problem}") from None
        session.settle(seconds)


def tells_stages(output: OutputOptions) -> bool:
    """Whether some format tells which stage set a field."""
    return any(wanted.partition("=")[0] == "json" for wanted in output.output or ())


def load_manifests(session: Session, filenames: list[str], *, recursive: bool, tell: bool) -> Loaded:
    """The manifests of files; what is wrong with them goes to the session's diagnostics, what is skipped to stderr."""
    from kplan.load.sources import load_sources

    loaded = load_sources([shown_path(name) for name in filenames], recursive=recursive)
    if not tell:
        return loaded
    say_skipped(loaded)
    if not loaded.documents:
        say_findings(loaded.diagnostics)
        if not loaded.diagnostics:
            say_nothing_found(filenames)
        raise typer.Exit(REFUSED)
    session.diagnostics.extend(loaded.diagnostics)
    return loaded


def shown_path(path: str) -> str:
    """A path as it is shown: relative where it lies below the working directory."""
    import os

    if not os.path.isabs(path):
        return path
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def finish_as_kubectl(session: Session, output: OutputOptions, printed: Printed) -> int:
    """Write the state, and print exactly what kubectl would have printed where it would have."""
    if output.state_out:
        write_state(session, output.state_out)
    sys.stdout.write(printed.stdout)
    sys.stderr.write(printed.stderr)
    return printed.code


def finish(session: Session, output: OutputOptions, *, default: str = "text") -> int:
    """Write the state, render the plan in every format asked for, and work out the exit code."""
    if output.state_out:
        write_state(session, output.state_out)
    plan = session.plan()
    for wanted in output.output or [default]:
        name, _, target = wanted.partition("=")
        emit(renderer(PLANS, name, "kubectl")(plan, color=not target and wants_color(output.color), quiet=output.quiet, version=__version__), target)
    return exit_code(plan, output)


def emit(text: str, target: str) -> None:
    """Print, or write to the file the user named."""
    if target:
        Path(target).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def wants_color(choice: str) -> bool:
    """Whether to colour: as asked, else on a terminal without NO_COLOR."""
    import os

    if choice in ("always", "never"):
        return choice == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def write_state(session: Session, target: str) -> None:
    """The resulting cluster as a ``v1`` List, as ``kubectl get -o json`` prints it."""
    import orjson

    state = {"apiVersion": "v1", "kind": "List", "items": session.store.everything()}
    Path(target).write_bytes(orjson.dumps(state, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def exit_code(plan: Plan, output: OutputOptions) -> int:
    """What the exit code says of a plan."""
    from kplan.model.diagnostics import Severity
    from kplan.plan.plan import Symbol

    if plan.refused or any(d.severity is Severity.ERROR for d in plan.diagnostics):
        return REFUSED
    found = {
        "warning": any(d.severity is Severity.WARNING for d in plan.diagnostics),
        "pending": bool(plan.unscheduled),
        "waiting": bool(plan.waiting),
        "delete": any(c.symbol in (Symbol.DELETE, Symbol.REPLACE) for c in plan.changes),
        "replace": any(c.symbol is Symbol.REPLACE for c in plan.changes),
        "change": plan.has_changes,
    }
    for word in filter(None, output.fail_on.split(",")):
        if word not in found:
            raise usage_error(f"--fail-on {word}: expected some of {', '.join(found)}")
        if found[word]:
            return REFUSED
    return CHANGES if output.detailed_exitcode and plan.has_changes else PLANNED


def _read_documents(path: str, option: str) -> list[Any]:
    """The objects of a file the user named; lists are taken apart."""
    if not path:
        return []
    from kplan.load.sources import load_sources

    loaded = load_sources([path])
    for problem in loaded.diagnostics:
        raise usage_error(f"{option} {path}: {problem.message}")
    return [d.object for d in loaded.documents]


def _read_one(path: str, option: str) -> Any:
    found = _read_documents(path, option)
    if path and len(found) != 1:
        raise usage_error(f"{option} {path}: expected one document")
    return found[0] if found else None
