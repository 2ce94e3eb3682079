"""Field selectors: ``status.phase=Running,metadata.name!=a``.

Mirrors: staging/src/k8s.io/apimachinery/pkg/fields/selector.go (1.36)
Differs: any field can be asked for; the real server knows only a few of each kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kplan.model.objects import Object, get_in

_TERM = re.compile(r"([^=!]+?)(==|=|!=)(.*)")


def parse_field_selector(text: str) -> Callable[[Object], bool]:
    """The condition of kubectl's ``--field-selector``.

    Raises: ValueError where the text is no selector.
    """
    terms = []
    for part in filter(None, re.split(r"(?<!\\),", text)):
        match = _TERM.fullmatch(part)
        if match is None:
            raise ValueError(f"invalid selector: '{part}'; can't understand '{part}'")
        terms.append((tuple(match[1].split(".")), match[2] != "!=", match[3].replace("\\,", ",")))

    def matches(obj: Object) -> bool:
        return all((_shown(get_in(obj, path)) == value) == equal for path, equal, value in terms)

    return matches


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
