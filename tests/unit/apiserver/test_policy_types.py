"""What is said of policies whose expressions do not fit what they match."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.apiserver.policies.schemas import Types
from kplan.apiserver.policies.typechecking import expression_warnings, kinds_to_check
from kplan.catalog.catalog import Catalog

SHIRT = {
    "metadata": {"name": "shirts.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "shirts", "singular": "shirt", "kind": "Shirt"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}},
            }
        ],
    },
    "status": {"conditions": [{"type": "Established", "status": "True"}]},
}
TYPES = Types(Catalog.at("1.36"), [SHIRT])


def policy(expression: str, *resources: str, params: str = "", message: str = "", variables: dict[str, str] | None = None) -> dict[str, Any]:
    rules = []
    for resource in resources:
        group, version, name = resource.split("/", 2)
        rules.append({"apiGroups": [group], "apiVersions": [version], "resources": [name], "operations": ["CREATE"]})
    validation = {"expression": expression, **({"messageExpression": message} if message else {})}
    spec: dict[str, Any] = {"matchConstraints": {"resourceRules": rules}, "validations": [validation]}
    if params:
        spec["paramKind"] = {"apiVersion": params.split(" ")[0], "kind": params.split(" ")[1]}
    if variables:
        spec["variables"] = [{"name": k, "expression": v} for k, v in variables.items()]
    return {"spec": spec}


DEPLOYMENT, POD = "apps/v1/deployments", "/v1/pods"
FITTING = {
    "fields": policy("object.spec.replicas < 5 && oldObject.metadata.labels['a'] == 'b'", DEPLOYMENT),
    "ports by name or number": policy("object.spec.ports.all(p, p.targetPort == 80 || p.targetPort == 'web')", "/v1/services"),
    "times": policy("object.metadata.creationTimestamp < timestamp('2030-01-01T00:00:00Z')", POD),
    "bytes": policy("object.data.all(k, size(object.data[k]) < 9)", "/v1/secrets"),
    "parameters": policy("object.spec.replicas < int(params.data.most)", DEPLOYMENT, params="v1 ConfigMap"),
    "parameters of a kind nobody knows": policy("params.what.ever == 1", DEPLOYMENT, params="nobody.io/v1 What"),
    "the authorizer": policy("authorizer.group('').resource('pods').check('get').allowed()", POD),
    "wildcards": policy("object.nothing == 1", "apps/*/deployments"),
    "subresources": policy("object.nothing == 1", "/v1/pods/exec"),
    "variables": policy("variables.all.size() < 3", POD, variables={"all": "object.spec.containers.map(c, c.image)"}),
    "variables that do not fit": policy("variables.gone == 1", POD, variables={"gone": "object.gone"}),
    "custom kinds": policy("object.spec.size < 50 && object.metadata.labels['a'] == 'b'", "example.com/v1/shirts"),
}


@pytest.mark.parametrize("name", FITTING)
def test_what_fits_or_cannot_be_known_is_not_warned_of(name: str) -> None:
    assert expression_warnings(FITTING[name], TYPES) == []


UNFITTING = {
    "a field that there is not": (
        policy("object.spec.replica < 5", DEPLOYMENT),
        "apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field 'replica'\n | object.spec.replica < 5\n | ...........^\n",
    ),
    "another type": (
        policy("object.spec.replicas == '5'", DEPLOYMENT),
        "apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_==_' applied to '(int, string)'\n"
        " | object.spec.replicas == '5'\n | .....................^\n",
    ),
    "parameters": (
        policy("params.dta.a == 'b'", DEPLOYMENT, params="v1 ConfigMap"),
        "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'dta'\n | params.dta.a == 'b'\n | ......^\n",
    ),
    "custom kinds": (
        policy("object.spec.colour == 'red'", "example.com/v1/shirts"),
        "example.com/v1, Kind=Shirt: ERROR: <input>:1:12: undefined field 'colour'\n | object.spec.colour == 'red'\n | ...........^\n",
    ),
    "a quantity, of which schemas do not say what it is": (
        policy("object.spec.containers.all(c, has(c.resources.limits))", POD),
        "/v1, Kind=Pod: ERROR: <input>:1:34: undefined field 'limits'\n"
        " | object.spec.containers.all(c, has(c.resources.limits))\n | .................................^\n",
    ),
    "one of two kinds": (
        policy("object.spec.replicas < 5", POD, DEPLOYMENT),
        "/v1, Kind=Pod: ERROR: <input>:1:12: undefined field 'replicas'\n | object.spec.replicas < 5\n | ...........^\n",
    ),
    "two kinds": (
        policy("object.rules == 1", DEPLOYMENT, POD),
        "/v1, Kind=Pod: ERROR: <input>:1:7: undefined field 'rules'\n | object.rules == 1\n | ......^\n\n"
        "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'rules'\n | object.rules == 1\n | ......^\n",
    ),
}


@pytest.mark.parametrize("name", UNFITTING)
def test_what_does_not_fit_is_warned_of(name: str) -> None:
    given, warning = UNFITTING[name]
    assert expression_warnings(given, TYPES) == [{"fieldRef": "spec.validations[0].expression", "warning": warning}]


def test_messages_are_looked_at_too() -> None:
    given = policy("true", POD, message="'of ' + object.spec.wrong")
    assert [w["fieldRef"] for w in expression_warnings(given, TYPES)] == ["spec.validations[0].messageExpression"]


def test_no_more_than_ten_kinds_are_looked_at() -> None:
    core = [k.plural for k in Catalog.at("1.36").kinds() if k.api_version == "v1"]
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "resources": core}]
    assert len(kinds_to_check({"matchConstraints": {"resourceRules": rules}}, TYPES)) == 10
