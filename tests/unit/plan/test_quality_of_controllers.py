"""What no controller answers is said in the quality of a plan."""

from __future__ import annotations

from typing import Any

from kplan.controllers.unmodelled import unmodelled
from kplan.store.store import Store


def request(name: str, **status: Any) -> dict[str, Any]:
    meta = {"name": name, "uid": name, "resourceVersion": "1"}
    return {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": meta, "spec": {}, "status": status}


def test_requests_for_certificates() -> None:
    approved = {"conditions": [{"type": "Approved", "status": "True"}]}
    store = Store([request("a"), request("b", **approved), request("c", **approved, certificate="TQ==")])
    assert list(unmodelled(store)) == [
        "1 CertificateSigningRequests: kubelets' are not approved by themselves",
        "1 CertificateSigningRequests are approved: no certificates are made",
    ]
    assert list(unmodelled(Store([]))) == []
