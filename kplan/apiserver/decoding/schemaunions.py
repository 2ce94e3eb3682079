"""The unions in the schemas of CustomResourceDefinitions: a schema, or something else instead.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/marshal.go (1.36)
"""

from __future__ import annotations

import re
from typing import Any

from kplan.apiserver.decoding.structs import Decoder, Field, Read, Stop, Struct
from kplan.apiserver.decoding.values import list_of, scalar
from kplan.catalog.definitions import Schema

CRD = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."
SCHEMA_UNIONS = ("v1.JSONSchemaPropsOrBool", "v1.JSONSchemaPropsOrArray", "v1.JSONSchemaPropsOrStringArray")


def schema_union(schema: Struct, go_type: str) -> Read:
    """Reads a schema, or something else instead: ``items``, ``additionalProperties``, ``dependencies``.

    It decodes its insides by itself and leniently; an error inside stops everything.
    """

    def inside(value: Any, decoder: Decoder) -> Any:
        outer = (decoder.lenient, decoder.saved, decoder.stack)
        decoder.lenient, decoder.saved = True, ""
        depth = len(decoder.stack)
        found = schema(value, decoder)
        if decoder.saved:
            raise Stop(_outer_struct(decoder.saved, decoder.stack[:depth]))
        decoder.lenient, decoder.saved, _ = outer
        return found

    def read(value: Any, decoder: Decoder) -> Any:
        if isinstance(value, dict):
            return inside(value, decoder)
        if go_type.endswith("OrBool"):
            if isinstance(value, bool):
                return value
            raise Stop("boolean or JSON schema expected")
        if not isinstance(value, list):
            return None
        if go_type.endswith("OrStringArray"):
            return list_of(scalar(str, "string"), "[]string", Schema("string"))(value, decoder)
        return [inside(v, decoder) for v in value]

    return read


def _outer_struct(said: str, stack: list[Field | int | str]) -> str:
    """The text with the struct that holds the union: the outer decoder has the last word on it."""
    fields = [s for s in stack if isinstance(s, Field)]
    return re.sub(r"(Go struct field )\w+\.", rf"\g<1>{fields[-1].struct}.", said, count=1) if fields else said
