"""Label selectors: matchLabels and matchExpressions, and kubectl's text form of them.

Mirrors: staging/src/k8s.io/apimachinery/pkg/labels/selector.go, pkg/apis/meta/v1/helpers.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kplan.model.integers import parse_int

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on labels. ``operator`` is In, NotIn, Exists, DoesNotExist, Gt or Lt."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def matches(self, labels: Labels) -> bool:
        """Whether the labels meet the condition; absent keys meet NotIn and DoesNotExist."""
        return _OPERATORS[self.operator](self.values, labels.get(self.key))

    def __str__(self) -> str:
        values = ",".join(sorted(self.values))
        match self.operator:
            case "Exists":
                return self.key
            case "DoesNotExist":
                return f"!{self.key}"
            case "In":
                return f"{self.key}={values}" if len(self.values) == 1 else f"{self.key} in ({values})"
            case "NotIn":
                return f"{self.key}!={values}" if len(self.values) == 1 else f"{self.key} notin ({values})"
            case "Gt":
                return f"{self.key}>{values}"
            case _:
                return f"{self.key}<{values}"


def _compare(values: frozenset[str], value: str | None, test: Callable[[int, int], bool]) -> bool:
    if value is None or len(values) != 1:
        return False
    have, wanted = parse_int(value), parse_int(next(iter(values)))
    return have is not None and wanted is not None and test(have, wanted)


_OPERATORS: dict[str, Callable[[frozenset[str], str | None], bool]] = {
    "In": lambda values, value: value is not None and value in values,
    "NotIn": lambda values, value: value is None or value not in values,
    "Exists": lambda values, value: value is not None,
    "DoesNotExist": lambda values, value: value is None,
    "Gt": lambda values, value: _compare(values, value, lambda a, b: a > b),
    "Lt": lambda values, value: _compare(values, value, lambda a, b: a < b),
}


@dataclass(frozen=True, slots=True)
class Selector:
    """A conjunction of requirements; without any it matches everything. ``nothing`` matches nothing at all."""

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False

    def matches(self, labels: Labels) -> bool:
        """Whether all requirements hold of the labels."""
        if self.nothing:
            return False
        return all(r.matches(labels) for r in self.requirements)

    @property
    def empty(self) -> bool:
        """Whether the selector has no requirement, and so matches everything."""
        return not self.requirements and not self.nothing

    @property
    def exact(self) -> Mapping[str, str]:
        """The label pairs every match must carry; an index can be asked for them."""
        return {r.key: next(iter(r.values)) for r in self.requirements if r.operator == "In" and len(r.values) == 1}

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))


NOTHING = Selector(nothing=True)
EVERYTHING = Selector()


def from_labels(labels: Mapping[str, str] | None) -> Selector:
    """The selector of a plain map of labels (a Service, a ReplicationController); empty matches everything."""
    return Selector(tuple(Requirement(k, "In", frozenset((v,))) for k, v in sorted((labels or {}).items())))


def from_label_selector(selector: Mapping[str, Any] | None) -> Selector:
    """The selector of a LabelSelector object; None matches nothing, an empty one everything."""
    if selector is None:
        return NOTHING
    parts = list(from_labels(selector.get("matchLabels")).requirements)
    for e in selector.get("matchExpressions") or []:
        operator = e.get("operator") or ""
        if operator not in _OPERATORS:
            return NOTHING
        parts.append(Requirement(e["key"], operator, frozenset(e.get("values") or ())))
    return Selector(tuple(sorted(parts, key=lambda r: r.key)))


_TERM = re.compile(
    r"\s*(?:"
    r"(?P<not>!)\s*(?P<absent>[^\s,=!()<>]+)"
    r"|(?P<key>[^\s,=!()<>]+)\s*(?:"
    r"(?P<op>==|=|!=|>|<)\s*(?P<value>[^\s,=!()<>]*)"
    r"|\s(?P<set>in|notin)\s*\((?P<values>[^()]*)\)"
    r")?)\s*(?:,|$)"
)


def parse_selector(text: str) -> Selector:
    """The selector of kubectl's ``-l`` text.

    Raises: ValueError where the text is no selector.
    """
    parts, at = [], 0
    while at < len(text):
        match = _TERM.match(text, at)
        if match is None:
            raise ValueError(f"unable to parse requirement: found {text[at:]!r}, expected: identifier")
        at = match.end()
        key = match["key"] or match["absent"]
        if match["not"]:
            parts.append(Requirement(key, "DoesNotExist"))
        elif match["set"]:
            values = frozenset(v.strip() for v in match["values"].split(","))
            parts.append(Requirement(key, "In" if match["set"] == "in" else "NotIn", values))
        elif match["op"]:
            operator = {"=": "In", "==": "In", "!=": "NotIn", ">": "Gt", "<": "Lt"}[match["op"]]
            parts.append(Requirement(key, operator, frozenset((match["value"],))))
        else:
            parts.append(Requirement(key, "Exists"))
    return Selector(tuple(parts))


def spelled_as_go(selector: Mapping[str, Any] | None) -> str:
    """A label selector as Go prints it (``%v``), as it appears in messages."""
    if selector is None:
        return "nil"
    labels = "".join(f"{k}: {v}," for k, v in sorted((selector.get("matchLabels") or {}).items()))
    expressions = "".join(
        f"LabelSelectorRequirement{{Key:{e['key']},Operator:{e['operator']},Values:[{' '.join(e.get('values') or ())}],}},"
        for e in selector.get("matchExpressions") or ()
    )
    return f"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
