"""Field errors: where in an object, what kind of error, in the API server's own words.

Mirrors: staging/src/k8s.io/apimachinery/pkg/util/validation/field/{errors,path}.go (1.36)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

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


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A place in an object that prints as the API server prints it: ``spec.containers[0].env[3].name``.

    ``child`` goes to a field, ``index`` into a list, ``key`` into a map (``metadata.labels[app]``).
    """

    text: str = ""
    steps: Path = ()

    def child(self, *names: str) -> FieldPath:
        """The field of that name (several: one inside the other)."""
        here = self
        for name in names:
            here = FieldPath(f"{here.text}.{name}" if here.text else name, (*here.steps, name))
        return here

    def index(self, i: int) -> FieldPath:
        """The i-th item of a list."""
        return FieldPath(f"{self.text}[{i}]", (*self.steps, i))

    def key(self, key: str) -> FieldPath:
        """The value under a map's key."""
        return FieldPath(f"{self.text}[{key}]", (*self.steps, key))

    def __str__(self) -> str:
        return self.text


ROOT = FieldPath()
METADATA = ROOT.child("metadata")
SPEC = ROOT.child("spec")


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
        match self.type:
            case ErrorType.REQUIRED | ErrorType.FORBIDDEN | ErrorType.TOO_LONG | ErrorType.INTERNAL | ErrorType.TOO_MANY:
                said = self.type.words
            case _:
                said = f"{self.type.words}: {go_value(self.value)}"
        return f"{said}: {self.detail}" if self.detail else said

    def __str__(self) -> str:
        return f"{self.field.text or '<nil>'}: {self.message}"


def go_value(value: Any) -> str:
    """A value as the API server prints it inside a field error."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return go_quote(value)
    return json.dumps(value, separators=(",", ":"), sort_keys=isinstance(value, Mapping), ensure_ascii=False)


def go_quote(text: str) -> str:
    """A text as Go's ``%q`` writes it."""
    out = []
    for c in text:
        if c in '"\\':
            out.append("\\" + c)
        elif c in _ESCAPES:
            out.append(_ESCAPES[c])
        elif c.isprintable() or c == " ":
            out.append(c)
        elif ord(c) < 0x80:
            out.append(f"\\x{ord(c):02x}")
        else:
            out.append(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}")
    return '"' + "".join(out) + '"'


_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


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
    """A value outside a closed set; the set is listed sorted and quoted."""
    known = sorted(supported)
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
    return FieldError(ErrorType.TOO_LONG, path, value, f"may not be more than {most} bytes" if most >= 0 else "value is too long")


def too_many(path: FieldPath, count: int | None, most: int) -> FieldError:
    """A list of more than ``most`` items."""
    noun = "item" if most == 1 else "items"
    return FieldError(ErrorType.TOO_MANY, path, count, f"must have at most {most} {noun}" if most >= 0 else "has too many items")


def internal(path: FieldPath, detail: str) -> FieldError:
    """An error that is not the user's."""
    return FieldError(ErrorType.INTERNAL, path, None, detail)


Errors = Iterator[FieldError]
"""What a validator yields."""
