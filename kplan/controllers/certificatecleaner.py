"""Deletes CertificateSigningRequests that are done with: issued, denied or failed for an hour, pending for a day.

Mirrors: pkg/controller/certificates/cleaner/cleaner.go (1.36)
Differs: it deletes at once what the real controller, which looks every minute, deletes within a minute; certificates
         are not read, so none is found to have expired.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.engine.contract import Context, Delete, Key, Requeue, Steps, Watch, own_key
from kplan.model.instants import read_instant
from kplan.model.objects import EMPTY, Object, Ref, is_deleting, name_of
from kplan.store.view import View

KIND = "CertificateSigningRequest.certificates.k8s.io"
DONE_SECONDS, PENDING_SECONDS = 3600.0, 86400.0


class CertificateCleaner:
    """The key is a request."""

    name = "certificatesigningrequest-cleaner-controller"
    priority = 0
    watches = (Watch(KIND, own_key, "a request"),)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Delete it when its time is up."""
        assert isinstance(key, Ref)
        request = view.get(key)
        if request is None or is_deleting(request):
            return
        due = min(_deadlines(request), default=None)
        if due is None:
            return
        if due >= ctx.now:
            yield Requeue(at=due + 1, background=True, note=f"CertificateSigningRequest {name_of(request)} is deleted")
        else:
            yield Delete(key, because="request-is-done-with")


def _deadlines(request: Object) -> Iterator[float]:
    status = request.get("status") or EMPTY
    issued, conditions = bool(status.get("certificate")), status.get("conditions") or ()
    if not conditions:
        created = read_instant(request["metadata"].get("creationTimestamp"))
        if created is not None:
            yield created + PENDING_SECONDS
    for c in conditions:
        updated = read_instant(c.get("lastUpdateTime"))
        if updated is None:
            continue
        if c["type"] in ("Denied", "Failed"):
            yield updated + DONE_SECONDS
        elif c["type"] == "Approved":
            yield updated + (DONE_SECONDS if issued else PENDING_SECONDS)


CONTROLLER = CertificateCleaner
