"""The expressions that select devices.

Mirrors: staging/src/k8s.io/dynamic-resource-allocation/cel/compile.go (1.36)
"""

from __future__ import annotations

from functools import cache, lru_cache

from kplan.apiserver.cel.checker import Environment
from kplan.apiserver.cel.declarations import functions
from kplan.apiserver.cel.estimates import MOST, estimate_cost
from kplan.apiserver.cel.program import CompilationError, Program, compile_expression
from kplan.apiserver.cel.types import ANY, BOOL, QUANTITY, STRING, Declared, TypeProvider, map_of, object_types, struct

_MAX_DOMAIN, _MAX_ID, _MAX_DRIVER, _MAX_VALUE, _MAX_ENTRIES = 63, 32, 63, 64, 32


@cache
def device_type() -> Declared:
    """The type of the variable ``device``."""
    name, domain = Declared(STRING, _MAX_ID), Declared(STRING, _MAX_DOMAIN)
    attribute = Declared(ANY, _MAX_VALUE)
    quantity = Declared(QUANTITY)
    inner = Declared(map_of(STRING, ANY), _MAX_ENTRIES, keys=name, values=attribute)
    capacity = Declared(map_of(STRING, QUANTITY), _MAX_ENTRIES, keys=name, values=quantity)
    return Declared(
        struct("kubernetes.DRADevice"),
        fields={
            "allowMultipleAllocations": Declared(BOOL, 1),
            "driver": Declared(STRING, _MAX_DRIVER),
            "attributes": Declared(map_of(STRING, inner.type), _MAX_ENTRIES, keys=domain, values=inner),
            "capacity": Declared(map_of(STRING, capacity.type), _MAX_ENTRIES, keys=domain, values=capacity),
        },
    )


@cache
def environment() -> Environment:
    """What a selector may mention."""
    declared = device_type()
    return Environment({"device": declared.type}, TypeProvider(object_types(declared)), functions(), bindings=True)


@lru_cache(maxsize=1024)
def compile_selector(expression: str) -> Program | CompilationError:
    """A compiled selector; it must be boolean, or of an unknown type."""
    program = compile_expression(expression, environment())
    if isinstance(program, CompilationError):
        return CompilationError(f"compilation failed: {program.text}")
    if program.output not in (BOOL, ANY):
        return CompilationError(f"must evaluate to bool or the unknown type, not {program.output}")
    if program.refusal:
        return CompilationError(f"program instantiation failed: {program.refusal}")
    return program


def check_selector(expression: str) -> tuple[str, int]:
    """What is wrong with a selector ("" for nothing), and what it may cost."""
    program = compile_selector(expression)
    if isinstance(program, CompilationError):
        return program.text, MOST
    return "", estimate_cost(program.checked, device_type(), "device").high
