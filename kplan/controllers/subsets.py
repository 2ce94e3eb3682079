"""Subsets of Endpoints in their canonical form: addresses that offer the same ports together, all in one order.

Mirrors: pkg/api/v1/endpoints/util.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.controllers.slices import fnv128a
from kplan.model.objects import EMPTY
from kplan.model.spew import GoField, Spew

Subset = Mapping[str, Any]
Address = Mapping[str, Any]
_PortKey = tuple[str, int, str, str | None]
_AddressKey = tuple[str, str]

_SPEW = Spew(
    {
        "v1.EndpointPort": (
            GoField("Name", "name", "string"),
            GoField("Port", "port", "int32"),
            GoField("Protocol", "protocol", "v1.Protocol"),
            GoField("AppProtocol", "appProtocol", "*string"),
        ),
        "v1.ObjectReference": tuple(
            GoField(go, json, "types.UID" if go == "UID" else "string")
            for go, json in (
                ("Kind", "kind"),
                ("Namespace", "namespace"),
                ("Name", "name"),
                ("UID", "uid"),
                ("APIVersion", "apiVersion"),
                ("ResourceVersion", "resourceVersion"),
                ("FieldPath", "fieldPath"),
            )
        ),
        "v1.EndpointAddress": (
            GoField("IP", "ip", "string"),
            GoField("Hostname", "hostname", "string"),
            GoField("NodeName", "nodeName", "*string"),
            GoField("TargetRef", "targetRef", "*v1.ObjectReference"),
        ),
        "v1.EndpointSubset": (
            GoField("Addresses", "addresses", "[]v1.EndpointAddress"),
            GoField("NotReadyAddresses", "notReadyAddresses", "[]v1.EndpointAddress"),
            GoField("Ports", "ports", "[]v1.EndpointPort"),
        ),
    }
)


def repack(subsets: Iterable[Subset]) -> list[dict[str, Any]]:
    """The canonical subsets that say the same. Of an address that is both ready and not for a port, not ready counts."""
    known: dict[_AddressKey, Address] = {}
    by_port: dict[_PortKey | None, dict[_AddressKey, bool]] = {}
    for subset in subsets:
        for port in _ports_of(subset):
            states = by_port.setdefault(port, {})
            for field, ready in (("addresses", True), ("notReadyAddresses", False)):
                for address in subset.get(field) or ():
                    key = _address_key(address)
                    known.setdefault(key, address)
                    states[key] = ready and states.get(key, True)
    together: dict[tuple[tuple[_AddressKey, bool], ...], list[_PortKey]] = {}
    for offered, states in by_port.items():
        ports = together.setdefault(tuple(sorted(states.items())), [])
        if offered is not None:
            ports.append(offered)
    return _in_order(_subset(states_of, ports, known) for states_of, ports in together.items())


def _ports_of(subset: Subset) -> list[_PortKey | None]:
    return [_port_key(p) for p in subset.get("ports") or ()] or [None]


def _subset(states: Iterable[tuple[_AddressKey, bool]], ports: list[_PortKey], known: Mapping[_AddressKey, Address]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, ready in states:
        made.setdefault("addresses" if ready else "notReadyAddresses", []).append(known[key])
    if ports:
        made["ports"] = sorted((_port(p) for p in ports), key=_rank_of_port)
    return made


def _in_order(subsets: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Subsets are ordered by their hash; within one, addresses by address and UID, ports by their hash."""
    found = list(subsets)
    return sorted(found, key=lambda s: fnv128a(_SPEW.text("v1.EndpointSubset", s))) if len(found) > 1 else found


def _rank_of_port(port: Mapping[str, Any]) -> int:
    return fnv128a(_SPEW.text("v1.EndpointPort", port))


def _address_key(address: Address) -> _AddressKey:
    return address["ip"], (address.get("targetRef") or EMPTY).get("uid") or ""


def _port_key(port: Mapping[str, Any]) -> _PortKey:
    return port.get("name") or "", int(port["port"]), port.get("protocol") or "TCP", port.get("appProtocol")


def _port(key: _PortKey) -> dict[str, Any]:
    name, number, protocol, application = key
    made: dict[str, Any] = {"name": name} if name else {}
    made |= {"port": number, "protocol": protocol}
    return made | ({"appProtocol": application} if application is not None else {})


def same_subsets(a: Iterable[Subset], b: Iterable[Subset]) -> bool:
    """Whether two lists of subsets are equal; the resourceVersion of targets does not count."""
    return [_plain(s) for s in a] == [_plain(s) for s in b]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items() if k != "resourceVersion" and v not in (None, "", [], {})}
    return [_plain(v) for v in value] if isinstance(value, list) else value
