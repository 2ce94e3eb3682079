"""The expressions of admission policies and webhooks: what they may mention, and what they must evaluate to.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/cel/{compile,composition}.go,
         staging/src/k8s.io/apiserver/pkg/cel/mutation (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

from kplan.apiserver.cel.checker import Environment
from kplan.apiserver.cel.declarations import JSON_PATCH, functions
from kplan.apiserver.cel.program import CompilationError, Program, compile_expression
from kplan.apiserver.cel.types import (
    BOOL,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    Type,
    TypeProvider,
    list_of,
    map_of,
    struct,
)

CONDITION = (BOOL,)
MESSAGE = (STRING,)
AUDIT_ANNOTATION = (STRING, NULL)
APPLY_CONFIGURATION = (struct("Object"),)
JSON_PATCHES = (list_of(struct("JSONPatch")),)
VARIABLES = "kubernetes.variables"

_STRINGS = list_of(STRING)
_KIND = struct("kubernetes.GroupVersionKind")
_RESOURCE = struct("kubernetes.GroupVersionResource")
_CONVERTED = ("any", "bool", "bytes", "double", "duration", "int", "null_type", "string", "timestamp", "uint")

_TYPES: dict[str, dict[str, Type]] = {
    "kubernetes.GroupVersionKind": dict.fromkeys(("group", "version", "kind"), STRING),
    "kubernetes.GroupVersionResource": dict.fromkeys(("group", "version", "resource"), STRING),
    "kubernetes.UserInfo": {
        "username": STRING,
        "uid": STRING,
        "groups": _STRINGS,
        "extra": map_of(STRING, _STRINGS),
    },
    "kubernetes.AdmissionRequest": {
        "kind": _KIND,
        "resource": _RESOURCE,
        "subResource": STRING,
        "requestKind": _KIND,
        "requestResource": _RESOURCE,
        "requestSubResource": STRING,
        "name": STRING,
        "namespace": STRING,
        "operation": STRING,
        "userInfo": struct("kubernetes.UserInfo"),
        "dryRun": Type("bool"),
        "options": DYN,
    },
    "kubernetes.NamespaceSpec": {"finalizers": _STRINGS},
    "kubernetes.NamespaceCondition": {
        **dict.fromkeys(("status", "type", "message", "reason"), STRING),
        "lastTransitionTime": TIMESTAMP,
    },
    "kubernetes.NamespaceStatus": {"conditions": list_of(struct("kubernetes.NamespaceCondition")), "phase": STRING},
    "kubernetes.NamespaceMetadata": {
        **dict.fromkeys(("name", "generateName", "namespace", "UID", "resourceVersion"), STRING),
        **dict.fromkeys(("labels", "annotations"), map_of(STRING, STRING)),
        **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), TIMESTAMP),
        **dict.fromkeys(("deletionGracePeriodSeconds", "generation"), INT),
        "finalizers": _STRINGS,
    },
    "kubernetes.Namespace": {
        "metadata": struct("kubernetes.NamespaceMetadata"),
        "spec": struct("kubernetes.NamespaceSpec"),
        "status": struct("kubernetes.NamespaceStatus"),
    },
}


@cache
def environment(params: bool, authorizer: bool, patches: bool) -> Environment:
    """What an expression of a policy may mention."""
    variables: dict[str, Type] = {
        "object": DYN,
        "oldObject": DYN,
        "namespaceObject": struct("kubernetes.Namespace"),
        "request": struct("kubernetes.AdmissionRequest"),
    }
    if params:
        variables["params"] = DYN
    if authorizer:
        variables["authorizer"] = struct("kubernetes.authorization.Authorizer")
        variables["authorizer.requestResource"] = struct("kubernetes.authorization.ResourceCheck")
    return Environment(variables, TypeProvider(_TYPES, patches), functions(JSON_PATCH) if patches else functions())


class PolicyCompiler:
    """Compiles the expressions of one policy; with ``composed``, variables that were compiled are known to later ones."""

    def __init__(self, *, composed: bool) -> None:
        self.composed = composed
        self.variables: dict[str, Type] = {}
        self.programs: dict[str, Program | CompilationError] = {}

    def compile(
        self,
        expression: str,
        returns: tuple[Type, ...],
        *,
        params: bool = False,
        authorizer: bool = True,
        patches: bool = False,
    ) -> Program | CompilationError:
        """A program whose value has one of the types, or what is wrong."""
        known = tuple(self.variables.items()) if self.composed else None
        return _compile(expression, returns, params, authorizer, patches, known)

    def compile_variable(self, name: str, expression: str, *, params: bool, patches: bool = False) -> Program | CompilationError:
        """A variable, which later expressions then know."""
        program = self.compile(expression, (), params=params, patches=patches)
        self.variables[name] = DYN if isinstance(program, CompilationError) else declared_variable(program.output)
        self.programs[name] = program
        return program


def declared_variable(t: Type) -> Type:
    """The type that a variable is known by: of objects nothing is known any more."""
    if t.kind in _CONVERTED:
        return t
    if t.kind in ("list", "map"):
        return Type(t.kind, t.name, tuple(map(declared_variable, t.params)))
    return DYN


@lru_cache(maxsize=4096)
def _compile(
    expression: str,
    returns: tuple[Type, ...],
    params: bool,
    authorizer: bool,
    patches: bool,
    variables: tuple[tuple[str, Type], ...] | None,
) -> Program | CompilationError:
    program = compile_expression(expression, with_variables(environment(params, authorizer, patches), variables))
    if isinstance(program, CompilationError):
        return CompilationError(f"compilation failed: {program.text}")
    if returns and program.output not in returns:
        if len(returns) == 1:
            return CompilationError(f"must evaluate to {returns[0]} but got {program.output}")
        listed = " ".join("null_type" if t == NULL else str(t) for t in returns)
        return CompilationError(f"must evaluate to one of [{listed}] but got {program.output}")
    if program.refusal:
        return CompilationError(f"program instantiation failed: {program.refusal}")
    return program


def with_variables(base: Environment, variables: tuple[tuple[str, Type], ...] | None) -> Environment:
    """An environment that knows variables, too, unless there cannot be any."""
    if variables is None:
        return base
    types: Mapping[str, Mapping[str, Type]] = {**base.provider.types, VARIABLES: dict(variables)}
    provider = TypeProvider(types, base.provider.patches)
    return Environment({**base.variables, "variables": struct(VARIABLES)}, provider, base.functions)
