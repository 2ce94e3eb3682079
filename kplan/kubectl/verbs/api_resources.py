"""``kubectl api-resources``: the kinds the cluster serves.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/apiresources/apiresources.go (1.36)
"""

from __future__ import annotations

from kplan.catalog.kinds import KindInfo
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import BOOL, LIST, flag
from kplan.kubectl.tables import columns

FLAGS = (
    flag("api-group"),
    flag("namespaced", BOOL, default=True),
    flag("verbs", LIST),
    flag("categories", LIST),
    flag("no-headers", BOOL),
    flag("output", short="o"),
    flag("sort-by"),
    flag("cached", BOOL),
)
_HEADS = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"]


def run(command: Command) -> AnyFailure | None:
    """List the kinds."""
    a, screen = command.arguments, command.client.screen
    if a.args:
        return command.usage(f"unexpected arguments: [{' '.join(a.args)}]")
    if a["output"] not in ("", "wide", "name"):
        return Failure(f"--output {a['output']} is not available")
    if a["sort-by"] not in ("", "name", "kind"):
        return Failure("--sort-by accepts only name or kind")
    found = sorted((k for k in _preferred(command) if _wanted(command, k)), key=lambda k: (_sort_key(k, a["sort-by"]), k.plural))
    if a["output"] == "name":
        for kind in found:
            screen.say(kind.resource)
        return None
    wide = a["output"] == "wide"
    heads = [[*_HEADS, *(["VERBS", "CATEGORIES"] if wide else [])]] if not a["no-headers"] else []
    for line in columns([*heads, *(_row(kind, wide) for kind in found)], minimum=6):
        screen.say(line)
    return None


def _preferred(command: Command) -> list[KindInfo]:
    """Each kind in its preferred version."""
    found: dict[str, KindInfo] = {}
    for kind in command.client.kinds():
        found.setdefault(kind.group_kind, kind)
    return list(found.values())


def _wanted(command: Command, kind: KindInfo) -> bool:
    a = command.arguments
    if not kind.verbs or ("api-group" in a.changed and a["api-group"] != kind.group):
        return False
    if "namespaced" in a.changed and a["namespaced"] != kind.namespaced:
        return False
    return set(a["verbs"]) <= set(kind.verbs) and set(a["categories"]) <= set(kind.categories)


def _sort_key(kind: KindInfo, by: str) -> str:
    return {"name": kind.plural, "kind": kind.kind}.get(by, kind.group)


def _row(kind: KindInfo, wide: bool) -> list[str]:
    row = [kind.plural, ",".join(kind.short_names), kind.api_version, "true" if kind.namespaced else "false", kind.kind]
    return [*row, ",".join(kind.verbs), ",".join(kind.categories)] if wide else row
