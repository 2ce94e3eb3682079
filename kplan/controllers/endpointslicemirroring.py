"""Mirrors Endpoints that people write for a Service without a selector into EndpointSlices.

Mirrors: pkg/controller/endpointslicemirroring/{endpointslicemirroring_controller,reconciler,reconciler_helpers,utils}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.apiserver.rules.addresses import parse_ip_sloppy
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.controllers.ownership import is_namespace_terminating
from kplan.controllers.servicepods import TRIGGER_TIME
from kplan.controllers.slices import (
    MANAGED_BY,
    SERVICE_NAME,
    Ports,
    PortsKey,
    endpoint_key,
    endpoints_of,
    in_order,
    ports_key,
    same_endpoint,
    service_slices,
)
from kplan.controllers.subsets import repack
from kplan.engine.contract import Context, Create, Delete, Emit, Key, Noop, Steps, Update, Watch
from kplan.model.objects import (
    Object,
    Ref,
    annotations_of,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    owner_ref,
    owner_references,
    ref_of,
    uid_of,
)
from kplan.store.journal import Write
from kplan.store.view import View

CONTROLLER_NAME = "endpointslicemirroring-controller.k8s.io"
SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror"
_LEADER = "control-plane.alpha.kubernetes.io/leader"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
MOST_ENDPOINTS = 1000

_Group = tuple[str, PortsKey]
"""(address type, ports)."""
_Endpoints = dict[tuple[Any, ...], dict[str, Any]]


def should_mirror(endpoints: Object | None) -> bool:
    """Whether Endpoints are mirrored, as far as they themselves say."""
    return endpoints is not None and labels_of(endpoints).get(SKIP_MIRROR) != "true" and _LEADER not in annotations_of(endpoints)


def _of_service(write: Write, _: View) -> Iterable[Key]:
    bare = [not s["spec"].get("selector") for s in (write.before, write.after) if s is not None]
    wakes = bare[0] if len(bare) == 1 else bare[0] != bare[1]
    return (Ref("Endpoints", write.ref.namespace, write.ref.name),) if wakes else ()


def _of_endpoints(write: Write, _: View) -> Iterable[Key]:
    return (write.ref,) if should_mirror(write.before) or should_mirror(write.after) else ()


def _of_slice(write: Write, _: View) -> Iterable[Key]:
    """The Endpoints of a mirrored slice that somebody else changed."""
    if write.actor == EndpointSliceMirroring.name:
        return
    sides = [labels_of(s) for s in (write.before, write.after) if s is not None]
    if any(labels.get(MANAGED_BY) == CONTROLLER_NAME for labels in sides):
        for name in dict.fromkeys(labels.get(SERVICE_NAME) for labels in sides):
            if name:
                yield Ref("Endpoints", write.ref.namespace, name)


class EndpointSliceMirroring:
    """The key is an Endpoints object."""

    name = "endpointslice-mirroring-controller"
    priority = 0
    watches = (
        Watch("Service", _of_service, "its Service has or loses a selector"),
        Watch("Endpoints", _of_endpoints, "Endpoints"),
        Watch("EndpointSlice.discovery.k8s.io", _of_slice, "somebody changed a mirrored slice"),
    )

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Make the mirrored slices say what the Endpoints say."""
        assert isinstance(key, Ref)
        endpoints, service = view.get(key), view.get(Ref("Service", key.namespace, key.name))
        slices = service_slices(view, Ref("Service", key.namespace, key.name), CONTROLLER_NAME)
        if endpoints is None or not should_mirror(endpoints) or service is None or service["spec"].get("selector"):
            for piece in slices:
                yield Delete(ref_of(piece), because="endpoints-are-not-mirrored")
            if not slices:
                yield Noop("endpoints-are-not-mirrored")
            return
        yield from _mirror(endpoints, slices)


def _mirror(endpoints: Object, slices: list[Object]) -> Steps:
    desired, ports, invalid, skipped = _desired(endpoints)
    if invalid:
        yield Emit(ref_of(endpoints), "InvalidIPAddress", f"Skipped {invalid} invalid IP addresses when mirroring to EndpointSlices", "Warning")
    if skipped > invalid:
        words = f"A max of {MOST_ENDPOINTS} addresses can be mirrored to EndpointSlices per Endpoints subset. {skipped} addresses were skipped"
        yield Emit(ref_of(endpoints), "TooManyAddressesToMirror", words, "Warning")
    existing: dict[_Group, list[Object]] = {}
    for piece in slices:
        existing.setdefault((piece["addressType"], ports_key(piece.get("ports"))), []).append(piece)
    create: list[dict[str, Any]] = []
    update: list[dict[str, Any]] = []
    delete: list[Object] = []
    for group, wanted in desired.items():
        have = existing.get(group, [])
        delete.extend(have[1:] if wanted else have)
        if wanted and not (have and _is_current(have[0], endpoints, wanted)):
            piece = _new_slice(endpoints, ports[group[1]], group[0], name_of(have[0]) if have else "")
            piece["endpoints"] = list(wanted.values())[:MOST_ENDPOINTS]
            (update if have else create).append(piece)
    delete.extend(piece for group, have in existing.items() if group not in desired for piece in have)
    yield from _finalize(endpoints, create, update, delete)


