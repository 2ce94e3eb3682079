"""IP addresses and networks.

Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/{ip,cidr}.go (1.36), net/netip (Go)
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from kplan.apiserver.cel.values import Address, Cidr, EvaluationError
from kplan.apiserver.netip import address_error
from kplan.model.gotext import go_quote


def _parse(text: str) -> Address:
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        if said := address_error(text):
            raise EvaluationError(f"IP Address {go_quote(text)} parse error during conversion from string: {said}") from None
        raise EvaluationError(f"IP address {go_quote(text)} with zone value is not allowed") from None
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id:
            raise EvaluationError(f"IP address {go_quote(text)} with zone value is not allowed")
        if ip.ipv4_mapped is not None:
            raise EvaluationError(f"IPv4-mapped IPv6 address {go_quote(text)} is not allowed")
    return Address(ip)


def _is_ip(text: str) -> bool:
    try:
        _parse(text)
    except EvaluationError:
        return False
    return True


def _canonical(text: str) -> bool:
    return str(_parse(text).ip) == text


def _parse_cidr(text: str) -> Cidr:
    prefix = "network address parse error during conversion from string: "
    host, slash, bits = text.rpartition("/")
    said = ""
    if not slash:
        said = f'netip.ParsePrefix({go_quote(text)}): no "/"'
    else:
        try:
            ip = ipaddress.ip_address(host)
        except ValueError:
            said = f"netip.ParsePrefix({go_quote(text)}): {address_error(host)}"
        else:
            if isinstance(ip, ipaddress.IPv6Address) and ip.scope_id:
                said = f"netip.ParsePrefix({go_quote(text)}): IPv6 zones cannot be present in a prefix"
            elif not (bits.isascii() and bits.isdigit()) or (len(bits) > 1 and bits[0] == "0"):
                said = f"netip.ParsePrefix({go_quote(text)}): bad bits after slash: {go_quote(bits)}"
            elif int(bits) > ip.max_prefixlen:
                said = f"netip.ParsePrefix({go_quote(text)}): prefix length out of range"
            elif isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
                raise EvaluationError(f"{prefix}IPv4-mapped IPv6 address {go_quote(text)} is not allowed")
            else:
                return Cidr(ip, int(bits))
    raise EvaluationError(f"{prefix}{prefix}{said}")


def _is_cidr(text: str) -> bool:
    try:
        _parse_cidr(text)
    except EvaluationError:
        return False
    return True


def _contains(cidr: Cidr, address: Address) -> bool:
    return address.ip.version == cidr.ip.version and Cidr(address.ip, cidr.bits).masked() == cidr.masked()


def _contains_cidr(cidr: Cidr, other: Cidr) -> bool:
    return cidr.bits <= other.bits and _contains(cidr, Address(other.ip))


def _global_unicast(address: Address) -> bool:
    ip = address.ip
    if isinstance(ip, ipaddress.IPv4Address) and int(ip) in (0, 2**32 - 1):
        return False
    return not (ip.is_unspecified or ip.is_loopback or ip.is_multicast or ip.is_link_local)


def _link_local_multicast(address: Address) -> bool:
    ip = address.ip
    if isinstance(ip, ipaddress.IPv4Address):
        return int(ip) >> 8 == 0xE00000
    return int(ip) >> 112 & 0xFF0F == 0xFF02


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "string_to_ip": _parse,
    "ip_family": lambda a: a.ip.version,
    "ip_is_canonical": _canonical,
    "ip_is_unspecified": lambda a: a.ip.is_unspecified,
    "ip_is_loopback": lambda a: a.ip.is_loopback,
    "ip_is_link_local_multicast": _link_local_multicast,
    "ip_is_link_local_unicast": lambda a: a.ip.is_link_local,
    "ip_is_global_unicast": _global_unicast,
    "is_ip": _is_ip,
    "ip_to_string": lambda a: str(a.ip),
    "string_to_cidr": _parse_cidr,
    "cidr_contains_ip_string": lambda c, text: _contains(c, _parse(text)),
    "cidr_contains_ip_ip": _contains,
    "cidr_contains_cidr_string": lambda c, text: _contains_cidr(c, _parse_cidr(text)),
    "cidr_contains_cidr": _contains_cidr,
    "cidr_ip": lambda c: Address(c.ip),
    "cidr_prefix_length": lambda c: c.bits,
    "cidr_masked": Cidr.masked,
    "is_cidr": _is_cidr,
    "cidr_to_string": lambda c: f"{c.ip}/{c.bits}",
}
