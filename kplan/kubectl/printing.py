"""What ``-o`` prints of objects: names, JSON, YAML, what a JSONPath finds.

Mirrors: staging/src/k8s.io/cli-runtime/pkg/genericclioptions/print_flags.go,
         staging/src/k8s.io/cli-runtime/pkg/printers/{json,yaml,jsonpath,name}.go (1.36)
Differs: Go templates are not run; KYAML is not written; what a Secret holds is shown as ``***``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import Arguments
from kplan.kubectl.info import printed_name
from kplan.kubectl.output.customcolumns import custom_table, parse_columns, parse_columns_file
from kplan.kubectl.output.jsonpath import BadTemplate, Template
from kplan.kubectl.output.jsontext import json_text
from kplan.kubectl.output.yamltext import yaml_text
from kplan.kubectl.screen import Screen
from kplan.model.objects import Object
from kplan.model.secrets import masked_objects

Printer = Callable[[Object], str]

_TEMPLATES = ("go-template", "go-template-file", "template", "templatefile")
_PATHS = ("jsonpath", "jsonpath-as-json", "jsonpath-file")
FORMATS = (*_TEMPLATES, "json", *_PATHS, "name", "yaml")
GET_FORMATS = ("custom-columns", "custom-columns-file", *FORMATS, "wide")


def print_object(screen: Screen, obj: Object, arguments: Arguments) -> AnyFailure | None:
    """Print one object the way a verb's ``-o`` asks for."""
    printer = printer_of(arguments, FORMATS)
    if isinstance(printer, Failure):
        return printer
    return print_with(screen, printer, obj)


def print_with(screen: Screen, printer: Printer, obj: Object) -> Failure | None:
    """Print an object or a list."""
    try:
        screen.stdout.append(printer(masked_objects(obj)))
    except BadTemplate as wrong:
        return Failure(f"error executing jsonpath: {wrong}")
    return None


def printer_of(arguments: Arguments, formats: Iterable[str], read: Callable[[str], bytes] | None = None) -> Printer | Failure:
    """What prints in the format ``-o`` names."""
    output = str(arguments["output"])
    name, equals, text = output.partition("=")
    if not equals and arguments.values.get("template"):
        text = str(arguments["template"])
    keep = bool(arguments.values.get("show-managed-fields"))
    if name not in formats:
        return Failure(f'unable to match a printer suitable for the output format "{output}", allowed formats are: {",".join(sorted(formats))}')
    if name.endswith("-file") and text and read is not None:
        try:
            text = read(text).decode()
        except OSError as problem:
            return Failure(f"error reading --template {text}, {problem.strerror}\n")
        name = name.removesuffix("-file")
        if name == "custom-columns":
            return _made(lambda: _columns(parse_columns_file(text), not arguments.values.get("no-headers")))
    if name == "name":
        return lambda obj: "".join(f"{printed_name(o, '', 'none')}\n" for o in items_of(obj))
    if name == "json":
        return lambda obj: json_text(shown(obj, keep)) + "\n"
    if name == "yaml":
        return lambda obj: yaml_text(shown(obj, keep))
    if name == "custom-columns":
        return _made(lambda: _columns(parse_columns(text), not arguments.values.get("no-headers")))
    if name in _TEMPLATES:
        return Failure(f"kplan does not run Go templates; -o jsonpath and -o custom-columns do as well ({name})")
    return _path_printer(name, text, bool(arguments.values.get("allow-missing-template-keys", True)))


def _made(make: Callable[[], Printer]) -> Printer | Failure:
    try:
        return make()
    except BadTemplate as wrong:
        return Failure(str(wrong))


def _columns(columns: list[tuple[str, Template]], headers: bool) -> Printer:
    return lambda obj: "".join(f"{line}\n" for line in custom_table(columns, items_of(obj), headers=headers))


def _path_printer(name: str, text: str, missing: bool) -> Printer | Failure:
    if not text:
        return Failure("template format specified but no template given")
    try:
        template = Template(text, missing=missing)
    except BadTemplate as wrong:
        return Failure(f"error parsing jsonpath {text}, {wrong}\n")
    if name == "jsonpath-as-json":
        return lambda obj: "".join(json_text(values) + "\n" for values in template.find(obj))
    return template.print


def items_of(obj: Object) -> list[Object]:
    """The objects of a list, or the one object."""
    return list(obj["items"]) if obj.get("kind") == "List" else [obj]


def shown(obj: Object, managed_fields: bool) -> Any:
    """The object as it is shown: managedFields are left out unless they are asked for."""
    if managed_fields:
        return obj
    if obj.get("kind") == "List":
        return {**obj, "items": [shown(o, False) for o in obj["items"]]}
    meta = obj.get("metadata")
    if not isinstance(meta, Mapping) or "managedFields" not in meta:
        return obj
    return {**obj, "metadata": {k: v for k, v in meta.items() if k != "managedFields"}}
