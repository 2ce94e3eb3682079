"""Strict decoding: what the API server makes of the JSON it is sent, or why it cannot.

The Go decoder saves the first value of a wrong type and goes on; a type that reads its own JSON (quantities, instants,
numbers-or-percentages) stops it at once; unknown and repeated fields count only where nothing else is wrong.  What comes
out is the object as Go would write it again: empty values of ``omitempty`` fields are gone, the others are there, quantities
and instants have their canonical form.

Mirrors: sigs.k8s.io/json, staging/src/k8s.io/apimachinery/pkg/runtime/serializer/json/json.go,
         staging/src/k8s.io/apiserver/pkg/endpoints/handlers/create.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from kplan.apiserver.decoding.reading import reader
from kplan.apiserver.decoding.structs import Decoder, Stop, Struct
from kplan.apiserver.outcome import Status, bad_request
from kplan.apiserver.strategy import Draft
from kplan.catalog.catalog import Catalog
from kplan.catalog.kinds import KindInfo
from kplan.model.objects import Object, Path, thaw


def decode(
    obj: Object, info: KindInfo, catalog: Catalog, *, mode: str = "Strict", duplicates: Iterable[Path] = ()
) -> tuple[Draft, Status | None, tuple[str, ...]]:
    """The object as the API server understands it, or the error; and warnings (``mode`` Warn)."""
    decoder = Decoder(duplicates)
    read = reader(catalog, info.definition)
    try:
        draft: Draft = read(obj if isinstance(obj, dict) else thaw(obj), decoder)
    except Stop as stop:
        return {}, _refused(info, str(stop), decoder.place()), ()
    if decoder.saved:
        return {}, _refused(info, decoder.saved, decoder.saved_at), ()
    if decoder.strict and mode == "Strict":
        return {}, _refused(info, "strict decoding error: " + ", ".join(decoder.strict)), ()
    draft["apiVersion"], draft["kind"] = info.api_version, info.kind
    return draft, None, tuple(decoder.strict) if mode == "Warn" else ()


def decode_struct(value: Any, definition: str, catalog: Catalog, place: Iterable[str | int] = ()) -> tuple[Draft, str, tuple[str, ...]]:
    """A value as one definition alone has it, what is wrong with it, and its strict errors; ``place`` goes before their paths."""
    decoder = Decoder(())
    decoder.stack.extend(place)
    try:
        draft: Draft = reader(catalog, definition)(value, decoder)
    except Stop as stop:
        return {}, str(stop), ()
    return draft, decoder.saved, tuple(decoder.strict)


def drop_empty(draft: Draft, info: KindInfo, catalog: Catalog) -> None:
    """Leave out the empty lists and maps that Go leaves out when it writes: a draft is stored without them.

    Decoding keeps them: whether a list is empty or not there at all can matter to validation.
    """
    _drop_empty(draft, reader(catalog, info.definition))


def _drop_empty(value: Draft, struct: Struct) -> None:
    fields = struct.fields
    for key in tuple(value):
        field, inner = fields.get(key), value[key]
        if field is None or not isinstance(inner, (dict, list, str)):
            continue
        if field.drop_empty and not inner:
            del value[key]
        elif field.inner is not None and inner and not isinstance(inner, str):
            if isinstance(inner, dict) and field.read is field.inner:
                _drop_empty(inner, field.inner)
            else:
                for item in inner if isinstance(inner, list) else inner.values():
                    if isinstance(item, dict):
                        _drop_empty(item, field.inner)


def write_nulls(obj: Object, info: KindInfo, catalog: Catalog) -> Draft:
    """An object as the server writes it: null for what is not there and may not be left out."""
    return _with_nulls(obj, reader(catalog, info.definition))


def _with_nulls(value: Object, struct: Struct) -> Draft:
    out, fields = dict(value), struct.fields
    for key, inner in value.items():
        field = fields.get(key)
        if field is None or field.inner is None or not isinstance(inner, (dict, list)):
            continue
        if isinstance(inner, list):
            out[key] = [_with_nulls(i, field.inner) if isinstance(i, dict) else i for i in inner]
        elif field.read is field.inner:
            out[key] = _with_nulls(inner, field.inner)
        else:
            out[key] = {k: _with_nulls(i, field.inner) if isinstance(i, dict) else i for k, i in inner.items()}
    for name in struct.nulls:
        out.setdefault(name, None)
    return out


def _refused(info: KindInfo, why: str, at: Path = ()) -> Status:
    return replace(bad_request(f'{info.kind} in version "{info.version}" cannot be handled as a {info.kind}: {why}'), at=at)
