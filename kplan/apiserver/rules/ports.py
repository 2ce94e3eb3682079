"""Ports of Services and Endpoints, and addresses that endpoints may have.

Mirrors: pkg/apis/core/validation/validation.go: ValidatePortNumOrName, ValidateEndpointIP (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import Errors, FieldPath, invalid, not_supported, required
from kplan.apiserver.rules.addresses import parse_ip_sloppy
from kplan.apiserver.rules.names import each_invalid, is_valid_port_name, is_valid_port_num

PROTOCOLS = ("SCTP", "TCP", "UDP")


def validate_port_num_or_name(port: int | str, path: FieldPath) -> Errors:
    """A port by number or by name."""
    rule = is_valid_port_num(port) if isinstance(port, int) else is_valid_port_name(port)
    return each_invalid(path, port, rule)


def validate_protocol(protocol: str | None, path: FieldPath) -> Errors:
    """A protocol that must be given."""
    if not protocol:
        yield required(path)
    elif protocol not in PROTOCOLS:
        yield not_supported(path, protocol, PROTOCOLS)


def validate_endpoint_ip(ip: str, path: FieldPath) -> Errors:
    """An address an endpoint can have: not unspecified, loopback or link-local.

    It is asked of external IPs, too, for historical reasons.
    """
    address = parse_ip_sloppy(ip)
    if address is None:
        yield invalid(path, ip, "must be a valid IP address")
        return
    if address.is_unspecified:
        yield invalid(path, ip, f"may not be unspecified ({ip})")
    if address.is_loopback:
        yield invalid(path, ip, "may not be in the loopback range (127.0.0.0/8, ::1/128)")
    if address.is_link_local:
        yield invalid(path, ip, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    octets = address.packed
    multicast = octets[:3] == b"\xe0\0\0" if address.version == 4 else octets[0] == 0xFF and octets[1] & 0x0F == 2
    if multicast:
        yield invalid(path, ip, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")
