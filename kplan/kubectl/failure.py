"""kubectl's errors: values that nest as Go's do, and the words kubectl prints for them.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go, staging/src/k8s.io/apimachinery/pkg/util/errors/errors.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from kplan.apiserver.outcome import Status


@dataclass(frozen=True, slots=True)
class Failure:
    """One error: of the server where it has a ``status``, else kubectl's own."""

    message: str
    status: Status | None = None

    def __str__(self) -> str:
        return self.message

    def is_reason(self, reason: str) -> bool:
        """Whether it is the server's error of that reason (``NotFound``)."""
        return self.status is not None and self.status.reason == reason


@dataclass(frozen=True, slots=True)
class Failures:
    """Several errors as one."""

    errors: tuple[Failure | Failures, ...]

    def __str__(self) -> str:
        texts = list(dict.fromkeys(str(e) for e in self._leaves()))
        return texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"

    def _leaves(self) -> Iterator[Failure]:
        for error in self.errors:
            if isinstance(error, Failures):
                yield from error._leaves()
            else:
                yield error


AnyFailure = Failure | Failures

def aggregate(errors: Iterable[AnyFailure | None]) -> Failures | None:
    """All of them as one, None where there is none."""
    found = tuple(e for e in errors if e is not None)
    return Failures(found) if found else None


def one_or_all(errors: Iterable[AnyFailure | None]) -> AnyFailure | None:
    """The only error as it is, or all as one."""
    found = [e for e in errors if e is not None]
    return found[0] if len(found) == 1 else aggregate(found)


def of_status(status: Status) -> Failure:
    """The server's refusal as an error."""
    return Failure(status.message, status)


def with_source(verb: str, source: str, error: AnyFailure) -> AnyFailure:
    """``error when creating "f.yaml": …``; the server's error stays the server's."""
    if not source:
        return error
    said = f'error when {verb} "{source}": {error}'
    if isinstance(error, Failure) and error.status is not None:
        return Failure(said, replace(error.status, message=said))
    return Failure(said)


def report(error: AnyFailure) -> str:
    """What kubectl writes on stderr before it exits with 1, a newline at its end."""
    if isinstance(error, Failures) and len(error.errors) == 1:
        error = error.errors[0]
    if isinstance(error, Failures):
        return "".join(f"{_message(e)}\n" for e in error.errors)
    if error.status is not None and error.status.reason == "Invalid":
        return _line(_invalid(error.status))
    said = _message(error)
    if error.status is None and not said.startswith("error: "):
        said = f"error: {said}"
    return _line(said)


def _line(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _message(error: AnyFailure) -> str:
    if isinstance(error, Failures) or error.status is None:
        return str(error)
    if error.status.reason == "Unauthorized":
        return f"error: You must be logged in to the server ({error.status.message})"
    reason = f" ({error.status.reason})" if error.status.reason else ""
    return f"Error from server{reason}: {error.message}"


def _invalid(status: Status) -> str:
    kind, name = status.details.get("kind") or "", status.details.get("name") or ""
    said = "The request is invalid"
    if kind or name:
        said = f'The {kind} "{name}" is invalid'
    elif status.message and not status.causes:
        said += f": {status.message}"
    causes = list(dict.fromkeys(f"{c.field}: {c.message}" for c in status.causes))
    if not causes:
        return said
    if len(causes) == 1:
        return f"{said}: {causes[0]}\n"
    return f"{said}: \n" + "".join(f"* {c}\n" for c in causes)
