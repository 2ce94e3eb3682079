"""Field errors: where in an object, what kind of error, in the API server's own words.

Mirrors: staging/src/k8s.io/apimachinery/pkg/util/validation/field/{errors,path}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from kplan.model.gotext import go_json, go_quote, go_value
from kplan.model.objects import Path


class ErrorType(Enum):
    """The kinds of field error: the reason in a Status' causes, and the words they begin with."""

    NOT_FOUND = ("FieldValueNotFound", "Not found")
    REQUIRED = ("FieldValueRequired", "Required value")
    DUPLICATE = ("FieldValueDuplicate", "Duplicate value")
    INVALID = ("FieldValueInvalid", "Invalid value")
    NOT_SUPPORTED = ("FieldValueNotSupported", "Unsupported value")
    FORBIDDEN = ("FieldValueForbidden", "Forbidden")
    TOO_LONG = ("FieldValueTooLong", "Too long")
    TOO_MANY = ("FieldValueTooMany", "Too many")
    INTERNAL = ("InternalError", "Internal error")
    TYPE_INVALID = ("FieldValueTypeInvalid", "Invalid value")

    @property
    def reason(self) -> str:
        """The reason as a Status cause has it."""
        return self.value[0]

    @property
    def words(self) -> str:
        """The words the message begins with."""
        return self.value[1]


class FieldPath:
    """A place in an object that prints as the API server prints it: ``spec.containers[0].env[3].name``.

    ``child`` goes to a field, ``index`` into a list, ``key`` into a map (``metadata.labels[app]``).  A path is a link to
    its parent, so that walking a valid object costs little; the text is made when asked for.
    """

    __slots__ = ("_kind", "_parent", "_step")

    def __init__(self, parent: FieldPath | None = None, step: str | int = "", kind: str = "") -> None:
        self._parent, self._step, self._kind = parent, step, kind

    def child(self, *names: str) -> FieldPath:
        """The field of that name (several: one inside the other)."""
        here = self
        for name in names:
            here = FieldPath(here, name, ".")
        return here

    def index(self, i: int) -> FieldPath:
        """The i-th item of a list."""
        return FieldPath(self, i, "[")

    def key(self, key: str) -> FieldPath:
        """The value under a map's key."""
        return FieldPath(self, key, "[")

    def _chain(self) -> list[FieldPath]:
        chain: list[FieldPath] = []
        here: FieldPath | None = self
        while here is not None and here._kind:
            chain.append(here)
            here = here._parent
        chain.reverse()
        return chain

    @property
    def text(self) -> str:
        """The path as the API server prints it; "" for the object itself."""
        return "".join(f".{p._step}" if p._kind == "." else f"[{p._step}]" for p in self._chain()).removeprefix(".")

    @property
    def steps(self) -> Path:
        """The path as steps into the JSON value."""
        return tuple(p._step for p in self._chain())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldPath) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"FieldPath({self.text!r})"


ROOT = FieldPath()
METADATA = ROOT.child("metadata")
SPEC = ROOT.child("spec")
NOWHERE = ROOT.key("")
"""What Go makes of ``field.NewPath("")``, which it prints as an empty index."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field error. ``value`` is the offending JSON value, ``detail`` what the server adds after it."""

    type: ErrorType
    field: FieldPath
    value: Any = None
    detail: str = ""

    @property
    def reason(self) -> str:
        """The reason as a Status cause has it."""
        return self.type.reason

    @property
    def message(self) -> str:
        """The text as a Status cause has it, without the field."""
        if self.type in _WITHOUT_VALUE or self.value is OMITTED:
            said = self.type.words
        else:
            # Values of closed sets have types of their own in Go, and those are shown as JSON.
            shown = go_json if self.type is ErrorType.NOT_SUPPORTED else go_value
            said = f"{self.type.words}: {shown(self.value)}"
        return f"{said}: {self.detail}" if self.detail else said

    def __str__(self) -> str:
        return f"{self.field.text or '<nil>'}: {self.message}"


class _Omitted:
    """The value of an error that shows none."""


OMITTED = _Omitted()
_WITHOUT_VALUE = frozenset(
    {ErrorType.REQUIRED, ErrorType.FORBIDDEN, ErrorType.TOO_LONG, ErrorType.INTERNAL}
)


def required(path: FieldPath, detail: str = "") -> FieldError:
    """A field that must be given."""
    return FieldError(ErrorType.REQUIRED, path, None, detail)


def invalid(path: FieldPath, value: Any, detail: str) -> FieldError:
    """A value that is malformed or out of range."""
    return FieldError(ErrorType.INVALID, path, value, detail)


def type_invalid(path: FieldPath, value: Any, detail: str) -> FieldError:
    """A value of the wrong type (custom resources)."""
    return FieldError(ErrorType.TYPE_INVALID, path, value, detail)


def not_supported(path: FieldPath, value: Any, supported: Iterable[str]) -> FieldError:
    """A value outside a closed set; a sequence is listed in its order, a set sorted."""
    known = sorted(supported) if isinstance(supported, (set, frozenset)) else list(supported)
    detail = "supported values: " + ", ".join(map(go_quote, known)) if known else ""
    return FieldError(ErrorType.NOT_SUPPORTED, path, value, detail)


def forbidden(path: FieldPath, detail: str) -> FieldError:
    """A field that may not be set, or may not change."""
    return FieldError(ErrorType.FORBIDDEN, path, None, detail)


def duplicate(path: FieldPath, value: Any) -> FieldError:
    """A value given twice where it must be unique."""
    return FieldError(ErrorType.DUPLICATE, path, value)


def not_found(path: FieldPath, value: Any) -> FieldError:
    """A value that names something which does not exist."""
    return FieldError(ErrorType.NOT_FOUND, path, value)


def too_long(path: FieldPath, value: Any, most: int) -> FieldError:
    """A text longer than ``most`` bytes."""
    said = f"may not be more than {most} byte{'' if most == 1 else 's'}" if most >= 0 else "value is too long"
    return FieldError(ErrorType.TOO_LONG, path, value, said)


def too_many(path: FieldPath, count: int | None, most: int) -> FieldError:
    """A list of more than ``most`` items; ``count`` None does not say how many."""
    noun = "item" if most == 1 else "items"
    said = f"must have at most {most} {noun}" if most >= 0 else "has too many items"
    return FieldError(ErrorType.TOO_MANY, path, OMITTED if count is None else count, said)


def internal(path: FieldPath, detail: str) -> FieldError:
    """An error that is not the user's."""
    return FieldError(ErrorType.INTERNAL, path, None, detail)


Errors = Iterator[FieldError]
"""What a validator yields."""
