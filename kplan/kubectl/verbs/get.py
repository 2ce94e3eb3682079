"""``kubectl get``: show objects.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/get/get.go (1.36)
Differs: ``--watch`` shows what is there and ends; ``--raw`` is not served.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cmp_to_key
from itertools import groupby
from typing import Any

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, aggregate
from kplan.kubectl.flags import ALL_NAMESPACES, BOOL, FIELD_SELECTOR, FILES, INT, LIST, OUTPUT, SELECTOR, flag
from kplan.kubectl.info import Info
from kplan.kubectl.output.jsonpath import BadTemplate, Template, relaxed
from kplan.kubectl.output.tables import Style, columns_of, rows_of
from kplan.kubectl.printing import GET_FORMATS, print_with, printer_of
from kplan.kubectl.tables import columns
from kplan.model.objects import Object, Ref
from kplan.model.quantity import Quantity

FLAGS = (
    *FILES,
    *OUTPUT,
    SELECTOR,
    FIELD_SELECTOR,
    ALL_NAMESPACES,
    flag("ignore-not-found", BOOL),
    flag("label-columns", LIST, short="L"),
    flag("no-headers", BOOL),
    flag("show-kind", BOOL),
    flag("show-labels", BOOL),
    flag("sort-by"),
    flag("subresource"),
    flag("chunk-size", INT, default=500),
    flag("server-print", BOOL, default=True),
    flag("watch", BOOL, short="w"),
    flag("watch-only", BOOL),
    flag("output-watch-events", BOOL),
    flag("raw"),
)
_NOTHING = """You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.
"""
_REQUIRED = """Required resource not specified.
Use "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods)."""


def run(command: Command) -> AnyFailure | None:
    """Show objects."""
    a = command.arguments
    if a["raw"]:
        return Failure("kplan serves no raw paths; name a resource")
    if not a.args and not command.has_files:
        command.client.screen.complain(_NOTHING)
        return command.usage(_REQUIRED)
    output = str(a["output"])
    if a["show-labels"] and output not in ("", "wide"):
        return Failure(f"--show-labels option cannot be used with {output} printer")
    builder = command.builder(a.args)
    builder.latest, builder.empty_selects_all, builder.every = True, True, False
    selection = builder.select()
    if selection.error is not None:
        return selection.error
    infos, error = selection.infos()
    if a["ignore-not-found"]:
        error = _without_missing(error)
    if output not in ("", "wide"):
        return _print_generic(command, infos, error, selection.single)
    return _print_tables(command, infos, error)


def _without_missing(error: AnyFailure | None) -> AnyFailure | None:
    if isinstance(error, Failure):
        return None if error.is_reason("NotFound") else error
    return aggregate(_without_missing(e) for e in error.errors) if error is not None else None


def _print_generic(command: Command, infos: list[Info], error: AnyFailure | None, single: bool) -> AnyFailure | None:
    a = command.arguments
    if (error is not None and single) or (not infos and a["ignore-not-found"]):
        return error
    printer = printer_of(a, GET_FORMATS, command.read_bytes)
    if isinstance(printer, Failure):
        return printer
    objects: list[Object] = [info.object or {} for info in infos]
    if a["sort-by"]:
        found = sorted_by(objects, str(a["sort-by"]))
        if isinstance(found, Failure):
            return found
        objects = found
    one = objects[0] if single and len(objects) == 1 else None
    shown: Object = {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": objects} if one is None else one
    return aggregate([error, print_with(command.client.screen, printer, shown)])


def _print_tables(command: Command, infos: list[Info], error: AnyFailure | None) -> AnyFailure | None:
    a, screen = command.arguments, command.client.screen
    if a["sort-by"]:
        found = _sorted(infos, str(a["sort-by"]))
        if isinstance(found, Failure):
            return found
        infos = found
    several = len({info.kind.group_kind for info in infos}) > 1
    first = True
    for _, group in groupby(infos, key=lambda info: info.kind.api_version + info.kind.kind):
        if not first and not a["no-headers"]:
            screen.say("")
        _print_table(command, list(group), a["show-kind"] or several)
        first = False
    if first and error is None and not a["ignore-not-found"]:
        screen.complain(_nothing_found(command))
    return error


def _nothing_found(command: Command) -> str:
    """Of namespaced kinds, where nothing was found is said; of a kind with nothing in it, kubectl takes it for one."""
    if command.arguments["all-namespaces"]:
        return "No resources found"
    words = [w for argument in command.arguments.args[:1] for w in argument.split(",")]
    kinds = [command.client.resource(w) for w in words]
    if any(k is not None and not k.namespaced for k in kinds):
        return "No resources found"
    return f"No resources found in {command.client.namespace} namespace."


def _print_table(command: Command, infos: list[Info], with_kind: bool) -> None:
    a, client, kind = command.arguments, command.client, infos[0].kind
    style = Style(
        wide=a["output"] == "wide",
        with_namespace=a["all-namespaces"] and kind.namespaced,
        with_kind=with_kind,
        show_labels=a["show-labels"],
        label_columns=tuple(a["label-columns"]),
    )
    crd = client.server.view.get(Ref("CustomResourceDefinition.apiextensions.k8s.io", "", f"{kind.plural}.{kind.group}"))
    table = columns_of(kind, crd if not kind.definition else None)
    as_stored = client.server.storage_info(kind)
    objects = [client.in_version(info.object or {}, as_stored) for info in infos]
    heads, rows = rows_of(kind, table, objects, client.server.now, style)
    for line in columns(rows if a["no-headers"] else [heads, *rows], minimum=6):
        client.screen.say(line)


# -- sorting -------------------------------------------------------------------------------------------------------


def _sorted(infos: list[Info], path: str) -> list[Info] | Failure:
    found = _keys([info.object or {} for info in infos], path)
    if isinstance(found, Failure):
        return found
    order = sorted(range(len(infos)), key=lambda i: found[i])
    return [infos[i] for i in order]


def sorted_by(objects: list[Object], path: str) -> list[Object] | Failure:
    """The objects by what a JSONPath finds in each."""
    found = _keys(objects, path)
    if isinstance(found, Failure):
        return found
    return [objects[i] for i in sorted(range(len(objects)), key=lambda i: found[i])]


def _keys(objects: list[Object], path: str) -> list[Any] | Failure:
    """What to sort by; objects without it come first."""
    try:
        template = Template(relaxed(path))
        found = [next((v for values in template.find(o) for v in values), None) for o in objects]
    except BadTemplate as wrong:
        return Failure(str(wrong))
    if objects and all(value is None for value in found):
        return Failure(f"couldn't find any field with path {relaxed(path)!r} in the list of objects".replace("'", '"'))
    key: Callable[[Any], Any] = cmp_to_key(_compared)
    return [key(value) for value in found]


def _compared(a: Any, b: Any) -> int:
    if a is None or b is None:
        return (a is not None) - (b is not None)
    if isinstance(a, str) and isinstance(b, str):
        first, second = _quantities((a, b))
        return int(first > second) - int(first < second)
    if type(a) is type(b) or (isinstance(a, int | float) and isinstance(b, int | float)):
        return int(a > b) - int(a < b)
    return 0


def _quantities(texts: Iterable[str]) -> list[Any]:
    """The texts as quantities where all of them are some."""
    given = list(texts)
    try:
        return [Quantity.parse(text) for text in given]
    except ValueError:
        return given
