"""ServiceCIDRs.

Mirrors: pkg/registry/networking/servicecidr/strategy.go, pkg/apis/networking/validation/validation.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import SPEC, Errors, invalid, required
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.addresses import is_valid_cidr, parse_cidr_sloppy
from kplan.apiserver.rules.metadata import IMMUTABLE, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object

_CIDRS = SPEC.child("cidrs")


def _prepare_for_create(ranges: Draft, _: StrategyContext) -> None:
    ranges["status"] = {}


def _cidrs(ranges: Object) -> list[str]:
    return (ranges.get("spec") or {}).get("cidrs") or []


def _validate(ranges: Object, _: StrategyContext) -> Errors:
    yield from validate_object_meta(ranges["metadata"], namespaced=False, name_rule=name_is_dns_subdomain)
    yield from _validate_spec(ranges)


def _validate_spec(ranges: Object) -> Errors:
    cidrs = _cidrs(ranges)
    if not cidrs:
        yield required(_CIDRS, "at least one CIDR required")
        return
    if len(cidrs) > 2:
        shown = internal_json("networking.ServiceCIDRSpec", ranges["spec"])
        yield invalid(_CIDRS, shown, "may only hold up to 2 values")
        return
    for i, cidr in enumerate(cidrs):
        yield from is_valid_cidr(_CIDRS.index(i), cidr)
    versions = [parsed[1].version for c in cidrs if (parsed := parse_cidr_sloppy(c))]
    if len(versions) == 2 and versions[0] == versions[1]:
        said = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
        yield invalid(_CIDRS, cidrs, said)


def _validate_update(ranges: Object, old: Object, ctx: StrategyContext) -> Errors:
    yield from validate_update_of(ranges, old)
    if ctx.subresource == "status":
        return
    now, then = _cidrs(ranges), _cidrs(old)
    if len(now) != len(then) and (len(then), len(now)) != (1, 2):
        yield invalid(_CIDRS, (ranges.get("spec") or {}).get("cidrs"), IMMUTABLE)
        return
    for i, cidr in enumerate(then):
        if cidr != now[i]:
            yield invalid(_CIDRS.index(i), now[i], IMMUTABLE)
    if len(now) > len(then):
        yield from _validate_spec(ranges)


STRATEGY = Strategy(
    kind="ServiceCIDR.networking.k8s.io",
    prepare_for_create=_prepare_for_create,
    validate=_validate,
    validate_update=_validate_update,
    has_status=True,
    generation_fields=(),
)
