"""What ``--help`` says of kubectl's verbs: what each does, an example, kubectl's flags it takes, and kplan's options."""

from __future__ import annotations

import importlib
import pkgutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from types import ModuleType
from typing import get_type_hints

from kplan.cli.options import ClusterOptions, OutputOptions
from kplan.kubectl.flags import ARRAY, BOOL, DRY_RUN, LIST, Flag
from kplan.kubectl.main import verb_module

WIDTH = 100
EXAMPLES = {
    "annotate": "deployment/web team=shop --dry-run",
    "api-resources": "--namespaced=false",
    "api-versions": "",
    "autoscale": "deployment web --min=2 --max=10 --cpu=80% --dry-run",
    "cordon": "worker-1 --dry-run --cluster cluster.yaml",
    "create": "-f web.yaml --dry-run",
    "create clusterrole": "reader --verb=get,list --resource=pods --dry-run",
    "create clusterrolebinding": "readers --clusterrole=reader --group=team --dry-run",
    "create configmap": "settings --from-literal=mode=fast --dry-run",
    "create cronjob": 'nightly --image=busybox --schedule="0 2 * * *" --dry-run -- date',
    "create deployment": "web --image=nginx --replicas=3 --dry-run",
    "create ingress": 'web --rule="example.com/*=web:80" --dry-run',
    "create job": "once --image=busybox --dry-run -- date",
    "create namespace": "shop --dry-run",
    "create poddisruptionbudget": "web --selector=app=web --min-available=1 --dry-run",
    "create priorityclass": "high --value=1000 --dry-run",
    "create quota": "small --hard=pods=10,requests.cpu=4 --dry-run",
    "create role": "reader --verb=get,list --resource=pods --dry-run",
    "create rolebinding": "readers --role=reader --serviceaccount=default:web --dry-run",
    "create secret": "generic db --from-literal=password=x --dry-run",
    "create service": "clusterip web --tcp=80:8080 --dry-run",
    "create serviceaccount": "web --dry-run",
    "delete": "deployment/web --dry-run --cluster cluster.yaml",
    "describe": "node/worker-1 --cluster cluster.yaml",
    "drain": "worker-1 --ignore-daemonsets --dry-run --cluster cluster.yaml",
    "expose": "deployment/web --port=80 --dry-run --cluster cluster.yaml",
    "get": "pods -o wide --cluster cluster.yaml",
    "label": "node/worker-1 disk=ssd --dry-run --cluster cluster.yaml",
    "patch": """deployment/web -p '{"spec":{"replicas":3}}' --dry-run --cluster cluster.yaml""",
    "replace": "-f web.yaml --dry-run --cluster cluster.yaml",
    "rollout": "undo deployment/web --dry-run --cluster cluster.yaml",
    "rollout history": "deployment/web --cluster cluster.yaml",
    "rollout pause": "deployment/web --dry-run --cluster cluster.yaml",
    "rollout restart": "deployment/web --dry-run --cluster cluster.yaml",
    "rollout resume": "deployment/web --dry-run --cluster cluster.yaml",
    "rollout status": "deployment/web --cluster cluster.yaml",
    "rollout undo": "deployment/web --to-revision=2 --dry-run --cluster cluster.yaml",
    "run": "once --image=busybox --restart=Never --dry-run -- date",
    "scale": "deployment/web --replicas=5 --dry-run --cluster cluster.yaml",
    "set": "image deployment/web web=nginx:1.27 --dry-run --cluster cluster.yaml",
    "set env": "deployment/web MODE=fast --dry-run --cluster cluster.yaml",
    "set image": "deployment/web web=nginx:1.27 --dry-run --cluster cluster.yaml",
    "set resources": "deployment/web --requests=cpu=200m --dry-run --cluster cluster.yaml",
    "set selector": "service/web app=web2 --dry-run --cluster cluster.yaml",
    "set serviceaccount": "deployment/web robot --dry-run --cluster cluster.yaml",
    "set subject": "rolebinding/readers --user=eve --dry-run --cluster cluster.yaml",
    "taint": "node/worker-1 gpu=true:NoSchedule --dry-run --cluster cluster.yaml",
    "uncordon": "worker-1 --dry-run --cluster cluster.yaml",
    "wait": "deployment/web --for=condition=Available --cluster cluster.yaml",
}
_SORTS = {LIST: "A,B", ARRAY: "A"}
_HELP = frozenset(("-h", "--help"))


