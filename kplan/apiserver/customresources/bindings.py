"""The values of custom resources as expressions see them: by the types of their schema, fields only when asked for.

Mirrors: staging/src/k8s.io/apiserver/pkg/cel/common/valuesunstructured.go (1.36)
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from kplan.apiserver.cel.values import Duration, EvaluationError, MapList, SetList, Timestamp
from kplan.apiserver.customresources.declared import escape, with_type_and_metadata
from kplan.apiserver.customresources.schemas import (
    EMBEDDED,
    INT_OR_STRING,
    LIST_MAP_KEYS,
    LIST_TYPE,
    PRESERVE,
    Schema,
    items_of,
    properties_of,
    type_of,
    values_of,
)
from kplan.apiserver.formats import duration_nanos, is_date
from kplan.apiserver.gotimes import offset_seconds, parse_timestamp
from kplan.model.gotext import go_type

_MISSING = object()


class _Fields(Mapping[str, Any]):
    """An object: null fields are not there, and names are escaped.

    What expressions cannot ask for is there under names nobody can write, so that it counts where objects are compared.
    """

    __slots__ = ("_schemas", "_seen", "_values")

    def __init__(self, values: Mapping[str, Any], schemas: Mapping[str, Schema]) -> None:
        self._values: dict[str, Any] = {}
        self._schemas: dict[str, Schema] = {}
        self._seen: dict[str, Any] = {}
        for name, value in values.items():
            escaped = escape(name) if name in schemas else None
            if escaped is None:
                self._seen[f"\0{name}"] = self._values[f"\0{name}"] = value
            elif value is not None:
                self._values[escaped], self._schemas[escaped] = value, schemas[name]

    def __getitem__(self, key: str) -> Any:
        if key not in self._values:
            key = f"__{key}__"
        found = self._seen.get(key, _MISSING)
        if found is _MISSING:
            found = self._seen[key] = bind(self._values[key], self._schemas[key])
        return found

    def __contains__(self, key: object) -> bool:
        """Whether there is a field; one whose value is not of its type cannot be asked for."""
        if key not in self._values and f"__{key}__" not in self._values:
            return False
        self[str(key)]
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class _Entries(Mapping[str, Any]):
    """A map."""

    __slots__ = ("_schema", "_values")

    def __init__(self, values: Mapping[str, Any], schema: Schema) -> None:
        self._values, self._schema = values, schema

    def __getitem__(self, key: str) -> Any:
        return bind(self._values[key], self._schema)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def bind(value: Any, schema: Schema) -> Any:
    """A value as the type its schema gives it.

    Raises: EvaluationError where it is not of that type.
    """
    if value is None:
        if schema.get("nullable"):
            return None
        raise EvaluationError("invalid data, got null for schema with nullable=false")
    if schema.get(INT_OR_STRING):
        if isinstance(value, (int, str)) and not isinstance(value, bool):
            return value
        raise EvaluationError("invalid data, expected XIntOrString value to be either a string or integer")
    match type_of(schema):
        case "object":
            return _bind_object(value, schema)
        case "array":
            return _bind_list(value, schema)
        case "string":
            return _bind_text(value, schema)
        case "number" if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        case "number":
            raise EvaluationError(f"invalid data, expected float, got {go_type(value)}")
        case "integer" if isinstance(value, int) and not isinstance(value, bool):
            return value
        case "integer":
            raise EvaluationError(f"invalid data, expected int, got {go_type(value)}")
        case "boolean" if isinstance(value, bool):
            return value
        case "boolean":
            raise EvaluationError(f"invalid data, expected bool, got {go_type(value)}")
        case of_type if schema.get(PRESERVE):
            return value
        case of_type:
            raise EvaluationError(
                "invalid type, expected object, array, number, integer, boolean or string, or no type with "
                f"x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true, got {of_type}"
            )


def _bind_object(value: Any, schema: Schema) -> Any:
    if not isinstance(value, Mapping):
        raise EvaluationError("invalid data, expected a map for the provided schema with type=object")
    if schema.get(EMBEDDED):
        schema = with_type_and_metadata(schema)
    values = values_of(schema)
    if properties_of(schema) or values is None:
        return _Fields(value, properties_of(schema))
    return _Entries(value, values)


def _bind_list(value: Any, schema: Schema) -> Any:
    items = items_of(schema)
    if not isinstance(value, list):
        raise EvaluationError("invalid data, expected an array for the provided schema with type=array")
    if items is None:
        raise EvaluationError("invalid array type, expected Items with a non-empty Schema")
    bound = [bind(item, items) for item in value]
    match schema.get(LIST_TYPE):
        case "set":
            return SetList(bound)
        case "map":
            keyed = MapList(bound)
            keyed.keys = tuple(escape(k) or k for k in schema.get(LIST_MAP_KEYS) or ())
            return keyed
        case _:
            return bound


def _bind_text(value: Any, schema: Schema) -> Any:
    if not isinstance(value, str):
        raise EvaluationError(f"invalid data, expected string, got {go_type(value)}")
    match schema.get("format"):
        case "duration":
            nanos = duration_nanos(value)
            if nanos is None:
                raise EvaluationError(f"Invalid duration {value}: unable to parse {value} as duration")
            return Duration(nanos)
        case "date" | "date-time" as form:
            text = f"{value}T00:00:00Z" if form == "date" and is_date(value) else value.upper()
            instant = parse_timestamp(text)
            if instant is None:
                raise EvaluationError(f"Invalid {form} formatted string {value}: cannot be parsed")
            return Timestamp(instant, offset_seconds(text))
        case "byte":
            try:
                return base64.b64decode(value, validate=True)
            except ValueError:
                raise EvaluationError(f"Invalid byte formatted string {value}: illegal base64 data") from None
        case _:
            return value
