"""A refusal taken apart: one fault for every field the server complains about, with the path it speaks of.

The server knows paths where it validates; where it only decodes, the path is read out of its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kplan.apiserver.outcome import Status
from kplan.model.objects import Path

UNKNOWN_FIELD, MALFORMED, INVALID_FIELD, REFUSED = "KP201", "KP202", "KP301", "KP501"

_QUOTED_FIELD = re.compile(r'(unknown|duplicate) field "([^"]+)"')
_STRICTLY = "strict decoding error: "
_GO_FIELD = re.compile(r"Go struct field \w+\.([\w.\[\]-]+) of type")
_WHEN = re.compile(r'^error when (?:creating|applying|replacing|patching|retrieving)[^"]*"[^"]*": ')
_STEP = re.compile(r"([^.\[\]]+)|\[([^\]]*)\]")
_LEADING_PATH = re.compile(r"([A-Za-z][\w]*(?:\.[A-Za-z][\w]*|\[[^\]]*\])+)")
_REMEDIES = (
    (re.compile(r"cannot unmarshal (?:number|bool)\b.* of type string$"), "put it in quotes"),
    (re.compile(r"cannot unmarshal string\b.* of type (?:u?int\d*|float\d+)$"), "write a number, without quotes"),
    (re.compile(r"cannot unmarshal string\b.* of type bool$"), "write true or false, without quotes"),
    (re.compile(r"cannot unmarshal (?!array)\w+ .* of type \[\]"), "write a list, in which each item begins with a dash"),
    (re.compile(r"quantities must match"), "a quantity is a number and at most one unit: 500m, 1.5, 128Mi, 2Gi, 1G"),
    (re.compile(r"illegal base64 data"), "values of data are base64; as plain text they go below stringData"),
    (re.compile(r'^namespaces ".*" not found$'), "give the Namespace, too, or plan against the cluster that has it (--cluster)"),
    (re.compile(r"error looking up service account"), "create the ServiceAccount, or correct serviceAccountName"),
    (re.compile(r"no PriorityClass with name"), "create the PriorityClass, or correct priorityClassName"),
    (re.compile(r"RuntimeClass .* not found"), "create the RuntimeClass, or correct runtimeClassName"),
    (re.compile(r"violates PodSecurity"), "change the template, or the level that the namespace enforces"),
    (re.compile(r"exceeded quota"), "make room in the quota, or ask for less"),
    (re.compile(r"failed quota: .* must specify"), "say in every container what the quota wants to count, or let a LimitRange do so"),
    (re.compile(r"(?:minimum|maximum) .* usage per|limit to request ratio"), "keep within the LimitRange, or change it"),
)
"""What is to be done about a refusal, by what is said of it; the first that fits."""
_ROOTS = ("spec", "metadata", "data", "rules", "status", "stringData", "subjects", "roleRef", "webhooks")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing the server complains about."""

    code: str
    message: str
    path: Path = ()
    hint: str = ""
    """What to write instead, where the message alone leaves that open."""


def faults(status: Status) -> Iterator[Fault]:
    """What a refusal is about, one by one."""
    message = _WHEN.sub("", status.message)
    if _STRICTLY in message and (fields := _QUOTED_FIELD.findall(message.partition(_STRICTLY)[2])):
        for what, field in fields:
            yield Fault(UNKNOWN_FIELD, f'{what} field "{field}"', steps(field))
    elif status.errors:
        for e in status.errors:
            yield Fault(INVALID_FIELD, str(e), e.field.steps)
    elif status.code == 422 and status.causes:
        for c in status.causes:
            yield Fault(INVALID_FIELD, f"{c.field}: {c.message}", steps(c.field))
    elif status.code == 400:
        found = _GO_FIELD.search(message)
        at = status.at or (steps(found.group(1)) if found else path_in(message))
        yield Fault(MALFORMED, message, at, remedy(message))
    else:
        yield Fault(REFUSED, message, hint=remedy(message))


def remedy(message: str) -> str:
    """What is to be done about a refusal, where its words alone leave that open; "" where nobody knows."""
    return next((hint for said, hint in _REMEDIES if said.search(message)), "")


def steps(text: str) -> Path:
    """``("spec", "containers", 0, "x")`` of ``spec.containers[0].x``."""
    out: list[str | int] = []
    for name, index in _STEP.findall(text):
        out.append(name if name else int(index) if index.isdigit() else index)
    return tuple(out)


def path_in(message: str) -> Path:
    """The first path a message names, as far as one can be made out; () otherwise."""
    found = _LEADING_PATH.search(message)
    return steps(found.group(1)) if found is not None and found.group(1).split(".")[0].split("[")[0] in _ROOTS else ()
