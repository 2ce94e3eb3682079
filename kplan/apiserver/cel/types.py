"""CEL types and how they are written in messages.

Mirrors: github.com/google/cel-go/common/types/types.go, checker/format.go (0.26)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

SIMPLE = ("bool", "int", "uint", "double", "string", "bytes", "dyn", "any", "null_type", "timestamp", "duration")
_SHOWN = {"null_type": "null", "!error!": "!error!"}


@dataclass(frozen=True, slots=True)
class Type:
    """A type: ``kind`` is its own name for simple types, else list, map, type, param, opaque, struct or function."""

    kind: str
    name: str = ""
    params: tuple[Type, ...] = ()

    def __str__(self) -> str:
        match self.kind:
            case "list" | "map":
                return f"{self.kind}({', '.join(map(str, self.params))})"
            case "type":
                return f"type({self.params[0]})" if self.params else "type"
            case "param" | "struct":
                return self.name
            case "opaque":
                return f"{self.name}({', '.join(map(str, self.params))})" if self.params else self.name
            case _:
                return _SHOWN.get(self.kind, self.kind)

    @property
    def type_name(self) -> str:
        """The name as ``type()`` and runtime errors have it."""
        match self.kind:
            case "timestamp" | "duration":
                return f"google.protobuf.{self.kind.capitalize()}"
            case "opaque" | "struct" | "param":
                return self.name
            case _:
                return self.kind


DYN, ANY, ERROR, BOOL, INT, UINT, DOUBLE = (Type(k) for k in ("dyn", "any", "!error!", "bool", "int", "uint", "double"))
STRING, BYTES, NULL, TIMESTAMP, DURATION = (Type(k) for k in ("string", "bytes", "null_type", "timestamp", "duration"))
QUANTITY = Type("struct", "kubernetes.Quantity")


def list_of(item: Type) -> Type:
    """``list(item)``."""
    return Type("list", "list", (item,))


def map_of(key: Type, value: Type) -> Type:
    """``map(key, value)``."""
    return Type("map", "map", (key, value))


def optional_of(inner: Type) -> Type:
    """``optional_type(inner)``."""
    return Type("opaque", "optional_type", (inner,))


def type_of(inner: Type) -> Type:
    """The type of a type."""
    return Type("type", "type", (inner,))


def struct(name: str) -> Type:
    """An object type of that name."""
    return Type("struct", name)


def is_dyn(t: Type) -> bool:
    """Whether nothing is known of a type."""
    return t.kind in ("dyn", "any")


def is_dyn_or_error(t: Type) -> bool:
    """Whether a type raises no further complaints."""
    return t.kind in ("dyn", "any", "!error!")


def unwrap_optional(t: Type) -> tuple[Type, bool]:
    """The type inside ``optional_type``, and whether it was one."""
    if t.kind == "opaque" and t.name == "optional_type":
        return t.params[0], True
    return t, False


@dataclass(frozen=True, slots=True)
class Declared:
    """A type as a schema declares it: with the fields of objects and the largest sizes, for checking and for cost.

    Mirrors: staging/src/k8s.io/apiserver/pkg/cel/types.go (DeclType)
    """

    type: Type
    max_elements: int = 0
    """The most items, entries or characters; 0 for values of a fixed size."""
    fields: Mapping[str, Declared] = field(default_factory=dict)
    """Of objects: by escaped name."""
    items: Declared | None = None
    values: Declared | None = None
    keys: Declared | None = None
    required: bool = False
    min_serialized_size: int = 0


_PATCH_FIELDS = {"op": STRING, "path": STRING, "from": STRING, "value": DYN}


@dataclass(frozen=True, slots=True)
class TypeProvider:
    """The object types of an environment, by name.

    ``patches`` adds the types of mutating policies: ``Object`` with any fields, ``Object.spec`` and so on, and ``JSONPatch``.
    """

    types: Mapping[str, Mapping[str, Type]] = field(default_factory=dict)
    patches: bool = False

    def has(self, name: str) -> bool:
        """Whether there is an object type of that name."""
        return name in self.types or (self.patches and (name == "JSONPatch" or _is_patch_object(name)))

    def field_type(self, name: str, field_name: str) -> Type | None:
        """The type of a field of an object type."""
        if self.patches and name == "JSONPatch":
            return _PATCH_FIELDS.get(field_name)
        if self.patches and _is_patch_object(name):
            return DYN
        fields = self.types.get(name, {})
        # Keywords may also be written as they are.
        return fields.get(field_name) or fields.get(f"__{field_name}__")


def _is_patch_object(name: str) -> bool:
    return name == "Object" or name.startswith("Object.")


def object_types(declared: Declared) -> dict[str, Mapping[str, Type]]:
    """Every object type found in a declared type, by name, with its fields."""
    found: dict[str, Mapping[str, Type]] = {}
    _collect(declared, found)
    return found


def _collect(declared: Declared, found: dict[str, Mapping[str, Type]]) -> None:
    if declared.type.kind == "struct" and declared.fields:
        found[declared.type.name] = {name: f.type for name, f in declared.fields.items()}
    elif declared.type.kind == "struct" and declared.type != QUANTITY:
        found.setdefault(declared.type.name, {})
    for inner in (*declared.fields.values(), declared.items, declared.values):
        if inner is not None:
            _collect(inner, found)


@cache
def read_type(text: str) -> Type:
    """A type from its text: ``map(string, list(A))``; single capitals are type parameters, dotted names objects."""
    name, _, rest = text.partition("(")
    params = tuple(read_type(p) for p in split_types(rest.rstrip()[:-1])) if rest else ()
    if name in SIMPLE:
        return Type(name)
    if name in ("list", "map", "type"):
        return Type(name, name, params)
    if len(name) == 1 and name.isupper():
        return Type("param", name)
    if name in ("optional_type", "net.IP", "net.CIDR"):
        return Type("opaque", name, params)
    return Type("struct", name)


def split_types(text: str) -> list[str]:
    """The types of an argument list."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    last = text[start:].strip()
    return [*parts, last] if last else parts
