"""Single creates, each judged alone against a fresh cluster: the engine of ``kplan admit --batch``.

A fresh cluster has the namespaces that the objects name, each with its default ServiceAccount, and what the API server
itself makes when it starts.  Nothing is kept from one object to the next.

>>> cluster = FreshCluster()
>>> cluster.answer({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "A"}})["code"]
422
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from kplan.apiserver.conversion import convert
from kplan.apiserver.decoding import write_nulls
from kplan.apiserver.outcome import Outcome
from kplan.apiserver.server import APIServer
from kplan.catalog.catalog import Catalog
from kplan.model.instants import write_instant
from kplan.model.names import Names
from kplan.model.objects import Object, Ref
from kplan.store.store import Store

NOW = 1_790_000_000.0
"""The instant at which it all happens: a fixed one, so that answers do not depend on the clock."""

SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
SYSTEM_PRIORITIES = {"system-node-critical": 2000001000, "system-cluster-critical": 2000000000}


def system_objects() -> Iterator[Object]:
    """What a new API server has made by itself, as far as creates can tell."""
    for name in SYSTEM_NAMESPACES:
        yield from namespace_objects(name)
    for name, value in SYSTEM_PRIORITIES.items():
        yield {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": _meta(name),
            "value": value,
            "preemptionPolicy": "PreemptLowerPriority",
        }


def namespace_objects(name: str) -> Iterator[Object]:
    """A namespace and its default ServiceAccount."""
    yield {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {**_meta(name), "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {**_meta("default"), "namespace": name}}


def _meta(name: str) -> dict[str, Any]:
    return {"name": name, "uid": f"uid-{name}", "creationTimestamp": write_instant(NOW), "resourceVersion": "1"}


class FreshCluster:
    """A cluster in which creates are tried and never kept."""

    def __init__(self, version: str = "1.36", *, validation: str = "Strict") -> None:
        self._server, self._bare = (
            APIServer(Store(system_objects()), Catalog.at(version), Names(), now=NOW) for _ in range(2)
        )
        self._validation = validation

    def create(self, obj: Object) -> Outcome:
        """What the API server answers to the create of one object."""
        info = self._server.resolve(obj.get("apiVersion") or "", str(obj.get("kind")))
        # A Namespace must not be told that it exists because an object before it named it.
        server = self._bare
        if info is not None and info.namespaced:
            obj, server = self._placed(obj), self._server
        server.names.restart()
        outcome = server.create(obj, user=True, validation=self._validation, dry_run=True)
        if info is None or outcome.object is None:
            return outcome
        made = outcome.object
        if made["apiVersion"] != info.api_version:
            made = convert(made, info)
        return replace(outcome, object=write_nulls(made, info, server.catalog) if info.definition else made)

    def _placed(self, obj: Object) -> Object:
        """The object in the namespace it names, or in ``default``; the namespace exists."""
        meta = obj.get("metadata")
        if meta is not None and not isinstance(meta, Mapping):
            return obj
        namespace = (meta or {}).get("namespace") or "default"
        if not isinstance(namespace, str):
            return obj
        if self._server.view.get(Ref("Namespace", "", namespace)) is None:
            for made in namespace_objects(namespace):
                self._server.store.load(made)
        return {**obj, "metadata": {**(meta or {}), "namespace": namespace}}

    def answer(self, obj: Object) -> dict[str, Any]:
        """The answer as one JSON value: code and result, or code, reason, message and causes."""
        outcome = self.create(obj)
        said = {"warnings": list(outcome.warnings)} if outcome.warnings else {}
        error = outcome.error
        if outcome.object is not None:
            return {"code": 201, "result": outcome.object, **said}
        assert error is not None
        causes = [{"reason": c.reason, "field": c.field, "message": c.message} for c in error.causes]
        return {"code": error.code, "reason": error.reason, "message": error.message, "causes": causes, **said}


def answers(lines: Iterable[str | bytes], version: str = "1.36") -> Iterator[bytes]:
    """One JSON line out for every line ``{"object": …}`` in."""
    cluster = FreshCluster(version)
    for line in lines:
        if line.strip():
            yield orjson.dumps(cluster.answer(orjson.loads(line)["object"]))
