"""The fast layer: types, unknown and required fields, closed sets; of custom resources what their structural schema says.

What it finds the whole of validation finds, too, though not always in the same words: those of built-in kinds are the
layer's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kplan.apiserver.customresources.embedded import validate_embedded
from kplan.apiserver.customresources.listtypes import validate_list_types
from kplan.apiserver.customresources.pruning import fill_defaults
from kplan.apiserver.customresources.serving import CustomStrategy, decode_custom
from kplan.apiserver.field import ROOT
from kplan.apiserver.outcome import invalid_status
from kplan.apiserver.server import APIServer
from kplan.catalog.kinds import KindInfo
from kplan.model.objects import Object, Path
from kplan.plan.faults import faults
from kplan.validate.schema import checker

_RULES = {"type": "KP202", "unknown": "KP201", "required": "KP203", "enum": "KP204", "format": "KP205", "range": "KP206"}
"""The code of each rule of the layer."""
_UNSHOWN = {"type": "the value has a wrong type", "format": "the value is not base64"}
"""What is said of a Secret's values instead of showing them."""


@dataclass(frozen=True, slots=True)
class Slip:
    """One thing the layer finds."""

    code: str
    message: str
    path: Path
    hint: str = ""


def slips(obj: Object, info: KindInfo, server: APIServer) -> Iterator[Slip]:
    """What the schema of its kind says of an object."""
    if not info.definition:
        yield from _custom(obj, info, server)
        return
    secret = obj.get("kind") == "Secret"
    for v in checker(server.catalog).check(obj, info.definition):
        unshown = secret and v.path[:1] in (("data",), ("stringData",))
        yield Slip(_RULES[v.rule], _UNSHOWN.get(v.rule, v.message) if unshown else v.message, v.path, v.hint)


def _custom(obj: Object, info: KindInfo, server: APIServer) -> Iterator[Slip]:
    strategy = server.strategy(info)
    draft, error, _ = decode_custom(obj, info, strategy)
    if error is None and isinstance(strategy, CustomStrategy) and strategy.served is not None:
        kind = strategy.served
        fill_defaults(draft, kind.schema)
        errors = [*kind.validator.errors(draft, ROOT), *validate_embedded(draft, kind.schema, ROOT), *validate_list_types(draft, kind.schema, ROOT)]
        error = invalid_status(info.group_kind, "", errors) if errors else None
    for fault in faults(error) if error is not None else ():
        yield Slip(fault.code, fault.message, fault.path)
