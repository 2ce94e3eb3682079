"""Events of events.k8s.io do not change, and what was taken away is shown as Go's zero value."""

from __future__ import annotations

from kplan.apiserver.server import APIServer
from kplan.catalog.catalog import Catalog
from kplan.model.names import Names
from kplan.store.store import Store

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "uid": "n"}, "status": {"phase": "Active"}}
EVENT = {
    "apiVersion": "events.k8s.io/v1",
    "kind": "Event",
    "metadata": {"name": "e", "namespace": "default"},
    "eventTime": "2026-01-01T00:00:00.000000Z",
    "regarding": {"namespace": "default", "kind": "Pod", "name": "p"},
    "type": "Normal",
    "reason": "r",
    "action": "a",
    "note": "n",
    "reportingController": "c.example.org/x",
    "reportingInstance": "i",
}


def test_events_do_not_change() -> None:
    server = APIServer(Store([NAMESPACE]), Catalog.at("1.36"), Names(0))
    created = server.create(EVENT, user=True)
    assert created.ok, created.error
    changed = {k: v for k, v in EVENT.items() if k != "note"} | {"deprecatedCount": 2}
    outcome = server.update(changed, user=True)
    assert outcome.error is not None
    assert outcome.error.message == (
        'Event "e" is invalid: [message: Invalid value: "": field is immutable, count: Invalid value: 2: field is immutable]'
    )
