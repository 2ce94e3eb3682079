"""The options that many commands share, declared once.

``@with_options(ClusterOptions, OutputOptions)`` adds the fields of these dataclasses to a command's options and hands
the filled-in values over under the parameter that is annotated with the class.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, get_type_hints

import typer

Filename = Annotated[list[str] | None, typer.Option("-f", "--filename", metavar="FILE|DIR|-", help="Manifests: files, folders, globs, or - for standard input.")]
Recursive = Annotated[bool, typer.Option("-R", "--recursive", help="Look into folders below folders.")]
Namespace = Annotated[str, typer.Option("-n", "--namespace", metavar="NAME", help="The namespace of what names none.")]
Color = Annotated[str, typer.Option("--color", metavar="WHEN", help="auto, always, never.")]


def command_app() -> typer.Typer:
    """What one command registers itself with: plain help, nothing but its own options."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]})


@dataclass(slots=True)
class ClusterOptions:
    """Which cluster is simulated, and what is assumed of it."""

    cluster: Annotated[
        str, typer.Option("--cluster", metavar="FILE|DIR|profile:NAME", help="The cluster to plan against: what `kubectl get -o json|yaml` prints, or an embedded profile (kind, minikube, empty).")
    ] = "profile:kind"
    kubernetes_version: Annotated[str, typer.Option("--kubernetes-version", metavar="X.Y", help="The Kubernetes minor: 1.36, v1.36, 1.36.2, latest.")] = "1.36"
    scheduler_config: Annotated[str, typer.Option("--scheduler-config", metavar="FILE", help="A KubeSchedulerConfiguration.")] = ""
    emulate_sampling: Annotated[
        bool, typer.Option("--emulate-sampling", help="Look only at as many nodes of a large cluster as the real scheduler would.")
    ] = False
    cloud: Annotated[bool, typer.Option("--cloud", help="Assume a cloud controller: load balancers get addresses.")] = False
    assume: Annotated[str, typer.Option("--assume", metavar="OUTCOME", help="What new pods do: running, succeeded, failed, unready, image-pull-backoff, crash-loop.")] = "running"
    metrics: Annotated[str, typer.Option("--metrics", metavar="FILE", help="Metrics for HorizontalPodAutoscalers.")] = ""
    for_: Annotated[str, typer.Option("--for", metavar="DURATION", help="Let this much time pass (10m): timers within it fire.")] = ""
    now: Annotated[str, typer.Option("--now", metavar="INSTANT", help="The present (RFC 3339); default: just after the last thing the cluster remembers.")] = ""
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of what Kubernetes draws at random.")] = 0


@dataclass(slots=True)
class OutputOptions:
    """What is printed, where, and what the exit code says."""

    output: Annotated[
        list[str] | None, typer.Option("-o", "--output", metavar="FORMAT[=FILE]", help="text, json, github, kubectl; repeatable, each to its own file.")
    ] = None
    state_out: Annotated[str, typer.Option("--state-out", metavar="FILE", help="Write the resulting cluster here, to be given to --cluster again.")] = ""
    detailed_exitcode: Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 0: no changes, 1: error, 2: changes.")] = False
    fail_on: Annotated[str, typer.Option("--fail-on", metavar="WHAT,…", help="Exit 1 on: warning, pending, waiting, delete, replace, change.")] = ""
    color: Color = "auto"
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only what is wrong.")] = False


def with_options(*groups: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds the options of dataclasses to a Typer command."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        hints = get_type_hints(command, include_extras=True)
        slots = {name: hint for name, hint in hints.items() if hint in groups}
        own = [p.replace(annotation=hints[p.name]) for p in inspect.signature(command).parameters.values() if p.name not in slots]
        added, homes = [], {}
        for slot, group in slots.items():
            group_hints = get_type_hints(group, include_extras=True)
            for f in fields(group):
                added.append(inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=group_hints[f.name]))
                homes[f.name] = slot

        @functools.wraps(command)
        def wrapper(*args: Any, **given: Any) -> Any:
            values: dict[str, dict[str, Any]] = {slot: {} for slot in slots}
            for name in list(given):
                if name in homes:
                    values[homes[name]][name] = given.pop(name)
            return command(*args, **given, **{slot: group(**values[slot]) for slot, group in slots.items()})

        own = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD else p for p in own]
        signature = inspect.Signature([*own, *added])
        wrapper.__signature__ = signature  # type: ignore[attr-defined]
        wrapper.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
        return wrapper

    return decorate
