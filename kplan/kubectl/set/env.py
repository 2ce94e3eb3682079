"""``kubectl set env``: environment variables of a pod template, given or taken from a ConfigMap or Secret.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/set/{set_env,helper}.go, env/env_parse.go (1.36)
Differs: variables taken from a ConfigMap or Secret come in the order of their keys; the real order is random.
"""

from __future__ import annotations

import re
from typing import Any

from kplan.apiserver.rules.names import is_env_var_name
from kplan.kubectl.client import SERVER
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import ARRAY, BOOL, LIST, flag
from kplan.kubectl.info import Info
from kplan.kubectl.podspecs import Draft, chosen, patch_all, pod_spec_in
from kplan.kubectl.set.image import SHARED, found

FLAGS = (
    *SHARED,
    flag("containers", short="c", default="*"),
    flag("from"),
    flag("prefix"),
    flag("env", ARRAY, short="e"),
    flag("keys", LIST),
    flag("list", BOOL),
    flag("resolve", BOOL),
    flag("overwrite", BOOL, default=True),
)
_REFERENCES = {"Secret": "secretKeyRef", "ConfigMap": "configMapKeyRef"}


def run(command: Command) -> AnyFailure | None:
    """Set, remove or list variables."""
    a = command.arguments
    if a["all"] and a["selector"]:
        return Failure("cannot set --all and --selector at the same time")
    split = _split(a.args)
    if split is None:
        return Failure(f"all resources must be specified before environment changes: {' '.join(a.args)}")
    named, given = split
    if error := _conflicting(command, named):
        return error
    parsed = _parse([*a["env"], *given])
    if isinstance(parsed, Failure):
        return parsed
    env, gone = parsed
    if a["from"]:
        taken = _taken(command)
        if not isinstance(taken, list):
            return taken
        env += taken
    env = [{**e, "name": a["prefix"] + e["name"]} for e in env]
    infos = found(command, named)
    if not isinstance(infos, list):
        return infos
    if a["list"]:
        return _list(command, infos, env, gone)

    def change(draft: Draft, info: Info) -> AnyFailure | None:
        return _change(command, draft, info, env, gone)

    def provided() -> Failure | None:
        return None if env or given else Failure("at least one environment variable must be provided")

    return patch_all(command, infos, change, "env updated", "failed to patch env update to pod template: ", check=provided)


def _conflicting(command: Command, named: list[str]) -> Failure | None:
    a = command.arguments
    if a["local"] and command.dry_run == SERVER:
        return Failure("cannot specify --local and --dry-run=server - did you mean --dry-run=client?")
    if not a["filename"] and not named:
        return Failure("one or more resources must be specified as <resource> <name> or <resource>/<name>")
    if a["list"] and a["output"]:
        return Failure("--list and --output may not be specified together")
    if a["keys"] and not a["from"]:
        return Failure("when specifying --keys, a configmap or secret must be provided with --from")
    return None


def _split(arguments: list[str]) -> tuple[list[str], list[str]] | None:
    """(what names objects, the variables), which come last; None where they are mixed."""
    named: list[str] = []
    given: list[str] = []
    for word in arguments:
        if re.fullmatch(r".+=.*", word, re.DOTALL) or word.endswith("-"):
            given.append(word)
        elif given:
            return None
        else:
            named.append(word)
    return named, given


def _parse(given: list[str]) -> tuple[list[dict[str, Any]], list[str]] | Failure:
    env: list[dict[str, Any]] = []
    gone: list[str] = []
    for word in given:
        name, equals, value = word.partition("=")
        if word == "-":
            return Failure("when '-' is used, STDIN must be open")
        if equals:
            if wrong := list(is_env_var_name(name)):
                return Failure(f'"{name}" is not a valid key name: {";".join(wrong)}')
            env.append({"name": name, "value": value} if value else {"name": name})
        elif word.endswith("-"):
            gone.append(word[:-1])
        else:
            return Failure(f"unknown environment variable: {word}")
    if any(e["name"] in gone for e in env):
        return Failure("can not both modify and remove the same environment variable in the same command")
    return env, gone


