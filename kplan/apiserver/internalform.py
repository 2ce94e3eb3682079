"""Values as the API server shows them whole: as Go's internal types, in JSON, and as the difference of two.

>>> print(internal_json("core.NodeSelectorTerm", {"matchFields": []}).text)
{"MatchExpressions":null,"MatchFields":[]}

Mirrors: encoding/json over pkg/apis/*/types.go, staging/src/k8s.io/apimachinery/pkg/util/diff/diff.go (1.36)
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from kplan.apiserver.internaltypes import TYPES
from kplan.model.gotext import GoText, go_json
from kplan.model.quantity import canonical

_ZERO: dict[str, Any] = {"s": "", "i": 0, "b": False, "q": "0", "x": 0}
_META = (
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
)
_META_STRUCTS = {
    "ownerReferences": (("apiVersion", "kind", "name", "uid"), ("controller", "blockOwnerDeletion")),
    "managedFields": ((), ("manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource")),
}
"""Lists of structs: the fields that are always written, and those that are left out where they are empty."""
_CONTEXT = 3

Form = tuple[str, str, str]
"""Go name, JSON name, form."""


def internal_json(type_name: str, value: Any) -> GoText:
    """A value of an internal type (``core.PodSpec``), or a list of them, on one line."""
    form = f"@{type_name}"
    return GoText(_compact(_convert("[" + form if isinstance(value, list) else form, value, {})))


def internal_diff(type_name: str, old: Any, new: Any) -> str:
    """What differs between two values of an internal type, or two lists, as a unified diff of their indented JSON."""
    form = f"[@{type_name}" if isinstance(new, list) else f"@{type_name}"
    before, after = (_lines(_convert(form, v, {})) for v in (old, new))
    diff = difflib.unified_diff(before, after, n=_CONTEXT)
    return "".join(line for i, line in enumerate(diff) if i > 1)


def _lines(value: Any) -> list[str]:
    text = _indented(value, "\n")
    return [line + "\n" for line in text.split("\n")]


@cache
def _fields(type_name: str) -> tuple[Form, ...]:
    found: list[Form] = []
    for part in TYPES[type_name].split():
        if part == "~m":
            found.extend((name, name, "meta") for name in _META)
        elif part.startswith("~"):
            found.extend(_fields(part[1:]))
        else:
            go_name, name, form = part.split(":", 2)
            found.append((go_name, name, form))
    return tuple(found)


@cache
def optional_structs() -> frozenset[str]:
    """The JSON names that always are pointers to structs: ``{}`` is not the same as nothing there."""
    forms = [part.split(":", 2)[1:] for fields in TYPES.values() for part in fields.split() if not part.startswith("~")]
    pointers = {name for name, form in forms if form.startswith(("*@", "*j"))}
    return frozenset(pointers - {name for name, form in forms if form.startswith(("@", "j", "[", "{"))})


def _convert(form: str, value: Any, around: Mapping[str, Any]) -> Any:
    """The JSON value Go would write; mappings keep the order of the fields."""
    if form.startswith("*"):
        return None if value is None else _convert(form[1:], value, around)
    if form.startswith("["):
        return None if value is None else [_convert(form[1:], v, around) for v in value]
    if form.startswith("{"):
        return None if value is None else {k: _convert(form[1:], value[k], around) for k in sorted(value)}
    if form.startswith("@"):
        return dict(_convert_fields(form[1:], value or {}, around))
    if value is None:
        return _ZERO.get(form)
    if form == "q":
        return canonical(value)
    if form == "j":
        return dict(_label_selector(value))
    if form == "m":
        return {k: _meta_value(k, value[k]) for k in _META if value.get(k) not in (None, "", {}, [])}
    return value


def _meta_value(name: str, value: Any) -> Any:
    """A field of ObjectMeta with its maps sorted and its structs in the order of their fields."""
    if name in ("labels", "annotations"):
        return dict(sorted(value.items()))
    if (order := _META_STRUCTS.get(name)) is None:
        return value
    always, rest = order
    return [{f: v.get(f, "") for f in always} | {f: v[f] for f in rest if v.get(f) not in (None, "")} for v in value]


def _label_selector(selector: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if labels := selector.get("matchLabels"):
        yield "matchLabels", dict(sorted(labels.items()))
    if expressions := selector.get("matchExpressions"):
        yield (
            "matchExpressions",
            [
                {"key": e.get("key") or "", "operator": e.get("operator") or ""} | ({"values": e["values"]} if e.get("values") else {})
                for e in expressions
            ],
        )


def _convert_fields(type_name: str, value: Mapping[str, Any], around: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for go_name, name, form in _fields(type_name):
        if form == "meta":
            inside = (value.get("metadata") or {}).get(name)
            if inside not in (None, "", {}, []):
                yield go_name, _meta_value(name, inside)
        elif name.startswith("^"):
            yield go_name, _convert(form, around.get(name[1:]), value)
        else:
            yield go_name, _convert(form, value.get(name), value)


def _compact(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{go_json(k)}:{_compact(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_compact, value)) + "]"
    return go_json(value)


def _indented(value: Any, line: str) -> str:
    deeper = line + " "
    if isinstance(value, dict) and value:
        inside = ",".join(f"{deeper}{json.dumps(k, ensure_ascii=False)}: {_indented(v, deeper)}" for k, v in value.items())
        return "{" + inside + line + "}"
    if isinstance(value, list) and value:
        return "[" + ",".join(deeper + _indented(v, deeper) for v in value) + line + "]"
    return go_json(value)
