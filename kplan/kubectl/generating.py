"""What commands that make an object of flags have in common: its name, its annotation, creating it.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.kubectl.annotation import updated_annotation
from kplan.kubectl.client import CLIENT
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, of_status
from kplan.kubectl.flags import BOOL, DRY_RUN, OUTPUT, VALIDATE, flag, manager
from kplan.kubectl.info import with_metadata
from kplan.model.objects import Object

SHARED = (*OUTPUT, DRY_RUN, VALIDATE, flag("save-config", BOOL), manager("kubectl-create"))
"""The flags that every ``create`` takes."""


def given_name(command: Command, *, sub: str = "") -> str | Failure:
    """The one NAME before ``--``."""
    a = command.arguments
    before = a.args if a.dash < 0 else a.args[: a.dash]
    if len(before) != 1:
        if sub:
            command.path = f"{command.path} {sub}"
        return command.usage(f"exactly one NAME is required, got {len(before)}")
    return before[0] or Failure("name must be specified")


def foreign_flag(command: Command, sort: str, flags: Mapping[str, Iterable[str]]) -> Failure | None:
    """What is wrong with a flag that only other sorts (``nodeport`` of ``service``) take; ``flags`` by sort."""
    own = set(flags[sort])
    for name in sorted(command.arguments.changed):
        if name not in own and any(name in others for others in flags.values()):
            return Failure(f"unknown flag: --{name}\nSee '{command.path} {sort} --help' for usage.")
    return None


def made(api_version: str, kind: str, name: str, **rest: Any) -> dict[str, Any]:
    """An object; empty values among the rest are left out of it."""
    metadata = {"name": name, **(rest.pop("metadata", None) or {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **{k: v for k, v in rest.items() if v not in (None, "", [], False)}}


def create(command: Command, obj: Object, failed: str, operation: str = "created") -> AnyFailure | None:
    """Create the object and say so. ``failed`` begins the message of a refusal; "" leaves the server's as it is."""
    client = command.client
    kind = client.resolve(obj["apiVersion"], obj["kind"])
    if kind is None:
        return Failure(f'no matches for kind "{obj["kind"]}" in version "{obj["apiVersion"]}"')
    if kind.namespaced and client.enforce_namespace:
        obj = with_metadata(obj, namespace=client.namespace)
    obj = updated_annotation(obj, create=bool(command.arguments.values.get("save-config")))
    if command.dry_run != CLIENT:
        outcome = client.create(
            kind,
            client.namespace if kind.namespaced else "",
            obj,
            manager=command.arguments["field-manager"],
            dry_run=command.dry_run,
            validation=command.validation,
        )
        if outcome.error is not None:
            return Failure(f"{failed}{outcome.error.message}") if failed else of_status(outcome.error)
        obj = client.in_version(outcome.object or {}, kind)
    command.say(obj, operation)
    return None