def _taken(command: Command) -> list[dict[str, Any]] | AnyFailure:
    """The variables that refer to the keys of a ConfigMap or Secret (``--from``)."""
    a = command.arguments
    infos = found(command, [a["from"]])
    if not isinstance(infos, list):
        return infos
    env = []
    for info in infos:
        reference = _REFERENCES.get(info.kind.group_kind)
        if reference is None:
            return Failure("unsupported resource specified in --from")
        for key in sorted((info.object or {}).get("data") or {}):
            if not a["keys"] or key in a["keys"]:
                env.append({"name": _env_name(command, key), "valueFrom": {reference: {"name": info.name, "key": key}}})
    return env


def _env_name(command: Command, key: str) -> str:
    name = re.sub(r"[^a-zA-Z0-9_]", "_", key).upper()
    if name != key:
        command.client.screen.complain(f"Warning: key {key} transferred to {name}")
    return name


def _change(command: Command, draft: Draft, info: Info, env: list[dict[str, Any]], gone: list[str]) -> AnyFailure | None:
    a = command.arguments
    spec = pod_spec_in(draft, info)
    if isinstance(spec, Failure):
        return spec
    containers = chosen(spec, a["containers"])
    if not containers:
        command.client.screen.complain(f'Warning: {info.kind.kind}/{info.name} does not have any containers matching "{a["containers"]}"')
        return None
    for container in containers:
        existing = container.get("env") or []
        if not a["overwrite"] and (error := _overwrites(existing, env)):
            return error
        merged = merge_env(existing, env, gone)
        if merged:
            container["env"] = merged
        else:
            container.pop("env", None)
    return None


def merge_env(existing: list[Any], env: list[dict[str, Any]], gone: list[str]) -> list[Any]:
    """The variables with new ones in the place of old ones of the same name, or at the end."""
    newer: dict[str, Any] = {}
    for e in env:
        newer.setdefault(e["name"], e)
    covered = set(gone)
    out = []
    for e in [*existing, *env]:
        name = e["name"]
        if name in covered:
            continue
        if name in newer:
            covered.add(name)
        out.append(newer.get(name, e))
    return out


def _overwrites(existing: list[Any], env: list[dict[str, Any]]) -> Failure | None:
    for e in env:
        current = next((x for x in existing if x["name"] == e["name"]), None)
        if current is not None and current.get("value", "") != e.get("value", ""):
            return Failure(f"'{e['name']}' already has a value ({current.get('value', '')}), and --overwrite is false")
    return None


def _list(command: Command, infos: list[Info], env: list[dict[str, Any]], gone: list[str]) -> AnyFailure | None:
    for info in infos:
        spec = pod_spec_in(dict(info.object or {}), info)
        for container in [] if isinstance(spec, Failure) else chosen(spec, command.arguments["containers"]):
            command.client.screen.say(f"# {info.kind.kind} {info.name}, container {container.get('name')}")
            for e in merge_env(container.get("env") or [], env, gone):
                shown = f"{e['name']}={e.get('value', '')}" if "valueFrom" not in e else f"# {e['name']} from {_reference(e['valueFrom'])}"
                command.client.screen.say(shown)
    return None


def _reference(source: dict[str, Any]) -> str:
    """What a variable refers to, as kubectl words it."""
    if ref := source.get("configMapKeyRef"):
        return f"configmap {ref.get('name', '')}, key {ref['key']}"
    if ref := source.get("secretKeyRef"):
        return f"secret {ref.get('name', '')}, key {ref['key']}"
    if ref := source.get("fieldRef"):
        return f"field path {ref['fieldPath']}"
    if ref := source.get("resourceFieldRef"):
        container = f"{ref['containerName']}/" if ref.get("containerName") else ""
        return f"resource field {container}{ref['resource']}"
    return "invalid valueFrom"
