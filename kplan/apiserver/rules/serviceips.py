"""The cluster IPs and IP families of a Service: what they must look like, and how they may change.

Mirrors: pkg/apis/core/validation/validation.go: ValidateServiceClusterIPsRelatedFields, validateUpgradeDowngrade* (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import SPEC, Errors, duplicate, invalid, not_supported, required
from kplan.apiserver.rules.addresses import is_valid_ip_for_legacy_field, parse_ip_sloppy
from kplan.catalog.gates import Gates
from kplan.model.objects import Object

_IPS, _FAMILIES, _POLICY = SPEC.child("clusterIPs"), SPEC.child("ipFamilies"), SPEC.child("ipFamilyPolicy")
_KNOWN_FAMILIES = ("IPv4", "IPv6")
_KNOWN_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
_ONCE = "may not change once set"


def is_headless(spec: Object) -> bool:
    """Whether clusterIPs is just "None"."""
    return spec.get("clusterIPs") == ["None"]


def _is_ipv6(ip: str) -> bool:
    address = parse_ip_sloppy(ip)
    return address is not None and address.version == 6


def validate_cluster_ip_fields(spec: Object, before: Object | None, gates: Gates) -> Errors:
    """clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy among themselves."""
    if spec.get("type") == "ExternalName":
        return
    ip, ips, given = spec.get("clusterIP") or "", spec.get("clusterIPs") or [], spec.get("ipFamilies") or []
    if ip and not ips:
        yield required(_IPS)
    elif ip and ips[0] != ip:
        yield invalid(_IPS, ips, "first value must match `clusterIP`")
    elif not ip and ips:
        yield invalid(_IPS, ips, "must be empty when `clusterIP` is not specified")
    for i, family in enumerate(given):
        if family not in _KNOWN_FAMILIES:
            yield not_supported(_FAMILIES.index(i), family, _KNOWN_FAMILIES)
        if family in given[:i]:
            yield duplicate(_FAMILIES.index(i), family)
    policy = spec.get("ipFamilyPolicy")
    if policy is not None and policy not in _KNOWN_POLICIES:
        yield not_supported(_POLICY, policy, _KNOWN_POLICIES)
    malformed = False
    old = tuple((before or {}).get("clusterIPs") or ())
    for i, one in enumerate(ips):
        if i == 0 and one == "None":
            if len(ips) > 1:
                malformed = True
                yield invalid(_IPS, ips, "'None' must be the first and only value")
            continue
        for error in is_valid_ip_for_legacy_field(_IPS.index(i), one, strict=gates.on("StrictIPCIDRValidation"), old=old):
            malformed = True
            yield error
    if len(ips) > 2:
        yield invalid(_IPS, ips, "may only hold up to 2 values")
    if malformed:
        return
    if len(ips) > 1 and len({_is_ipv6(one) for one in ips}) < 2:
        yield invalid(_IPS, ips, "may specify no more than one IP for each IP family")
    if not is_headless(spec):
        for i, (one, family) in enumerate(zip(ips, given, strict=False)):
            if family in _KNOWN_FAMILIES and _is_ipv6(one) != (family == "IPv6"):
                yield invalid(_IPS.index(i), one, f"expected an {family} value as indicated by `ipFamilies[{i}]`")


def validate_upgrade_downgrade_cluster_ips(spec: Object, before: Object) -> Errors:
    """A second cluster IP may come or go; the first stays, unless the Service comes from or goes to ExternalName."""
    if "ExternalName" in (spec.get("type"), before.get("type")) or (is_headless(spec) and is_headless(before)):
        return
    now, then = spec.get("clusterIPs") or [], before.get("clusterIPs") or []
    shown = spec.get("clusterIPs")
    if len(now) == len(then):
        for i, ip in enumerate(then):
            if ip != now[i]:
                yield invalid(_IPS.index(i), shown, _ONCE)
        return
    if len(then) > len(now) and not now:
        yield invalid(_IPS.index(0), shown, "primary clusterIP can not be unset")
    if then and now and now[0] != then[0]:
        yield invalid(_IPS.index(0), shown, _ONCE)
    if len(then) > len(now) and len(now) == 1 and spec.get("ipFamilyPolicy") != "SingleStack":
        yield invalid(_POLICY, spec.get("ipFamilyPolicy"), "must be set to 'SingleStack' when releasing the secondary clusterIP")


def validate_upgrade_downgrade_ip_families(spec: Object, before: Object) -> Errors:
    """A second IP family may come or go; the first stays, unless the Service is headless or an ExternalName."""
    if "ExternalName" in (spec.get("type"), before.get("type")) or is_headless(spec) or is_headless(before):
        return
    now, then = spec.get("ipFamilies") or [], before.get("ipFamilies") or []
    first = _FAMILIES.index(0)
    if len(now) == len(then):
        for ours, theirs in zip(now, then, strict=True):
            if ours != theirs:
                yield invalid(first, spec.get("ipFamilies"), _ONCE)
        return
    if len(then) > len(now) and not spec.get("clusterIPs"):
        yield invalid(first, spec.get("ipFamilies"), "primary ipFamily can not be unset")
    if then and now and now[0] != then[0]:
        # The real server shows the addresses here, not the families.
        yield invalid(first, spec.get("clusterIPs"), _ONCE)
    if len(then) > len(now) and len(now) == 1 and spec.get("ipFamilyPolicy") != "SingleStack":
        yield invalid(_POLICY, spec.get("ipFamilyPolicy"), "must be set to 'SingleStack' when releasing the secondary ipFamily")
