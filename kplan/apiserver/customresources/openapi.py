"""Values against a schema, with the texts of the server's OpenAPI validator.

Mirrors: k8s.io/kube-openapi/pkg/validation/{validate,errors},
         staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/validation/{validation,ratcheting}.go (1.36)
Differs: fields are looked at in alphabetical order, where the server's order is random.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kplan.apiserver.customresources.correlation import Correlated
from kplan.apiserver.customresources.numbers import is_whole, number_problems
from kplan.apiserver.customresources.schemas import INT_OR_STRING, Schema, items_of, properties_of, type_of, values_of
from kplan.apiserver.field import (
    FieldError,
    FieldPath,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
    type_invalid,
)
from kplan.apiserver.formats import is_format, is_known
from kplan.apiserver.goregexp import RegexpError, compile_regexp
from kplan.model.gotext import go_json, go_quote

_NUMBER_FORMATS = {"integer": ("int32", "int64"), "number": ("float", "double")}


class Result:
    """The errors of a validation, each once, and how many checks a value passed."""

    __slots__ = ("errors", "matches")

    def __init__(self) -> None:
        self.errors: dict[str, FieldError] = {}
        self.matches = 0

    def add(self, text: str, error: FieldError) -> None:
        """Note an error; ``text`` is what the validator itself says."""
        self.errors.setdefault(text, error)

    def merge(self, other: Result) -> None:
        """Take in another result."""
        for text, error in other.errors.items():
            self.errors.setdefault(text, error)
        self.matches += other.matches


class _At:
    """A place in the value: its path in the object, its name as the validator has it, and the path it all began at."""

    __slots__ = ("name", "path", "root")

    def __init__(self, path: FieldPath, name: str, root: FieldPath) -> None:
        self.path, self.name, self.root = path, name, root

    def field(self, key: str, *, declared: bool) -> _At:
        name = key if declared and not self.name else f"{self.name}.{key}"
        return _At(self.path.child(key), name, self.root)

    def item(self, i: int) -> _At:
        return _At(self.path.index(i), f"{self.name}[{i}]", self.root)


class Validator:
    """A schema, ready to be applied to values.

    ``lenient`` makes one as the server applies it to custom resources: formats it does not know are ignored, and
    int-or-string says the type.  Default values are checked without that.
    """

    __slots__ = (
        "_additional",
        "_all_of",
        "_any_of",
        "_closed",
        "_items",
        "_not",
        "_one_of",
        "_properties",
        "_required",
        "format",
        "nullable",
        "schema",
        "types",
    )

    def __init__(self, schema: Schema, *, lenient: bool = True) -> None:
        self.schema = schema
        of_type = type_of(schema)
        self.types: tuple[str, ...] = (of_type,) if of_type else ()
        if lenient and schema.get(INT_OR_STRING):
            self.types = ("integer", "string")
        self.format = schema.get("format") or ""
        if lenient and not recognized_format(self.format, self.types[0] if len(self.types) == 1 else ""):
            self.format = ""
        self.nullable = bool(schema.get("nullable"))
        self._all_of, self._any_of, self._one_of = (
            tuple(Validator(s, lenient=lenient) for s in schema.get(key) or ()) for key in ("allOf", "anyOf", "oneOf")
        )
        inner = schema.get("not")
        self._not = None if inner is None else Validator(inner, lenient=lenient)
        items, values = items_of(schema), values_of(schema)
        self._items = None if items is None else Validator(items, lenient=lenient)
        self._additional = None if values is None else Validator(values, lenient=lenient)
        self._closed = schema.get("additionalProperties") is False
        self._properties = {k: Validator(s, lenient=lenient) for k, s in sorted(properties_of(schema).items())}
        self._required: Sequence[str] = schema.get("required") or ()

    def errors(self, value: Any, path: FieldPath, correlated: Correlated | None = None) -> list[FieldError]:
        """What is wrong with a value; what was wrong before an update and is unchanged is let through."""
        checked = self._ratcheted(value, _At(path, "", path), correlated, correlated is not None)
        return list(checked.errors.values())

    def _ratcheted(self, value: Any, at: _At, correlated: Correlated | None, ratchets: bool) -> Result:
        result = self._check(value, at, correlated)
        if ratchets and result.errors and correlated is not None and correlated.equal():
            result.errors.clear()
        return result

    def _check(self, value: Any, at: _At, correlated: Correlated | None) -> Result:
        result = Result()
        if value is None:
            self._check_type(value, at, result)
            self._check_enum(value, at, result)
            return result
        if self.types or self.format:
            self._check_type(value, at, result)
            result.matches += 1
        if self._all_of or self._any_of or self._one_of or self._not is not None:
            result.merge(self._combined(value, at, correlated))
        result.matches += 2
        if isinstance(value, str):
            self._check_text(value, at, result)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            self._check_number(value, at, result)
        elif isinstance(value, list):
            self._check_items(value, at, result, correlated)
        self._check_enum(value, at, result)
        result.matches += 2
        if isinstance(value, Mapping):
            self._check_fields(value, at, result, correlated)
            result.matches += 1
        return result

    def _check_type(self, value: Any, at: _At, result: Result) -> None:
        expected = ",".join(self.types)
        if value is None:
            if self.types and not self.nullable and "null" not in self.types:
                _wrong_type(result, at, expected, "null")
            else:
                result.matches += 1
            return
        given, width = _type_of_value(value)
        fits = given in self.types
        fits = fits or (given == "number" and "integer" in self.types and is_whole(value))
        fits = fits or (given == "integer" and "number" in self.types)
        texty = isinstance(value, (str, list))
        if self.format and not texty and not fits and width != self.format:
            _wrong_type(result, at, self.format, width)
        elif self.format and texty and not {"number", "integer"} & set(self.types):
            result.matches += 1
        elif not fits:
            _wrong_type(result, at, expected, given)
        else:
            result.matches += 1

    def _check_enum(self, value: Any, at: _At, result: Result) -> None:
        allowed = self.schema.get("enum")
        if not allowed or any(_equals_option(value, option) for option in allowed):
            return
        listed = [v if isinstance(v, str) else go_json(v) for v in allowed]
        result.add(f"{at.name} in body should be one of {listed}", not_supported(at.path, value, listed))

    def _check_text(self, value: str, at: _At, result: Result) -> None:
        schema = self.schema
        most, least, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
        if most is not None and len(value) > most:
            result.add(f"{at.name} in body should be at most {most} chars long", too_long(at.path, "", most))
        elif least is not None and len(value) < least:
            _say(result, at, value, f"should be at least {least} chars long")
        elif pattern and (said := _pattern_problem(pattern, value)):
            _say(result, at, value, said)
        if self.format and is_known(self.format):
            if not is_format(self.format, value):
                _wrong_type(result, at, self.format, value)
            result.matches += 1
        result.matches += 1

    def _check_number(self, value: int | float, at: _At, result: Result) -> None:
        of_type = self.types[0] if len(self.types) == 1 and self.types[0] in _NUMBER_FORMATS else ""
        form = self.format if self.format in _NUMBER_FORMATS.get(of_type, ()) else ""
        for wrong, said in number_problems(value, self.schema, of_type, form, at.name):
            result.add(said, invalid(at.root, "", said) if wrong is None else invalid(at.path, wrong, said))
        result.matches += 2

    def _check_items(self, value: list[Any], at: _At, result: Result, correlated: Correlated | None) -> None:
        if self._items is not None:
            for i, item in enumerate(value):
                inner = None if correlated is None else correlated.index(i)
                result.merge(self._items._ratcheted(item, at.item(i), inner or correlated, inner is not None))
        least, most = self.schema.get("minItems"), self.schema.get("maxItems")
        if least is not None and len(value) < least:
            _say(result, at, len(value), f"should have at least {least} items")
        if most is not None and len(value) > most:
            result.add(f"{at.name} in body should have at most {most} items", too_many(at.path, len(value), most))
        result.matches += 2

    def _check_fields(
        self, value: Mapping[str, Any], at: _At, result: Result, correlated: Correlated | None, 
    ) -> None:
        least, most = self.schema.get("minProperties"), self.schema.get("maxProperties")
        if least is not None and len(value) < least:
            _say(result, at, len(value), f"should have at least {least} properties")
        if most is not None and len(value) > most:
            result.add(f"{at.name} in body should have at most {most} properties", too_many(at.path, len(value), most))
        if self._closed:
            for key in sorted(value.keys() - self._properties.keys()):
                said = f"{at.name}.{key} in body is a forbidden property"
                result.add(said, invalid(at.path, key, said))
        elif self._additional is not None:
            for key in sorted(value.keys() - self._properties.keys()):
                self._check_field(self._additional, key, value[key], at.field(key, declared=False), result, correlated)
        for key, inner in self._properties.items():
            if key in value:
                self._check_field(inner, key, value[key], at.field(key, declared=True), result, correlated)
        for key in self._required:
            if key not in value:
                result.add(f"{at.name}.{key} in body is required", required(at.path.child(key)))

    def _check_field(
        self, schema: Validator, key: str, value: Any, at: _At, result: Result, correlated: Correlated | None, 
    ) -> None:
        inner = None
        if correlated is not None and not (at.name == key and key in ("kind", "apiVersion")):
            inner = correlated.key(key)
        result.merge(schema._ratcheted(value, at, inner or correlated, inner is not None))

    def _combined(self, value: Any, at: _At, correlated: Correlated | None) -> Result:
        result = Result()

        def say(words: str) -> None:
            said = f"{go_quote(at.name)} must {words}"
            result.add(said, invalid(at.root, "", said))

        if self._any_of:
            best = _best(s._check(value, at, correlated) for s in self._any_of)
            if best.errors:
                say("validate at least one schema (anyOf)")
            result.merge(best)
        if self._one_of:
            each = [s._check(value, at, correlated) for s in self._one_of]
            valid = [r for r in each if not r.errors]
            if len(valid) == 1:
                result.merge(valid[0])
            else:
                found = f"Found {len(valid)} valid alternatives" if valid else "Found none valid"
                say(f"validate one and only one schema (oneOf). {found}")
                if not valid:
                    result.merge(_best(each))
        if self._all_of:
            each = [s._check(value, at, correlated) for s in self._all_of]
            for one in each:
                result.merge(one)
            wrong = sum(bool(r.errors) for r in each)
            if wrong:
                say("validate all the schemas (allOf)" + (". None validated" if wrong == len(each) else ""))
        if self._not is not None and not self._not._check(value, at, correlated).errors:
            say("not validate the schema (not)")
        return result


def _best(results: Iterable[Result]) -> Result:
    """The first that has no errors, else the one that came furthest."""
    best: Result | None = None
    for result in results:
        if not result.errors:
            return result
        if best is None or result.matches > best.matches:
            best = result
    assert best is not None
    return best


def _say(result: Result, at: _At, value: Any, said: str) -> None:
    text = f"{at.name} in body {said}"
    result.add(text, invalid(at.path, value, text))


def _wrong_type(result: Result, at: _At, expected: str, given: str) -> None:
    text = f"{at.name} in body must be of type {expected}: {go_quote(given)}"
    result.add(text, type_invalid(at.path, given, text))


def _type_of_value(value: Any) -> tuple[str, str]:
    """The type of a JSON value, and the format its Go type has."""
    match value:
        case bool():
            return "boolean", ""
        case str():
            return "string", ""
        case int():
            return "integer", "int64"
        case float():
            return "number", "float64"
        case Mapping():
            return "object", ""
        case _:
            return "array", ""


def _equals_option(value: Any, option: Any) -> bool:
    """Whether a value, converted to the Go type of an option of an enum, is that option."""
    if value is None or option is None or isinstance(value, bool) or isinstance(option, bool):
        return isinstance(value, bool) and value is option
    if isinstance(option, int) and isinstance(value, (int, float)):
        return int(value) == option
    if isinstance(option, float) and isinstance(value, (int, float)):
        return float(value) == option
    if isinstance(option, str) and isinstance(value, int):
        return (chr(value) if 0 <= value < 0x110000 else "\ufffd") == option
    return type(value) is type(option) and bool(value == option)


def _pattern_problem(pattern: str, value: str) -> str:
    try:
        matched = compile_regexp(pattern).search(value) is not None
    except RegexpError as refused:
        return f"should match '{pattern}, but pattern is invalid: {refused}'"
    return "" if matched else f"should match '{pattern}'"


def recognized_format(name: str, of_type: str) -> bool:
    """Whether a format means something for a type."""
    if not name:
        return True
    if of_type in ("", "string"):
        return is_known(name)
    return name in _NUMBER_FORMATS.get(of_type, ())
