"""The defaults of a schema must be valid themselves.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/{validation,surroundingobject,prune}.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.apiserver.cel.program import RUNTIME_BUDGET
from kplan.apiserver.customresources.embedded import coerce, validate_embedded
from kplan.apiserver.customresources.openapi import Validator
from kplan.apiserver.customresources.pruning import prune
from kplan.apiserver.customresources.rules import Check, rules_of
from kplan.apiserver.customresources.schemas import EMBEDDED, META_FIELDS, Schema, items_of, properties_of
from kplan.apiserver.field import ROOT, Errors, FieldError, FieldPath, invalid
from kplan.apiserver.strategy import Draft
from kplan.model.objects import thaw

_Steps = tuple[str | int, ...]


def validate_defaults(schema: Schema, path: FieldPath, *, pruned: bool = True) -> list[FieldError]:
    """What is wrong with the defaults of a custom resource's schema; ``pruned`` forbids unknown fields in them."""
    checker = _Defaults(pruned)
    root = {**schema, EMBEDDED: True}
    checker.visit(root, root, path, (), inside_meta=False)
    return checker.errors


def has_unknown_fields(schema: Schema) -> bool:
    """Whether a default has fields that the schema does not know."""
    default = schema.get("default")
    if default is not None:
        value = thaw(default)
        if prune(value, schema, root=bool(schema.get(EMBEDDED))):
            return True
    return any(has_unknown_fields(s) for s in (items_of(schema), *properties_of(schema).values()) if s is not None)


class _Defaults:
    def __init__(self, pruned: bool) -> None:
        self.pruned = pruned
        self.errors: list[FieldError] = []
        self.budget = RUNTIME_BUDGET

    def visit(self, schema: Schema, root: Schema, path: FieldPath, steps: _Steps, *, inside_meta: bool) -> None:
        if schema.get(EMBEDDED):
            inside_meta, root, steps = False, schema, ()
        if schema.get("default") is not None:
            self.errors.extend(self.check(schema, root, path.child("default"), steps, inside_meta=inside_meta))
        if self.budget < 0:
            return
        if (items := items_of(schema)) is not None:
            self.visit(items, root, path.child("items"), (*steps, 0), inside_meta=inside_meta)
        for name, inner in sorted(properties_of(schema).items()):
            if self.budget < 0:
                return
            inside = inside_meta or (bool(schema.get(EMBEDDED)) and name in META_FIELDS)
            self.visit(inner, root, path.child("properties").key(name), (*steps, name), inside_meta=inside)

    def check(self, schema: Schema, root: Schema, path: FieldPath, steps: _Steps, *, inside_meta: bool) -> Errors:
        """One default."""
        default = thaw(schema["default"])
        if inside_meta:
            said = _metadata_problem(_surrounded(default, steps), root)
            if said:
                yield invalid(path, default, f"must result in valid metadata: {said}")
                return
        else:
            embedded = bool(schema.get(EMBEDDED))
            if self.pruned and prune(thaw(default), schema, root=embedded):
                yield invalid(path, default, "must not have unknown fields")
            if error := coerce(default, schema, path, [], root=embedded):
                yield error
                return
            if errors := list(validate_embedded(default, schema, path, root=embedded)):
                yield from errors
                return
        if errors := Validator(schema, lenient=False).errors(default, path):
            yield from errors
            return
        yield from self.apply_rules(schema, schema is root, default, path)

    def apply_rules(self, schema: Schema, root: bool, default: Any, path: FieldPath) -> Errors:
        """The rules, first with the default as the old value, then without one."""
        rules = rules_of(schema, root=root)
        if rules is None:
            return
        left = []
        for old in (default, None):
            check = Check(self.budget)
            check.run(rules, default, old, path)
            left.append(check.budget)
            yield from check.errors
            if check.errors:
                break
        self.budget = min(left)


def _surrounded(value: Any, steps: _Steps) -> Draft:
    """The object that has nothing but the value, at its place."""
    for step in reversed(steps):
        value = [value] if isinstance(step, int) else {step: value}
    whole: Draft = value
    whole.setdefault("kind", "Validation")
    whole.setdefault("apiVersion", "validation/v1")
    return whole


def _metadata_problem(whole: Draft, root: Schema) -> str:
    if error := coerce(whole, root, ROOT, [], root=True):
        return str(error)
    said = [str(e) for e in validate_embedded(whole, root, ROOT, root=True)]
    return said[0] if len(said) == 1 else "[" + ", ".join(said) + "]" if said else ""
