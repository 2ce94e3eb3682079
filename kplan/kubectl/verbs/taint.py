"""``kubectl taint``: set and remove taints of nodes.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/taint/{taint,utils}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kplan.apiserver.merge.request import STRATEGIC
from kplan.apiserver.rules.names import is_qualified_name, is_valid_label_value
from kplan.kubectl.client import CLIENT
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, aggregate, of_status
from kplan.kubectl.flags import BOOL, DRY_RUN, OUTPUT, SELECTOR, VALIDATE, flag, manager
from kplan.kubectl.info import Info
from kplan.kubectl.podspecs import difference
from kplan.model.objects import get_in, replace_in

FLAGS = (*OUTPUT, DRY_RUN, VALIDATE, SELECTOR, manager("kubectl-taint"), flag("overwrite", BOOL), flag("all", BOOL))
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")

Taint = dict[str, Any]


def run(command: Command) -> AnyFailure | None:
    """Taint nodes."""
    a = command.arguments
    split = _split(a.args)
    if isinstance(split, Failure):
        return split
    named, words = split
    if not named:
        return Failure("one or more resources must be specified as <resource> <name>")
    if not words:
        return Failure("at least one taint update is required")
    parsed = parse_taints(words)
    if isinstance(parsed, Failure):
        return command.usage(str(parsed))
    new, gone = parsed
    if error := _conflicting(command, named, new, gone):
        return error
    selected = a["all"] or a["selector"]
    builder = command.builder(["node"] if selected else [f"node/{n}" for n in named[1:]])
    builder.latest = True
    selection = builder.select()
    return selection.error or selection.visit(lambda info: _taint(command, info, new, gone))


def _split(arguments: list[str]) -> tuple[list[str], list[str]] | Failure:
    named: list[str] = []
    taints: list[str] = []
    for word in arguments:
        if "=" in word or ":" in word or word.endswith("-"):
            taints.append(word)
        elif taints:
            return Failure(f"all resources must be specified before taint changes: {word}")
        else:
            named.append(word)
    return named, taints


def parse_taints(words: Iterable[str]) -> tuple[list[Taint], list[Taint]] | Failure:
    """(taints to set, taints to remove) of ``key=value:effect`` and ``key[:effect]-``."""
    new: list[Taint] = []
    gone: list[Taint] = []
    for word in words:
        taint = _parse(word.removesuffix("-"))
        if isinstance(taint, Failure):
            return taint
        if word.endswith("-"):
            gone.append({"key": taint["key"], "effect": taint.get("effect", "")})
        elif "effect" not in taint:
            return Failure(f"invalid taint spec: {word}")
        elif any((t["key"], t["effect"]) == (taint["key"], taint["effect"]) for t in new):
            shown = f"{{{taint['key']} {taint.get('value', '')} {taint['effect']} <nil>}}"
            return Failure(f"duplicated taints with the same key and effect: {shown}")
        else:
            new.append(taint)
    return new, gone


def _parse(text: str) -> Taint | Failure:
    parts = text.split(":")
    key, value, effect = parts[0], "", ""
    if len(parts) > 2:
        return Failure(f"invalid taint spec: {text}")
    if len(parts) == 2:
        effect = parts[1]
        if effect not in EFFECTS:
            return Failure(f"invalid taint effect: {effect}, unsupported taint effect")
        pieces = parts[0].split("=")
        if len(pieces) > 2:
            return Failure(f"invalid taint spec: {text}")
        key, value = pieces[0], pieces[1] if len(pieces) == 2 else ""
        if wrong := list(is_valid_label_value(value)):
            return Failure(f"invalid taint spec: {text}, {'; '.join(wrong)}")
    if wrong := list(is_qualified_name(key)):
        return Failure(f"invalid taint spec: {text}, {'; '.join(wrong)}")
    return {"key": key} | ({"value": value} if value else {}) | ({"effect": effect} if effect else {})


def _conflicting(command: Command, named: list[str], new: list[Taint], gone: list[Taint]) -> Failure | None:
    a = command.arguments
    kind = command.client.resource(named[0].lower())
    if kind is None:
        return Failure(f'the server doesn\'t have a resource type "{named[0].lower()}"')
    if kind.group_kind != "Node":
        return Failure(f"invalid resource type {named[0].lower()}, only node types are supported")
    both = [f"{g['key']}={g['effect']}" for n in new for g in gone if n["key"] == g["key"] and g["effect"] in ("", n["effect"])]
    if both:
        return Failure(f"can not both modify and remove the following taint(s) in the same command: {', '.join(both)}")
    if a["all"] and a["selector"]:
        return Failure("setting 'all' parameter with a non empty selector is prohibited")
    if not a["all"] and not a["selector"] and len(named) < 2:
        return Failure("at least one resource name must be specified since 'all' parameter is not set")
    return None


def _taint(command: Command, info: Info, new: list[Taint], gone: list[Taint]) -> AnyFailure | None:
    a, client = command.arguments, command.client
    node = info.object or {}
    old: list[Taint] = list(get_in(node, ("spec", "taints")) or [])
    if not a["overwrite"]:
        there = [n["key"] for n in new for o in old if _alike(n, o)]
        if there:
            return Failure(f"node {info.name} already has {','.join(there)} taint(s) with same effect(s) and --overwrite is false")
    merged = [*new, *(o for o in old if not any(_alike(n, o) for n in new))]
    added = len(old) != len(merged)
    removed, errors = False, []
    for g in gone:
        left = [t for t in merged if t["key"] != g["key"] or (g["effect"] and t.get("effect") != g["effect"])]
        removed = len(left) != len(merged)
        if not removed:
            errors.append(Failure(f'taint "{_shown(g)}" not found'))
        merged = left
    if errors:
        return aggregate(errors)
    operation = "modified" if (added and removed) or a["overwrite"] else "tainted" if added else "untainted"
    after = replace_in(node, ("spec", "taints"), merged) if merged else {**node, "spec": {k: v for k, v in node["spec"].items() if k != "taints"}}
    if command.dry_run != CLIENT:
        body = difference(client, info, node, after)
        outcome = client.patch(
            info.kind, "", info.name, STRATEGIC, body, manager=a["field-manager"], dry_run=command.dry_run, validation=command.validation
        )
        if outcome.error is not None:
            return of_status(outcome.error)
        after = client.in_version(outcome.object or {}, info.kind)
    command.say(after, operation)
    return None


def _alike(a: Taint, b: Taint) -> bool:
    return (a["key"], a.get("effect")) == (b["key"], b.get("effect"))


def _shown(taint: Taint) -> str:
    return f"{taint['key']}:{taint['effect']}" if taint["effect"] else str(taint["key"])
