"""Which API groups clients cannot discover: those of extension servers whose Service has nobody behind it.

Mirrors: staging/src/k8s.io/kube-aggregator/pkg/apiserver/handler_discovery.go, pkg/controllers/status/remote/remote_available_controller.go,
         staging/src/k8s.io/client-go/discovery/discovery_client.go (1.36)
Differs: who has ready endpoints is taken to answer; of a cluster that was given without its Services nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.model.objects import Ref, get_in, labels_of
from kplan.store.view import View

KIND = "APIService.apiregistration.k8s.io"
_OF_EVERY_CLUSTER = Ref("Service", "default", "kubernetes")


def undiscovered(view: View) -> list[str]:
    """The group versions whose servers do not answer, sorted."""
    if view.get(_OF_EVERY_CLUSTER) is None:
        return []
    remote = [a["spec"] for a in view.objects(KIND) if a["spec"].get("service")]
    return sorted(f"{s['group']}/{s['version']}" for s in remote if not _answers(s["service"], view))


def discovery_failure(stale: list[str]) -> str:
    """What clients say of them."""
    each = ", ".join(f"{version}: stale GroupVersion discovery: {version}" for version in stale)
    return f"unable to retrieve the complete list of server APIs: {each}"


def _answers(service: Mapping[str, Any], view: View) -> bool:
    found = view.get(Ref("Service", service.get("namespace") or "", service.get("name") or ""))
    if found is None:
        return False
    if get_in(found, ("spec", "type")) == "ExternalName":
        return True
    slices = view.objects("EndpointSlice.discovery.k8s.io", service["namespace"])
    own = [s for s in slices if labels_of(s).get("kubernetes.io/service-name") == service["name"]]
    return any((e.get("conditions") or {}).get("ready") is not False for s in own for e in s.get("endpoints") or ())
