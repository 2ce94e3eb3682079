"""NetworkPolicies.

Mirrors: pkg/registry/networking/networkpolicy/strategy.go, pkg/apis/networking/validation/validation.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.field import SPEC, Errors, FieldPath, forbidden, invalid, not_supported, required
from kplan.apiserver.rules.addresses import (
    is_valid_cidr_for_legacy_field,
    parse_cidr_sloppy,
    warnings_for_cidr,
)
from kplan.apiserver.rules.metadata import validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import each_invalid, is_valid_port_name, is_valid_port_num, name_is_dns_subdomain
from kplan.apiserver.rules.selectors import has_invalid_label_value, validate_label_selector
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object

_DIRECTIONS = (("ingress", "from"), ("egress", "to"))
_POLICY_TYPES = ("Ingress", "Egress")
_PROTOCOLS = ("TCP", "UDP", "SCTP")


@dataclass(frozen=True, slots=True)
class _Options:
    strict: bool
    known: tuple[str, ...] = ()
    """CIDRs of the old policy: they may stay as they are."""
    allow_invalid_values: bool = False


def _default(policy: Draft, _: StrategyContext) -> None:
    spec = policy["spec"] = policy.get("spec") or {}
    for direction, _peers in _DIRECTIONS:
        for rule in spec.get(direction) or ():
            for port in rule.get("ports") or ():
                if port.get("protocol") is None:
                    port["protocol"] = "TCP"
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _validate(policy: Object, ctx: StrategyContext) -> Errors:
    yield from validate_object_meta(policy["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    yield from _validate_spec(policy["spec"], _Options(ctx.gates.on("StrictIPCIDRValidation")))


def _validate_update(policy: Object, old: Object, ctx: StrategyContext) -> Errors:
    known = tuple(c for _, block in _blocks(old["spec"]) for c in (block.get("cidr") or "", *(block.get("except") or ())))
    invalid_before = has_invalid_label_value(old["spec"].get("podSelector")) or next(
        validate_label_selector(old["spec"].get("podSelector"), SPEC), None
    )
    yield from validate_update_of(policy, old)
    options = _Options(ctx.gates.on("StrictIPCIDRValidation"), known, bool(invalid_before))
    yield from _validate_spec(policy["spec"], options)


def _blocks(spec: Object) -> Iterator[tuple[FieldPath, Any]]:
    for direction, peers in _DIRECTIONS:
        for i, rule in enumerate(spec.get(direction) or ()):
            for j, peer in enumerate(rule.get(peers) or ()):
                if peer.get("ipBlock") is not None:
                    yield SPEC.child(direction).index(i).child(peers).index(j).child("ipBlock"), peer["ipBlock"]


def _validate_spec(spec: Object, options: _Options) -> Errors:
    yield from validate_label_selector(
        spec.get("podSelector") or {}, SPEC.child("podSelector"), allow_invalid_values=options.allow_invalid_values
    )
    for direction, peers in _DIRECTIONS:
        for i, rule in enumerate(spec.get(direction) or ()):
            here = SPEC.child(direction).index(i)
            for j, port in enumerate(rule.get("ports") or ()):
                yield from _validate_port(port, here.child("ports").index(j))
            for j, peer in enumerate(rule.get(peers) or ()):
                yield from _validate_peer(peer, here.child(peers).index(j), options)
    types, path = spec.get("policyTypes") or [], SPEC.child("policyTypes")
    if len(types) > len(_POLICY_TYPES):
        yield invalid(path, types, "may not specify more than two policyTypes")
        return
    for i, kind in enumerate(types):
        if kind not in _POLICY_TYPES:
            yield not_supported(path.index(i), kind, _POLICY_TYPES)


def _validate_port(given: Object, path: FieldPath) -> Errors:
    protocol, port, end = given.get("protocol"), given.get("port"), given.get("endPort")
    if protocol is not None and protocol not in _PROTOCOLS:
        yield not_supported(path.child("protocol"), protocol, _PROTOCOLS)
    if port is None:
        if end is not None:
            yield invalid(path.child("endPort"), end, "may not be specified when `port` is not specified")
    elif isinstance(port, int):
        yield from each_invalid(path.child("port"), port, is_valid_port_num(port))
        if end is not None:
            if end < port:
                yield invalid(path.child("endPort"), port, "must be greater than or equal to `port`")
            yield from each_invalid(path.child("endPort"), end, is_valid_port_num(end))
    else:
        if end is not None:
            yield invalid(path.child("endPort"), end, "may not be specified when `port` is non-numeric")
        yield from each_invalid(path.child("port"), port, is_valid_port_name(port))


def _validate_peer(peer: Object, path: FieldPath, options: _Options) -> Errors:
    given = [f for f in ("podSelector", "namespaceSelector", "ipBlock") if peer.get(f) is not None]
    for field in given:
        if field == "ipBlock":
            yield from _validate_block(peer[field], path.child(field), options)
        else:
            yield from validate_label_selector(
                peer[field], path.child(field), allow_invalid_values=options.allow_invalid_values
            )
    if not given:
        yield required(path, "must specify a peer")
    elif len(given) > 1 and "ipBlock" in given:
        yield forbidden(path, "may not specify both ipBlock and another peer")


def _validate_block(block: Object, path: FieldPath, options: _Options) -> Errors:
    cidr = block.get("cidr") or ""
    if not cidr:
        yield required(path.child("cidr"))
        return
    yield from is_valid_cidr_for_legacy_field(path.child("cidr"), cidr, strict=options.strict, old=options.known)
    parsed = parse_cidr_sloppy(cidr)
    if parsed is None:
        return
    outer = parsed[1]
    for i, text in enumerate(block.get("except") or ()):
        here = path.child("except").index(i)
        yield from is_valid_cidr_for_legacy_field(here, text, strict=options.strict, old=options.known)
        inner = parse_cidr_sloppy(text)
        if inner is None:
            continue
        if inner[1].network_address not in outer or outer.prefixlen >= inner[1].prefixlen:
            yield invalid(here, text, "must be a strict subset of `cidr`")


def _warnings(policy: Object, _: Object | None, __: StrategyContext) -> Iterator[str]:
    for path, block in _blocks(policy["spec"]):
        yield from warnings_for_cidr(path.child("cidr"), block["cidr"])
        for k, text in enumerate(block.get("except") or ()):
            yield from warnings_for_cidr(path.child("except").index(k), text)


STRATEGY = Strategy(
    kind="NetworkPolicy.networking.k8s.io",
    default=_default,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    empty_counts=True,
)
