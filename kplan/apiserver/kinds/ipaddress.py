"""IPAddresses.

Mirrors: pkg/registry/networking/ipaddress/strategy.go, pkg/apis/networking/validation/validation.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import ROOT, SPEC, Errors, invalid, required
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.addresses import is_valid_ip
from kplan.apiserver.rules.metadata import IMMUTABLE, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import Messages, each_invalid, is_dns1123_subdomain, is_path_segment_name
from kplan.apiserver.rules.references import validate_segment
from kplan.apiserver.strategy import Strategy, StrategyContext
from kplan.model.objects import Object

_PARENT = SPEC.child("parentRef")


def _name_is_ip(name: str, _: bool) -> Messages:
    return tuple(e.detail for e in is_valid_ip(ROOT, name))


def _validate(address: Object, _: StrategyContext) -> Errors:
    yield from validate_object_meta(address["metadata"], namespaced=False, name_rule=_name_is_ip)
    parent = (address.get("spec") or {}).get("parentRef")
    if parent is None:
        yield required(_PARENT)
        return
    group, namespace = parent.get("group") or "", parent.get("namespace") or ""
    if group:
        yield from each_invalid(_PARENT.child("group"), group, is_dns1123_subdomain(group))
    yield from validate_segment(parent, "resource", _PARENT)
    yield from validate_segment(parent, "name", _PARENT)
    if namespace:
        yield from each_invalid(_PARENT.child("namespace"), namespace, is_path_segment_name(namespace))


def _validate_update(address: Object, old: Object, ctx: StrategyContext) -> Errors:
    yield from _validate(address, ctx)
    yield from validate_update_of(address, old)
    given, before = ((o.get("spec") or {}).get("parentRef") for o in (address, old))
    if (given or {}) != (before or {}):
        shown = internal_json("networking.ParentReference", given) if given is not None else None
        yield invalid(_PARENT, shown, IMMUTABLE)


STRATEGY = Strategy(
    kind="IPAddress.networking.k8s.io", validate=_validate, validate_update=_validate_update, generation_fields=()
)
