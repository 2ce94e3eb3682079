"""``kubectl wait``: let the cluster go on until something holds.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/wait/{wait,condition,json,delete,create}.go (1.36)
Differs: what the cluster does by itself is done at once; then as much time passes as ``--timeout`` allows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, Failures
from kplan.kubectl.flags import ALL_NAMESPACES, ARRAY, BOOL, DURATION, FIELD_SELECTOR, FILES, OUTPUT, SELECTOR, flag
from kplan.kubectl.info import Info
from kplan.kubectl.output.jsonpath import BadTemplate, Template, relaxed
from kplan.model.gotext import go_text
from kplan.model.objects import Object, get_in

FLAGS = (
    *FILES,
    *OUTPUT,
    SELECTOR,
    FIELD_SELECTOR,
    ALL_NAMESPACES,
    flag("all", BOOL),
    flag("local", BOOL),
    flag("for", ARRAY),
    flag("timeout", DURATION, default=30.0),
)
_WEEK = 7 * 24 * 3600.0
_TIMED_OUT = "timed out waiting for the condition"
_JSONPATH = "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'"
_NO_VALUE = "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3"

Test = Callable[[Object], bool]


@dataclass(frozen=True, slots=True)
class Condition:
    """What is waited for: deletion where there is no test."""

    test: Test | None = None


def run(command: Command) -> AnyFailure | None:
    """Wait for the objects."""
    words = [str(w) for w in command.arguments["for"]]
    conditions = [_condition(w) for w in words if w.lower() != "create"]
    wrong = next((c for c in conditions if isinstance(c, Failure)), None)
    if wrong is not None:
        return wrong
    if not words:
        return Failure("unrecognized condition: []")
    creates, deletes = (any(w.lower() == word for w in words) for word in ("create", "delete"))
    if creates and (error := _created(command)):
        return error
    infos, error = _objects(command)
    if error is not None and not (deletes and _only_missing(error)):
        return error
    if not infos and not deletes:
        return Failure("no matching resources found")
    for info in infos:
        for condition in [c for c in conditions if isinstance(c, Condition)] or [Condition(lambda _: True)]:
            if failed := _wait(command, info, condition):
                return failed
            command.say(info.object or {}, "condition met")
    return None


def _objects(command: Command) -> tuple[list[Info], AnyFailure | None]:
    builder = command.builder(command.arguments.args)
    builder.empty_selects_all = bool(command.arguments["all"] or command.arguments["field-selector"])
    return builder.select().infos()


def _only_missing(error: AnyFailure) -> bool:
    return all(map(_only_missing, error.errors)) if isinstance(error, Failures) else error.is_reason("NotFound")


def _created(command: Command) -> AnyFailure | None:
    """Wait until the objects are there."""
    for attempt in range(3):
        infos, error = _objects(command)
        if infos and error is None:
            return None
        if error is not None and not _only_missing(error):
            return error
        _let_pass(command, attempt)
    return Failure(_TIMED_OUT)


def _wait(command: Command, info: Info, condition: Condition) -> AnyFailure | None:
    for attempt in range(3):
        try:
            found = _check(command, info, condition)
        except BadTemplate as wrong:
            return Failure(str(wrong))
        if found is not False:
            return None if found is True else found
        if not command.arguments["timeout"]:
            return Failure(f"condition not met for {info.object_name}")
        _let_pass(command, attempt)
    return Failure(f"{_TIMED_OUT} on {info.kind.plural}/{info.name}")


def _check(command: Command, info: Info, condition: Condition) -> bool | Failure:
    before = info.object
    error = info.get(command.client)
    if condition.test is None:
        gone = error is not None and error.is_reason("NotFound")
        replaced = before is not None and info.object is not None and get_in(before, ("metadata", "uid")) != get_in(info.object, ("metadata", "uid"))
        return gone or replaced
    return error if error is not None else condition.test(info.object or {})


def _let_pass(command: Command, attempt: int) -> None:
    """First what happens at once; then the time there is."""
    if attempt == 0:
        command.client.settle()
    elif attempt == 1:
        seconds = command.arguments["timeout"]
        command.client.pause(_WEEK if seconds < 0 else seconds)


# -- conditions ----------------------------------------------------------------------------------------------------


def _condition(text: str) -> Condition | Failure:
    if text.lower() == "delete":
        return Condition()
    if text.startswith("condition="):
        name, _, value = text.removeprefix("condition=").partition("=")
        return Condition(_status(name, value or "true"))
    if text.startswith("jsonpath="):
        return _path(text.removeprefix("jsonpath="))
    return Failure(f'unrecognized condition: "{text}"')


def _status(name: str, value: str) -> Test:
    def test(obj: Object) -> bool:
        for condition in get_in(obj, ("status", "conditions")) or []:
            if str(condition.get("type") or "").lower() == name.lower() and "status" in condition:
                return not _outdated(obj, condition) and str(condition["status"]).lower() == value.lower()
        return False

    return test


def _outdated(obj: Object, condition: Mapping[str, Any]) -> bool:
    """Whether a condition speaks of an earlier generation."""
    generation = get_in(obj, ("metadata", "generation"))
    observed = condition.get("observedGeneration", get_in(obj, ("status", "observedGeneration")))
    return generation is not None and observed is not None and observed < generation


def _path(text: str) -> Condition | Failure:
    parts = text.replace("==", "\0").split("=")
    path, *values = (part.replace("\0", "==") for part in parts)
    if len(values) > 1:
        return Failure(_JSONPATH)
    value = values[0].strip("'\"") if values else ""
    if values and not value:
        return Failure(_NO_VALUE)
    if not path:
        return Failure("jsonpath expression cannot be empty")
    try:
        template = Template(relaxed(path))
    except BadTemplate as wrong:
        return Failure(str(wrong))
    return Condition(lambda obj: _leads_to(template, value, obj))


def _leads_to(template: Template, value: str, obj: Object) -> bool:
    found = template.find(obj)
    if not found or not found[0]:
        return False
    if len(found) > 1:
        raise BadTemplate("given jsonpath expression matches more than one list")
    if len(found[0]) > 1:
        raise BadTemplate("given jsonpath expression matches more than one value")
    if not value:
        return True
    if isinstance(found[0][0], Mapping | list):
        raise BadTemplate("jsonpath leads to a nested object or list which is not supported")
    return go_text(found[0][0]).strip() == value.strip()


