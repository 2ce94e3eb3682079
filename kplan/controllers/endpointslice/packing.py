"""Packs endpoints into slices: what is there stays where it is, the fullest slice is filled first.

Mirrors: staging/src/k8s.io/endpointslice/{reconciler,utils}.go (1.36)
Differs: of endpoints that may go into any slice the first by pod name goes first, where Go's maps take any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.controllers.servicepods import HEADLESS, is_headless
from kplan.controllers.slices import MANAGED_BY, SERVICE_NAME, Ports, endpoint_key, endpoints_of, same_endpoint
from kplan.model.objects import Object, labels_of, name_of, namespace_of, owner_ref, owner_references, uid_of

CONTROLLER_NAME = "endpointslice-controller.k8s.io"
MOST_ENDPOINTS = 100
_RESERVED = (SERVICE_NAME, MANAGED_BY, HEADLESS)

Slice = dict[str, Any]
"""A slice of this reconcile's own; its endpoints may be filled in."""
Desired = dict[tuple[Any, ...], dict[str, Any]]
"""The endpoints that have no slice yet, by identity."""


@dataclass(slots=True)
class Changes:
    """What is to be done about the slices of one address type."""

    create: list[Slice] = field(default_factory=list)
    update: list[Slice] = field(default_factory=list)
    delete: list[Object] = field(default_factory=list)

    def unchanged(self, existing: list[Object]) -> list[Object]:
        """Those of the existing slices that are neither updated nor deleted."""
        touched = {name_of(s) for s in (*self.update, *self.delete)}
        return [s for s in existing if name_of(s) not in touched]


def pack(service: Object, existing: list[Object], desired: Desired, ports: Ports, address_type: str, changes: Changes) -> None:
    """Keep, update or delete the slices of one set of ports; then find room for the endpoints that are left."""
    updated: list[Slice] = []
    unchanged: list[Object] = []
    for piece in existing:
        before = endpoints_of(piece)
        kept, differs = _keep(before, desired)
        labels, relabelled = slice_labels(piece, service)
        if differs or len(kept) != len(before):
            if kept:
                updated.append(_copy(piece, kept, labels))
            else:
                changes.delete.append(piece)
        elif relabelled:
            updated.append(_copy(piece, before, labels))
        else:
            unchanged.append(piece)
    for piece in sorted(updated, key=lambda s: -len(s["endpoints"])):
        _fill(piece, desired)
    while desired:
        target = _slice_to_fill(unchanged, len(desired)) if len(desired) < MOST_ENDPOINTS else None
        if target is None:
            filled = new_slice(service, ports, address_type)
            changes.create.append(filled)
        else:
            unchanged = [s for s in unchanged if s is not target]
            filled = _copy(target, endpoints_of(target), labels_of(target))
            updated.append(filled)
        _fill(filled, desired)
    changes.update.extend(updated)


def _keep(before: list[dict[str, Any]], desired: Desired) -> tuple[list[dict[str, Any]], bool]:
    """The endpoints of a slice that are still wanted, as they are now, and whether any of them changed."""
    kept, differs = [], False
    for endpoint in before:
        wanted = desired.pop(endpoint_key(endpoint), None)
        if wanted is not None:
            kept.append(wanted)
            differs = differs or not same_endpoint(wanted, endpoint)
    return kept, differs


def _fill(piece: Slice, desired: Desired) -> None:
    room = MOST_ENDPOINTS - len(piece["endpoints"])
    for key in list(desired)[: max(room, 0)]:
        piece["endpoints"].append(desired.pop(key))


def _slice_to_fill(slices: list[Object], count: int) -> Object | None:
    """The slice that is nearest to full with so many endpoints more."""
    best, closest = None, MOST_ENDPOINTS
    for piece in slices:
        left = MOST_ENDPOINTS - count - len(endpoints_of(piece))
        if 0 <= left < closest:
            best, closest = piece, left
    return best


def keep_placeholder(service: Object, address_type: str, changes: Changes) -> None:
    """A Service without endpoints has one slice without endpoints."""
    placeholder = new_slice(service, [], address_type)
    if len(changes.delete) == 1 and _is_placeholder(changes.delete[0], placeholder):
        changes.delete.clear()
    else:
        changes.create.append(placeholder)


def _is_placeholder(piece: Object, placeholder: Slice) -> bool:
    alike = piece["addressType"] == placeholder["addressType"] and labels_of(piece) == labels_of(placeholder)
    return alike and not endpoints_of(piece) and not piece.get("ports")


def new_slice(service: Object, ports: Ports, address_type: str) -> Slice:
    """An empty slice of a Service."""
    prefix = f"{name_of(service)}-"
    meta: dict[str, Any] = {
        "generateName": name_of(service) if any(name_is_dns_subdomain(prefix, True)) else prefix,
        "namespace": namespace_of(service),
        "ownerReferences": [owner_ref({"apiVersion": "v1", "kind": "Service", **service})],
    }
    piece: Slice = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": meta,
        "addressType": address_type,
        "endpoints": [],
        "ports": ports or None,
    }
    meta["labels"], _ = slice_labels(piece, service)
    return piece


def slice_labels(piece: Object, service: Object) -> tuple[dict[str, str], bool]:
    """The labels a slice has by its Service, and whether the Service's own are others than the slice has."""
    current = {k: v for k, v in labels_of(piece).items() if k not in _RESERVED}
    wanted = {k: v for k, v in labels_of(service).items() if k not in _RESERVED}
    changed = current != wanted
    if is_headless(service):
        wanted[HEADLESS] = ""
    wanted[SERVICE_NAME], wanted[MANAGED_BY] = name_of(service), CONTROLLER_NAME
    return wanted, changed


def _copy(piece: Object, endpoints: list[dict[str, Any]], labels: Mapping[str, str]) -> Slice:
    return {**piece, "metadata": {**piece["metadata"], "labels": labels}, "endpoints": list(endpoints)}


def owned_by(piece: Object, service: Object) -> bool:
    """Whether a slice is a Service's own."""
    return any(r.get("uid") == uid_of(service) and r["kind"] == "Service" and r["apiVersion"] == "v1" for r in owner_references(piece))
