"""What the API server answers: an object, or a Status that says why not.

Mirrors: staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kplan.apiserver.field import FieldError
from kplan.model.objects import Object, Path


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of a refusal, as in ``status.details.causes``."""

    reason: str
    message: str
    field: str


@dataclass(frozen=True, slots=True)
class Status:
    """A refusal: HTTP code, reason, message, and the causes where there are any."""

    code: int
    reason: str
    message: str
    causes: tuple[Cause, ...] = ()
    errors: tuple[FieldError, ...] = ()
    """The field errors behind the causes; they know the path, so a loader can find the line."""
    details: Mapping[str, Any] = field(default_factory=dict)
    at: Path = ()
    """The value that could not be decoded: the message does not say which item of a list, or nothing at all."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to one request: the object as stored, or the error; and the warnings in either case."""

    object: Object | None = None
    error: Status | None = None
    warnings: tuple[str, ...] = ()
    changed: bool = True
    """False where an update changed nothing and so wrote nothing."""

    @property
    def ok(self) -> bool:
        """Whether the request was accepted."""
        return self.error is None


def invalid_status(kind: str, name: str, errors: Iterable[FieldError]) -> Status:
    """422 Invalid: ``Pod "x" is invalid: spec.containers: Required value``; several errors in brackets, each once.

    ``kind`` is kind with group (``Deployment.apps``).
    """
    every = tuple(errors)
    texts = list(dict.fromkeys(str(e) for e in every))
    said = texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
    return Status(
        422,
        "Invalid",
        f'{kind} "{name}" is invalid: {said}',
        tuple(Cause(e.reason, e.message, e.field.text or "<nil>") for e in every),
        every,
        {"name": name, "kind": kind.partition(".")[0], "group": kind.partition(".")[2]},
    )


def not_found(resource: str, name: str) -> Status:
    """404; ``resource`` is the plural with its group (``deployments.apps``)."""
    return Status(404, "NotFound", f'{resource} "{name}" not found', details={"name": name, "kind": resource})


def already_exists(resource: str, name: str) -> Status:
    """409 AlreadyExists."""
    return Status(409, "AlreadyExists", f'{resource} "{name}" already exists', details={"name": name, "kind": resource})


def conflict(resource: str, name: str, why: str) -> Status:
    """409 Conflict."""
    return Status(409, "Conflict", f'Operation cannot be fulfilled on {resource} "{name}": {why}', details={"name": name, "kind": resource})


def forbidden(resource: str, name: str, why: str) -> Status:
    """403: what admission plugins refuse with. Where the object has no name yet, the name is ``""`` or ``"prefix-"``."""
    said = f'{resource} "{name}" is forbidden: {why}' if resource else f"forbidden: {why}"
    return Status(403, "Forbidden", said, details={"name": name, "kind": resource})


def bad_request(message: str) -> Status:
    """400 BadRequest."""
    return Status(400, "BadRequest", message)


def internal_error(message: str) -> Status:
    """500 InternalError."""
    return Status(500, "InternalError", f"Internal error occurred: {message}")