def _desired(endpoints: Object) -> tuple[dict[_Group, _Endpoints], dict[PortsKey, Ports], int, int]:
    """Endpoints by group, the ports of the groups, how many addresses are no addresses, how many were left out."""
    desired: dict[_Group, _Endpoints] = {}
    ports: dict[PortsKey, Ports] = {}
    invalid = skipped = 0
    for subset in repack(endpoints.get("subsets") or ()):
        mine = in_order({"name": p.get("name") or "", **{k: v for k, v in p.items() if k != "name"}} for p in subset.get("ports") or ())
        key = ports_key(mine)
        ports[key] = mine
        groups = {address_type: desired.setdefault((address_type, key), {}) for address_type in ("IPv4", "IPv6")}
        every = [(a, True) for a in subset.get("addresses") or ()] + [(a, False) for a in subset.get("notReadyAddresses") or ()]
        added = 0
        for address, ready in every:
            if added >= MOST_ENDPOINTS:
                break
            endpoint = _endpoint(address, ready)
            if endpoint is None:
                invalid += 1
                continue
            address_type = "IPv6" if ":" in endpoint["addresses"][0] else "IPv4"
            groups[address_type][endpoint_key(endpoint)] = endpoint
            added += 1
        skipped += len(every) - added
    return desired, ports, invalid, skipped


def _endpoint(address: Mapping[str, Any], ready: bool) -> dict[str, Any] | None:
    ip = parse_ip_sloppy(address.get("ip") or "")
    if ip is None:
        return None
    endpoint: dict[str, Any] = {"addresses": [str(ip)], "conditions": {"ready": ready}}
    for field in ("hostname", "targetRef", "nodeName"):
        if address.get(field):
            endpoint[field] = address[field]
    return endpoint


def _is_current(piece: Object, endpoints: Object, wanted: _Endpoints) -> bool:
    mine = endpoints_of(piece)
    if len(mine) != len(wanted) or any((w := wanted.get(endpoint_key(e))) is None or not same_endpoint(w, e) for e in mine):
        return False
    labels = {k: v for k, v in labels_of(piece).items() if k not in (MANAGED_BY, SERVICE_NAME)}
    if labels != dict(labels_of(endpoints)) or _annotations(endpoints) != dict(annotations_of(piece)):
        return False
    return not any(r["kind"] == "Endpoints" and r["name"] == name_of(endpoints) and r["uid"] != uid_of(endpoints) for r in owner_references(piece))


def _annotations(endpoints: Object) -> dict[str, str]:
    return {k: v for k, v in annotations_of(endpoints).items() if k not in (TRIGGER_TIME, _LAST_APPLIED)}


def _new_slice(endpoints: Object, ports: Ports, address_type: str, name: str) -> dict[str, Any]:
    prefix = f"{name_of(endpoints)}-"
    meta: dict[str, Any] = {"namespace": namespace_of(endpoints), "ownerReferences": [owner_ref(endpoints)]}
    if name:
        meta["name"] = name
    else:
        meta["generateName"] = name_of(endpoints) if any(name_is_dns_subdomain(prefix, True)) else prefix
    meta["labels"] = {**labels_of(endpoints), SERVICE_NAME: name_of(endpoints), MANAGED_BY: CONTROLLER_NAME}
    if notes := _annotations(endpoints):
        meta["annotations"] = notes
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": meta, "addressType": address_type, "ports": ports or None}


def _finalize(endpoints: Object, create: list[dict[str, Any]], update: list[dict[str, Any]], delete: list[Object]) -> Steps:
    """Write the changes; a slice that would be deleted is rather turned into one that would be created."""
    for piece in list(create):
        reused = next((d for d in delete if d["addressType"] == piece["addressType"]), None)
        if reused is not None:
            create.remove(piece)
            delete.remove(reused)
            update.append({**piece, "metadata": {**piece["metadata"], "name": name_of(reused)}})
    if not (create or update or delete):
        yield Noop("slices-are-current")
    for piece in create if not is_deleting(endpoints) else ():
        outcome = yield Create(piece, because="endpoints-without-slice")
        if outcome.error is not None and is_namespace_terminating(outcome.error):
            return
    for piece in update:
        yield Update(piece, because="endpoints-changed")
    for gone in delete:
        yield Delete(ref_of(gone), because="slice-is-not-needed")


CONTROLLER = EndpointSliceMirroring
