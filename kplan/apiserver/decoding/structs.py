"""How structs are read, and the state of reading one object: where it is and what was wrong.

Mirrors: encoding/json decode.go as sigs.k8s.io/json has it
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kplan.apiserver.strategy import Draft
from kplan.catalog.gostructs import GoField
from kplan.model.gotext import go_quote
from kplan.model.objects import Path

_MOST_STRICT_ERRORS = 100

Read = Callable[[Any, "Decoder"], Any]
"""Makes the decoded value of a JSON value that is not null."""


class Stop(Exception):
    """A type that reads its own JSON cannot; decoding ends."""


class Field:
    """How one field of a struct is read."""

    __slots__ = ("drop_empty", "drop_null", "drop_zero", "inner", "label", "name", "read", "struct", "zero")

    def __init__(self, go: GoField, struct: str, read: Read, zero: Any, *, reference: bool) -> None:
        self.name, self.struct, self.read = go.name, struct, read
        self.label = f"{go.embedded}.{go.name}" if go.embedded else go.name
        self.drop_null = go.pointer or reference
        self.drop_empty = bool(go.omit) and not go.pointer and reference
        self.drop_zero = bool(go.omit) and not go.pointer and not reference
        self.inner: Struct | None = None
        """The struct that the value is, or that its items or values are."""
        self.zero = None if go.pointer or reference or (go.omit and not callable(zero)) or go.omit == "zero" else zero


class Struct:
    """How a struct is read."""

    __slots__ = ("always", "fields", "name", "nulls")

    def __init__(self, name: str) -> None:
        self.name = name
        self.fields: dict[str, Field] = {}
        self.always: tuple[Field, ...] = ()
        self.nulls: tuple[str, ...] = ()
        """The fields that are written as null where they are not there."""

    def __call__(self, value: Any, decoder: Decoder) -> Any:
        """The struct's fields, each decoded; {} where the value is no object."""
        if not isinstance(value, dict):
            decoder.mismatch(value, self.name)
            value = {}
        out: Draft = {}
        fields, stack = self.fields, decoder.stack
        for key, inner in value.items():
            field = fields.get(key)
            if field is None:
                decoder.strict_error("unknown field", key)
                continue
            stack.append(field)
            if decoder.duplicates:
                decoder.check_duplicate()
            if inner is not None:
                inner = field.read(inner, decoder)
            elif not field.drop_null:
                inner = zero_of(field.zero, decoder)
            stack.pop()
            if inner is None or (field.drop_zero and not inner and type(inner) is not dict):
                continue
            out[key] = inner
        for field in self.always:
            if field.name not in out:
                out[field.name] = zero_of(field.zero, decoder)
        return out


def zero_of(zero: Any, decoder: Decoder) -> Any:
    """What stands for a value that is not there."""
    return zero({}, decoder) if isinstance(zero, Struct) else zero


class Decoder:
    """The state of decoding one object: where it is, and what was wrong so far."""

    def __init__(self, duplicates: Iterable[Path]) -> None:
        self.stack: list[Field | int | str] = []
        self.saved = ""
        self.saved_at: Path = ()
        self.strict: dict[str, None] = {}
        self.duplicates = frozenset(duplicates)
        self.lenient = False
        """Inside a type that decodes its insides by itself, nobody looks for unknown fields."""

    def where(self) -> str:
        """`` into Go struct field Container.spec.containers.name`` of the place reached; the innermost struct counts."""
        fields = [s for s in self.stack if isinstance(s, Field)]
        if not fields:
            return " into Go value"
        return f" into Go struct field {fields[-1].struct}." + ".".join(f.label for f in fields)

    def mismatch(self, value: Any, go_type: str, *, number: bool = False) -> None:
        """Save that a value is of the wrong type, if it is the first."""
        self.save(self.mismatch_text(value, go_type, number=number))

    def save(self, said: str) -> None:
        """Save what is wrong with the value reached, if it is the first."""
        if not self.saved:
            self.saved, self.saved_at = said, self.place()

    def place(self) -> Path:
        """The place reached."""
        return tuple(s.name if isinstance(s, Field) else s for s in self.stack)

    def mismatch_text(self, value: Any, go_type: str, *, number: bool = False) -> str:
        """What is said of a value of the wrong type."""
        kind = _json_kind(value)
        shown = f"number {value!r}" if number and kind == "number" else kind
        return f"json: cannot unmarshal {shown}{self.where()} of type {go_type}"

    def strict_error(self, what: str, name: str | None) -> None:
        """Note an unknown or a repeated field."""
        if self.lenient or len(self.strict) >= _MOST_STRICT_ERRORS:
            return
        said = []
        for step in self.stack:
            said.append(f"[{step}]" if isinstance(step, int) else f".{step.name if isinstance(step, Field) else step}")
        if name is not None:
            said.append(f".{name}")
        self.strict[f"{what} {go_quote(''.join(said).removeprefix('.'))}"] = None

    def check_duplicate(self) -> None:
        """Note it where the field reached was written twice."""
        if self.place() in self.duplicates:
            self.strict_error("duplicate field", None)


def _json_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, (int, float)):
        return "number"
    return "array" if isinstance(value, list) else "object"
