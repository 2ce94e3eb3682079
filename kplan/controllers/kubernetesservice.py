"""Puts back what the API server keeps of itself: the Service ``kubernetes`` with its endpoints, and the system namespaces.

Mirrors: pkg/controlplane/controller/{kubernetesservice,systemnamespaces}, pkg/controlplane/reconcilers/{lease,endpointsadapter}.go (1.36)
Differs: it keeps what was there at the beginning, and looks a round after something went; the addresses of the API
         servers are those that the Endpoints had.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kplan.apiserver.rules.addresses import parse_ip_sloppy
from kplan.engine.contract import Context, Create, Delete, Key, Noop, Requeue, Steps, Update, Watch
from kplan.model.objects import EMPTY, Object, Ref, get_in, labels_of
from kplan.store.journal import Write
from kplan.store.view import View

SERVICE = Ref("Service", "default", "kubernetes")
ENDPOINTS = Ref("Endpoints", "default", "kubernetes")
SLICE = Ref("EndpointSlice.discovery.k8s.io", "default", "kubernetes")
NAMESPACES = ("kube-system", "kube-public", "kube-node-lease", "default")
SERVICE_SECONDS, NAMESPACE_SECONDS = 10.0, 60.0
_KEPT = ("ports", "clusterIP", "ipFamilyPolicy", "sessionAffinity", "type")
_SKIP_MIRROR, _SERVICE_NAME = "endpointslice.kubernetes.io/skip-mirror", "kubernetes.io/service-name"


def _itself(write: Write, _: View) -> Iterable[Key]:
    return (SERVICE,) if write.seq and write.ref in (SERVICE, ENDPOINTS, SLICE) else ()


def _namespace_went(write: Write, _: View) -> Iterable[Key]:
    return (write.ref,) if write.after is None and write.ref.name in NAMESPACES else ()


class KubernetesService:
    """The key is the Service, for it and its endpoints, or a system namespace that went."""

    name = "kube-apiserver"
    priority = 0
    watches = (
        Watch("Service", _itself, "the API server's own Service"),
        Watch("Endpoints", _itself, "the API server's own endpoints"),
        Watch(SLICE.kind, _itself, "the API server's own endpoints"),
        Watch("Namespace", _namespace_went, "a system namespace went"),
    )

    def __init__(self) -> None:
        self._service: dict[str, Any] | None = None
        self._ports: Any = None
        self._addresses: list[str] = []
        self._due: dict[Ref, float] = {}

    def start(self, view: View, _: Context) -> None:
        """Learn how the API server can be reached."""
        if (service := view.get(SERVICE)) is not None:
            spec = {k: service["spec"][k] for k in _KEPT if k in service["spec"]}
            self._service = {"apiVersion": "v1", "kind": "Service", "metadata": _meta({**labels_of(service)}), "spec": spec}
        subset = next(iter((view.get(ENDPOINTS) or EMPTY).get("subsets") or ()), EMPTY)
        self._ports, self._addresses = subset.get("ports"), [a["ip"] for a in subset.get("addresses") or ()]

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Put back what is missing, a round after it went."""
        assert isinstance(key, Ref)
        missing = list(self._missing(view)) if key == SERVICE else _missing_namespace(key, view)
        if not missing:
            self._due.pop(key, None)
            yield Noop("all-is-there")
            return
        due = self._due.setdefault(key, ctx.now + (SERVICE_SECONDS if key == SERVICE else NAMESPACE_SECONDS))
        if due > ctx.now:
            yield Requeue(at=due, note=f"{key.short_kind} {key.name} is put back")
            return
        del self._due[key]
        for action in missing:
            outcome = yield action
            if outcome.error is not None:
                return

    def _missing(self, view: View) -> Iterable[Create | Update | Delete]:
        if self._service is not None and view.get(SERVICE) is None:
            yield Create(self._service, because="the-api-server-keeps-its-service")
        if not self._addresses:
            return
        endpoints = view.get(ENDPOINTS)
        if endpoints is None:
            yield Create(self._with_subsets({"apiVersion": "v1", "kind": "Endpoints", "metadata": _meta({})}), because="the-api-server-keeps-its-endpoints")
        elif not self._is_right(endpoints):
            yield Update(self._with_subsets(endpoints), because="the-api-server-keeps-its-endpoints")
        wanted, found = self._slice(), view.get(SLICE)
        if found is None:
            yield Create(wanted, because="the-api-server-keeps-its-endpoints")
        elif found.get("addressType") != wanted["addressType"]:
            yield Delete(SLICE, because="the-api-server-keeps-its-endpoints")
        elif any(found.get(k) != wanted[k] for k in ("endpoints", "ports")) or labels_of(found) != labels_of(wanted):
            yield Update({**found, **wanted, "metadata": {**found["metadata"], **wanted["metadata"]}}, because="the-api-server-keeps-its-endpoints")

    def _is_right(self, endpoints: Object) -> bool:
        subsets = endpoints.get("subsets") or ()
        found = sorted(a["ip"] for a in get_in(endpoints, ("subsets", 0, "addresses")) or ()) if len(subsets) == 1 else None
        return found == sorted(self._addresses) and labels_of(endpoints).get(_SKIP_MIRROR) == "true"

    def _with_subsets(self, endpoints: Object) -> Object:
        meta = {**endpoints["metadata"], "labels": {**labels_of(endpoints), _SKIP_MIRROR: "true"}}
        return {**endpoints, "metadata": meta, "subsets": [{"addresses": [{"ip": ip} for ip in self._addresses], "ports": self._ports}]}

    def _slice(self) -> dict[str, Any]:
        families = [getattr(parse_ip_sloppy(ip), "version", 4) for ip in self._addresses]
        family = 6 if all(f == 6 for f in families) else 4
        return {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": _meta({_SERVICE_NAME: SERVICE.name}),
            "addressType": f"IPv{family}",
            "endpoints": [{"addresses": [ip], "conditions": {"ready": True}} for ip, f in zip(self._addresses, families, strict=True) if f == family],
            "ports": self._ports,
        }


def _meta(labels: dict[str, str]) -> dict[str, Any]:
    return {"name": SERVICE.name, "namespace": SERVICE.namespace, "labels": labels}


def _missing_namespace(key: Ref, view: View) -> list[Create | Update | Delete]:
    if view.get(key) is not None:
        return []
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": key.name}}
    return [Create(made, because="the-api-server-keeps-its-namespaces")]


CONTROLLER = KubernetesService
