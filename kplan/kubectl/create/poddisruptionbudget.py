"""``kubectl create poddisruptionbudget``.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/create/create_pdb.go (1.36)
"""

from __future__ import annotations

import re
from typing import Any

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import flag
from kplan.kubectl.generating import SHARED, create, given_name, made
from kplan.model.integers import int_or_text
from kplan.model.selectors import Selector, parse_selector

FLAGS = (*SHARED, flag("min-available"), flag("max-unavailable"), flag("selector"))


def run(command: Command) -> AnyFailure | None:
    """Create a PodDisruptionBudget."""
    a = command.arguments
    name = given_name(command)
    if isinstance(name, Failure):
        return name
    least, most = a["min-available"], a["max-unavailable"]
    if not a["selector"]:
        return Failure("a selector must be specified")
    if not most and not least:
        return Failure("one of min-available or max-unavailable must be specified")
    if most and least:
        return Failure("min-available and max-unavailable cannot be both specified")
    amount = least or most
    if not re.fullmatch(r"[0-9]+%?", amount):
        return Failure(f"invalid format specified for {'min-available' if least else 'max-unavailable'}")
    try:
        selector = label_selector(parse_selector(a["selector"]))
    except ValueError as problem:
        return Failure(f"couldn't parse the selector string \"{a['selector']}\": {problem}")
    value = int_or_text(amount)
    spec = {"selector": selector, "minAvailable" if least else "maxUnavailable": value}
    return create(command, made("policy/v1", "PodDisruptionBudget", name, spec=spec), "failed to create poddisruptionbudgets: ")


def label_selector(selector: Selector) -> dict[str, Any]:
    """The LabelSelector object of a selector."""
    exact = dict(selector.exact)
    rest = [r for r in selector.requirements if r.key not in exact]
    expressions = [{"key": r.key, "operator": r.operator} | ({"values": sorted(r.values)} if r.values else {}) for r in rest]
    return ({"matchLabels": exact} if exact else {}) | ({"matchExpressions": expressions} if expressions else {})
