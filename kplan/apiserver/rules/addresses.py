"""IP addresses and CIDR ranges, by the old lenient rules of legacy fields and by the strict ones of new fields.

Mirrors: staging/src/k8s.io/apimachinery/pkg/util/validation/ip.go, k8s.io/utils/net/parse.go (1.36)
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from kplan.apiserver.field import Errors, FieldPath, invalid
from kplan.model.gotext import go_quote

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

NO_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
NO_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_LEADING_ZEROS = "must not have leading 0s"
_MAPPED = "must not be an IPv4-mapped IPv6 address"


def _strip_zeros(text: str) -> str:
    return re.sub(r"(?<![0-9A-Fa-f])0+(?=[0-9A-Fa-f])", "", text)


@lru_cache(maxsize=4096)
def parse_ip_sloppy(text: str) -> IPAddress | None:
    """An IP address; leading zeros are allowed. An IPv4-mapped IPv6 address is the IPv4 address, as in Go."""
    if not text.isascii() or "%" in text or "/" in text:
        return None
    try:
        found = ipaddress.ip_address(_strip_zeros(text))
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found


def is_ipv4_mapped(text: str) -> bool:
    """Whether a text is an IPv6 address such as ``::ffff:10.0.0.1``."""
    return ":" in text and isinstance(parse_ip_sloppy(text), ipaddress.IPv4Address)


def _parses_strictly(text: str) -> bool:
    if "%" in text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _validate_ip(path: FieldPath, value: str, *, strict: bool) -> Errors:
    if parse_ip_sloppy(value) is None:
        yield invalid(path, value, NO_IP)
    elif strict:
        if not _parses_strictly(value):
            yield invalid(path, value, _LEADING_ZEROS)
        elif is_ipv4_mapped(value):
            yield invalid(path, value, _MAPPED)


def is_valid_ip_for_legacy_field(
    path: FieldPath, value: str, *, strict: bool = False, old: tuple[str, ...] = ()
) -> Errors:
    """An IP in a field older than the strict rules. ``strict``: the gate StrictIPCIDRValidation."""
    return iter(()) if value in old else _validate_ip(path, value, strict=strict)


def is_valid_ip(path: FieldPath, value: str) -> Errors:
    """An IP in canonical form."""
    found = list(_validate_ip(path, value, strict=True))
    yield from found
    canonical = str(parse_ip_sloppy(value))
    if not found and value != canonical:
        yield invalid(path, value, f"must be in canonical form ({go_quote(canonical)})")


def parse_cidr_sloppy(text: str) -> tuple[IPAddress, IPNetwork] | None:
    """The address and the network of a CIDR; leading zeros and host bits are allowed."""
    address, _, length = text.partition("/")
    if not re.fullmatch("[0-9]{1,9}", length) or "%" in address:
        return None
    try:
        found = ipaddress.ip_address(_strip_zeros(address))
        network = ipaddress.ip_network((found, int(length)), strict=False)
    except ValueError:
        return None
    return found, network


def _validate_cidr(path: FieldPath, value: str, *, strict: bool) -> Errors:
    parsed = parse_cidr_sloppy(value)
    if parsed is None:
        yield invalid(path, value, NO_CIDR)
        return
    if not strict:
        return
    address, network = parsed
    text, _, length = value.partition("/")
    if not _parses_strictly(text) or length != str(int(length)):
        yield invalid(path, value, "must not have leading 0s in IP or prefix length")
    elif isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        yield invalid(path, value, "must not have an IPv4-mapped IPv6 address")
    elif address != network.network_address:
        yield invalid(path, value, "must not have bits set beyond the prefix length")


def is_valid_cidr_for_legacy_field(
    path: FieldPath, value: str, *, strict: bool = False, old: tuple[str, ...] = ()
) -> Errors:
    """A CIDR in a field older than the strict rules. ``strict``: the gate StrictIPCIDRValidation."""
    return iter(()) if value in old else _validate_cidr(path, value, strict=strict)


def is_valid_cidr(path: FieldPath, value: str) -> Errors:
    """A CIDR in canonical form."""
    found = list(_validate_cidr(path, value, strict=True))
    yield from found
    parsed = parse_cidr_sloppy(value)
    if not found and parsed is not None and value != str(parsed[1]):
        yield invalid(path, value, f"must be in canonical form ({go_quote(str(parsed[1]))})")


def is_valid_interface_address(path: FieldPath, value: str) -> Errors:
    """An address with the length of its network, ``192.168.1.5/24``, in canonical form."""
    parsed = parse_cidr_sloppy(value)
    if parsed is None:
        yield invalid(path, value, "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)")
        return
    address, network = parsed
    length = network.prefixlen
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address, length = address.ipv4_mapped, length - 96 if length > 32 else length
    canonical = f"{address}/{length}"
    if value != canonical:
        yield invalid(path, value, f"must be in canonical form ({go_quote(canonical)})")


def warnings_for_ip(path: FieldPath, value: str) -> tuple[str, ...]:
    """What the server warns about an address of unusual form in a legacy field."""
    address = parse_ip_sloppy(value)
    if address is None:
        return ()
    if not _parses_strictly(value) or is_ipv4_mapped(value):
        return (f"{path}: non-standard IP address {go_quote(value)} is invalid: use {go_quote(str(address))}",)
    if address.version == 6 and str(address) != value:
        return (f"{path}: IPv6 address {go_quote(value)} should be in RFC 5952 canonical format ({go_quote(str(address))})",)
    return ()


def warnings_for_cidr(path: FieldPath, value: str) -> tuple[str, ...]:
    """What the server warns about a CIDR of unusual form in a legacy field."""
    parsed = parse_cidr_sloppy(value)
    if parsed is None:
        return ()
    address, network = parsed
    said = []
    if address != network.network_address:
        single = f"{address}/{address.max_prefixlen}"
        said.append(
            f"{path}: CIDR value {go_quote(value)} is ambiguous in this context "
            f"(should be {go_quote(str(network))} or {go_quote(single)}?)"
        )
    text, _, length = value.partition("/")
    if not _parses_strictly(text) or length != str(int(length)) or is_ipv4_mapped(text):
        said.append(f"{path}: non-standard CIDR value {go_quote(value)} is invalid: use {go_quote(str(network))}")
    if not said and address.version == 6 and f"{address}/{length}" != value:
        canonical = go_quote(f"{address}/{length}")
        said.append(f"{path}: IPv6 CIDR value {go_quote(value)} should be in RFC 5952 canonical format ({canonical})")
    return tuple(said)