def asks_for_help(words: Sequence[str]) -> bool:
    """Whether ``-h`` or ``--help`` is among the words before ``--``."""
    return not _HELP.isdisjoint(words[: words.index("--")] if "--" in words else words)


def summary(verb: str) -> str:
    """What a verb (``get``, ``rollout undo``) does, in a line."""
    module = verb_module(verb)
    said = (module.__doc__ or "" if module else "").partition("\n")[0].rstrip('."')
    title, colon, told = said.partition("``: ")
    told = told if colon else title.split("``")[1].removeprefix("kubectl ")
    told = told.replace("``", "`")
    return f"{told[:1].upper()}{told[1:]}." if colon else f"Plan `kubectl {told}`."


def help_of(verb: str, words: Sequence[str]) -> str:
    """The help page of a verb, or of the sub-verb that the words name."""
    subs = sub_verbs(verb)
    sub = next((w for w in words if w in subs), "")
    name = f"{verb} {sub}" if sub else verb
    module = verb_module(name)
    if module is None:
        raise LookupError(name)
    return "\n".join(_page(name, module, {} if sub else subs)) + "\n"


def sub_verbs(verb: str) -> dict[str, str]:
    """The sub-verbs of a verb, and what each does."""
    folder = getattr(verb_module(verb), "FOLDER", "")
    if not folder:
        return {}
    names = (m.name for m in pkgutil.iter_modules(importlib.import_module(folder).__path__))
    return {n: summary(f"{verb} {n}") for n in names if hasattr(verb_module(f"{verb} {n}"), "run")}


def _page(name: str, module: ModuleType, subs: dict[str, str]) -> Iterator[str]:
    yield f"Usage: kplan {name} {'COMMAND ' if subs else ''}[ARGUMENTS] [FLAGS]"
    yield f"\n  {summary(name)}"
    if DRY_RUN in module.FLAGS or name == "rollout":
        yield "  Nothing is written to a cluster: --dry-run prints the plan, --dry-run=server what kubectl would print."
    yield f"\nExample:\n  kplan {name} {EXAMPLES[name]}".rstrip()
    if subs:
        yield "\nCommands:"
        yield from (f"  {sub:<20} {told}" for sub, told in subs.items())
    if module.FLAGS:
        yield "\nkubectl's flags (with kubectl's meaning):"
        flags = "  ".join(_shown(f) for f in sorted(module.FLAGS, key=lambda f: f.name))
        yield textwrap.fill(flags, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)
    yield "\nkplan's options:"
    yield from _options((ClusterOptions, OutputOptions))


def _shown(flag: Flag) -> str:
    short = f"-{flag.short}," if flag.short else ""
    return f"{short}--{flag.name}" if flag.type == BOOL or flag.implied else f"{short}--{flag.name}={_SORTS.get(flag.type, flag.type)}"


def _options(groups: Iterable[type]) -> Iterator[str]:
    for group in groups:
        hints = get_type_hints(group, include_extras=True)
        for f in fields(group):
            option = hints[f.name].__metadata__[0]
            names = ", ".join(n for n in (option.default, *(option.param_decls or ())) if isinstance(n, str))
            shown = f"  {names}{f' {option.metavar}' if option.metavar else ''}"
            yield from textwrap.wrap(f"{shown:<38} {option.help}", WIDTH, subsequent_indent=" " * 39, drop_whitespace=True)
