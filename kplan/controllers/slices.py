"""EndpointSlices as values: who keeps which, ports and endpoints as keys, the order of ports.

Mirrors: staging/src/k8s.io/endpointslice/util/{controller_utils,endpointset}.go (1.36)
Differs: up to 1.34 ports are in the order of their MD5 hashes; here every minor has them in that of 1.35.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from kplan.model.objects import EMPTY, Object, Ref, labels_of
from kplan.model.spew import GoField, Spew
from kplan.store.view import View

KIND = "EndpointSlice.discovery.k8s.io"
SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"

Endpoint = Mapping[str, Any]
Ports = list[dict[str, Any]]
PortsKey = tuple[tuple[Any, ...], ...]

_GO_TYPES = {
    "v1.EndpointPort": (
        GoField("Name", "name", "*string"),
        GoField("Protocol", "protocol", "*v1.Protocol"),
        GoField("Port", "port", "*int32"),
        GoField("AppProtocol", "appProtocol", "*string"),
    )
}
_SPEW = Spew(_GO_TYPES)
_FIELDS = ("name", "protocol", "port", "appProtocol")
_OFFSET, _PRIME, _MASK = 0x6C62272E07BB014262B821756295C58D, 0x0000000001000000000000000000013B, 2**128 - 1


def service_slices(view: View, service: Ref, manager: str) -> list[Object]:
    """The slices of a Service that a controller keeps, by name."""
    found = view.lookup("slice", (service.namespace, service.name))
    return [s for s in found if labels_of(s).get(MANAGED_BY) == manager]


def fnv128a(text: str) -> int:
    """FNV-1a, 128 bits."""
    h = _OFFSET
    for byte in text.encode():
        h = ((h ^ byte) * _PRIME) & _MASK
    return h


@lru_cache(maxsize=4096)
def _rank(port: tuple[Any, ...]) -> int:
    return fnv128a(_SPEW.text("v1.EndpointPort", {f: v for f, v in zip(_FIELDS, port, strict=True) if v is not None}))


def in_order(ports: Iterable[Mapping[str, Any]]) -> Ports:
    """The ports in the order in which the controllers write them: that of their hashes."""
    return sorted((dict(p) for p in ports), key=lambda p: _rank(_port_key(p)))


def ports_key(ports: Iterable[Mapping[str, Any]] | None) -> PortsKey:
    """What slices are grouped by; the order of the ports does not matter."""
    return tuple(sorted((_port_key(p) for p in ports or ()), key=_rank))


def _port_key(port: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(port.get(f) for f in _FIELDS)


def endpoint_key(endpoint: Endpoint) -> tuple[Any, ...]:
    """Who an endpoint is: its addresses, host name and target."""
    target = endpoint.get("targetRef") or EMPTY
    return (
        tuple(sorted(endpoint.get("addresses") or ())),
        endpoint.get("hostname") or "",
        target.get("namespace") or "",
        target.get("name") or "",
    )


def same_endpoint(a: Endpoint, b: Endpoint) -> bool:
    """Whether two endpoints of one key are equal; hints and the target's resourceVersion do not count."""
    if a.get("nodeName") != b.get("nodeName") or a.get("zone") != b.get("zone"):
        return False
    if (a.get("conditions") or EMPTY) != (b.get("conditions") or EMPTY):
        return False
    x, y = a.get("targetRef"), b.get("targetRef")
    return x == y or (bool(x) and bool(y) and _without_version(x) == _without_version(y))


def _without_version(target: Any) -> dict[str, Any]:
    return {k: v for k, v in target.items() if k != "resourceVersion" and v}


def endpoints_of(piece: Object) -> list[dict[str, Any]]:
    """The endpoints of a slice; empty where there are none."""
    return piece.get("endpoints") or []
