"""The schema layer: what it finds, where, and in which words; and that it agrees with ``jsonschema``."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kplan.catalog.catalog import Catalog
from kplan.catalog.definitions import Schema
from kplan.model.objects import Path, replace_in
from kplan.validate.schema import checker, violations
from tests.reference.jsonschemas import format_checker, to_jsonschema

CATALOG = Catalog.at("1.36")

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"app": "web"}, "creationTimestamp": None},
    "spec": {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "web"}},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "nginx",
                        "args": ["-x", None],
                        "resources": {"limits": {"cpu": 1, "memory": "64Mi"}, "requests": {"cpu": 0.5}},
                    }
                ]
            },
        },
    },
}
CONTAINER = ("spec", "template", "spec", "containers", 0)


def found(obj: Any) -> list[tuple[Path, str]]:
    return [(v.path, v.message) for v in violations(obj, CATALOG)]


def test_a_right_object_has_nothing_wrong() -> None:
    assert found(DEPLOYMENT) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("spec", "replicas"), "3", 'got string "3", want integer'),
        (("spec", "replicas"), True, "got boolean true, want integer"),
        (("spec", "replicas"), 1.5, "got number 1.5, want integer"),
        (("spec", "replicas"), 2**31, "2147483648 is not between -2147483648 and 2147483647"),
        (("spec", "paused"), "yes", 'got string "yes", want boolean'),
        (("spec", "selector"), [], "got array, want object"),
        (("spec", "selector"), None, "got null, want object"),
        (("spec", "strategy", "type"), "Rolling", '"Rolling" is not one of "Recreate", "RollingUpdate"'),
        (("spec", "strategy", "rollingUpdate", "maxSurge"), [1], "got array, want integer or string"),
        (("spec", "strategy", "rollingUpdate", "maxSurge"), 2**40, f"{2**40} is not between -2147483648 and 2147483647"),
        (("metadata", "labels", "app"), 8080, "got integer 8080, want string"),
        (("metadata", "creationTimestamp"), "yesterday", 'string "yesterday" is not an instant such as 2006-01-02T15:04:05Z'),
        ((*CONTAINER, "args"), "-x", 'got string "-x", want array'),
        ((*CONTAINER, "args", 0), 80, "got integer 80, want string"),
        ((*CONTAINER, "resources", "limits", "memory"), "1 GB", 'string "1 GB" is not a quantity such as 500m, 1.5 or 2Gi'),
        ((*CONTAINER, "resources", "limits", "memory"), True, "got boolean true, want string or number"),
        (CONTAINER, None, "got null, want object"),
        (("spec", "replica"), 1, 'unknown field "replica"'),
        ((*CONTAINER, "imagePullSecrets"), [], 'unknown field "imagePullSecrets"'),
    ],
)
def test_what_is_wrong_and_where(path: Path, value: Any, message: str) -> None:
    assert found(replace_in(DEPLOYMENT, path, value)) == [(path, message)]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "replicas"), None),
        (("spec", "replicas"), 3.0),
        (("spec", "strategy", "rollingUpdate", "maxSurge"), 1),
        (("spec", "strategy", "type"), ""),
        (("metadata", "creationTimestamp"), "2026-11-21T00:29:45.123+01:00"),
        (("metadata", "managedFields"), [{"fieldsV1": {"f:spec": {}}}]),
        ((*CONTAINER, "resources", "limits", "memory"), " 1e3 "),
        ((*CONTAINER, "env"), [{"name": "A", "value": None}]),
    ],
)
def test_what_the_server_takes(path: Path, value: Any) -> None:
    assert found(replace_in(DEPLOYMENT, path, value)) == []


def test_a_missing_required_field_is_said_of_its_object() -> None:
    obj = {**DEPLOYMENT, "spec": {"template": {"spec": {"containers": [{"image": "nginx"}]}}}}
    assert found(obj) == [(CONTAINER, 'missing required field "name"'), (("spec",), 'missing required field "selector"')]


def test_a_misspelt_field_gets_a_hint() -> None:
    (violation,) = violations(replace_in(DEPLOYMENT, ("spec", "replica"), 1), CATALOG)
    assert (violation.rule, violation.hint) == ("unknown", 'did you mean "replicas"?')


def test_base64_of_a_secret() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "data": {"a": "aGVsbG8=", "b": "not base64"}}
    assert found(secret) == [(("data", "b"), 'string "not base64" is not base64')]


def test_a_kind_nobody_serves() -> None:
    with pytest.raises(KeyError, match="extensions/v1beta1/Ingress"):
        violations({"apiVersion": "extensions/v1beta1", "kind": "Ingress"}, CATALOG)


# The property: the compiled closures and the JSON Schema find the same.

KINDS = [
    ("apps/v1", "Deployment"),
    ("v1", "Pod"),
    ("v1", "Service"),
    ("v1", "Secret"),
    ("v1", "Event"),
    ("batch/v1", "CronJob"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("resource.k8s.io/v1", "ResourceClaim"),
]

JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 7.0, 1.5, 2**31, 2**70, 1e300, "", "x", "100m", "1GB", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00.000001Z"]
) | st.sampled_from([[], {}, [None], {"x": None}, [[]], {"x": {}}])

GOOD: dict[str, st.SearchStrategy[Any]] = {
    "string": st.sampled_from(["", "x", "aGk="]),
    "boolean": st.booleans(),
    "integer": st.integers(-(2**33), 2**33),
    "number": st.floats(-10, 10),
    "int-or-string": st.sampled_from([1, "25%", -5]),
    "quantity": st.sampled_from(["1", "100m", "2Gi", 3, 0.5, "1e6", " 1 "]),
    "time": st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001+02:00"]),
    "object": st.sampled_from([{}, {"a": 1}]),
    "array": st.just([]),
    "any": st.sampled_from([1, None, {"a": [1]}]),
}


@st.composite
def value_of(draw: st.DrawFn, schema: Schema, depth: int) -> Any:
    if draw(st.integers(0, 11)) == 0:
        return draw(JUNK)
    if schema.ref:
        return draw(object_of(schema.ref, depth - 1))
    if schema.items:
        return [draw(value_of(schema.items, depth - 1)) for _ in range(draw(st.integers(0, 2)) if depth > 0 else 0)]
    if schema.values:
        return {k: draw(value_of(schema.values, depth - 1)) for k in ("a", "b")[: draw(st.integers(0, 2)) if depth > 0 else 0]}
    wanted = GOOD[schema.type]
    if draw(st.booleans()) and schema.enum:
        wanted = st.sampled_from(schema.enum)
    return draw(wanted)


@st.composite
def object_of(draw: st.DrawFn, name: str, depth: int) -> Any:
    definition = CATALOG.definition(name)
    chosen = draw(st.lists(st.sampled_from(sorted(definition.fields)), max_size=4, unique=True)) if definition.fields and depth > 0 else []
    chosen += [field for field in definition.required if depth > 0 and field not in chosen and draw(st.integers(0, 9))]
    out = {field: draw(value_of(definition.fields[field], depth)) for field in chosen}
    return out | ({"nonsense": 1} if draw(st.integers(0, 15)) == 0 else {})


VALIDATORS = {
    definition: jsonschema.Draft202012Validator(to_jsonschema(definition, CATALOG), format_checker=format_checker())
    for definition in (info.definition for info in (CATALOG.kind(*kind) for kind in KINDS) if info)
}
RULES = {"additionalProperties": "unknown", "minimum": "range", "maximum": "range"}


def by_json_schema(definition: str, obj: Any) -> set[tuple[Path, str]]:
    errors = {(tuple(e.absolute_path), RULES.get(str(e.validator), str(e.validator))) for e in VALIDATORS[definition].iter_errors(obj)}
    wrong_type = {path for path, rule in errors if rule == "type"}
    return {(path, rule) for path, rule in errors if rule == "type" or path not in wrong_type}


def by_closures(definition: str, obj: Any) -> set[tuple[Path, str]]:
    return {(v.path[:-1] if v.rule == "unknown" else v.path, v.rule) for v in checker(CATALOG).check(obj, definition)}


@pytest.mark.parametrize("definition", list(VALIDATORS))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_both_forms_find_the_same(definition: str, data: st.DataObject) -> None:
    obj = data.draw(object_of(definition, 6))
    assert by_closures(definition, obj) == by_json_schema(definition, obj)
