"""Path elements in the form they are stored in: ``f:name``, ``k:{"name":"c"}``, ``v:"x"``, ``i:0``.

Mirrors: sigs.k8s.io/structured-merge-diff/v6/fieldpath/{element,serialize-pe}.go, value/value.go
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from kplan.model.gotext import go_json, go_text

FIELD, KEY, VALUE, INDEX = "f:", "k:", "v:", "i:"

_RANK = {FIELD: 0, KEY: 1, VALUE: 2, INDEX: 3}


def field(name: str) -> str:
    """The element of a field of a map."""
    return FIELD + name


def key(values: Mapping[str, Any]) -> str:
    """The element of an item of a list that is merged by keys."""
    return KEY + go_json({name: whole(value) for name, value in values.items()})


def value_element(value: Any) -> str:
    """The element of an item of a set."""
    return VALUE + go_json(whole(value))


def index(position: int) -> str:
    """The element of an item of any other list."""
    return f"{INDEX}{position}"


def whole(value: Any) -> Any:
    """The value; an integer where it is a number without a fraction, since these are equal."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def is_element(text: str) -> bool:
    """Whether a key of ``fieldsV1`` is an element of a kind that is known."""
    return text[:2] in _RANK


def canonical(text: str) -> str:
    """An element as it was read, in the one form it is compared in."""
    if text.startswith(KEY):
        return key(json.loads(text[2:]))
    return value_element(json.loads(text[2:])) if text.startswith(VALUE) else text


@lru_cache(maxsize=4096)
def shown(element: str) -> str:
    """The element as a path shows it: ``.name``, ``[name="c"]``, ``[="x"]``, ``[0]``."""
    kind, rest = element[:2], element[2:]
    if kind == FIELD:
        return "." + rest
    if kind == KEY:
        pairs = sorted(json.loads(rest).items())
        return "[" + ",".join(f"{name}={value_text(value)}" for name, value in pairs) + "]"
    return f"[={value_text(json.loads(rest))}]" if kind == VALUE else f"[{rest}]"


def value_text(value: Any) -> str:
    """A value within a path."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(map(value_text, value)) + "]"
    if isinstance(value, dict):
        return "".join(f"{k}={value_text(v)}" for k, v in value.items())
    return go_text(value)


@lru_cache(maxsize=4096)
def _order(element: str) -> tuple[Any, ...]:
    kind, rest = element[:2], element[2:]
    if kind == FIELD:
        return 0, rest
    if kind == KEY:
        return 1, [(name, _value_order(value)) for name, value in sorted(json.loads(rest).items())]
    return (2, _value_order(json.loads(rest))) if kind == VALUE else (3, int(rest))


def _value_order(value: Any) -> tuple[int, Any]:
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, int | float):
        return 0, value
    if isinstance(value, str):
        return 1, value
    return 3, go_json(value)


def in_order(elements: Iterable[str]) -> list[str]:
    """Elements in the order of sets: fields, keys, values, indices, each by what they hold."""
    return sorted(elements, key=_order)
