"""Each manifest as the API server would judge it, one after the other, located to the line.

Without a cluster what an object refers to cannot be known, so admission is not asked: an object is decoded, defaulted,
prepared and validated.  What a given cluster has already is judged as an update.  Namespaces and CustomResourceDefinitions of the same input serve the objects after them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.decoding import decode
from kplan.apiserver.merge.applied import applying
from kplan.apiserver.outcome import Outcome, Status
from kplan.apiserver.server import APIServer
from kplan.catalog.catalog import Catalog
from kplan.load.documents import Document, Skipped
from kplan.model.diagnostics import Diagnostic, Severity
from kplan.model.names import Names
from kplan.model.objects import Object, Path, Ref, group_kind, ref_of
from kplan.plan.faults import REFUSED, UNKNOWN_FIELD, faults, path_in
from kplan.store.store import Store

VALID, INVALID, ERROR, SKIPPED = "valid", "invalid", "error", "skipped"

_RULES = {"type": "KP202", "unknown": "KP201", "required": "KP203", "enum": "KP204", "format": "KP205", "range": "KP206"}
"""The code of each rule of the schema layer."""
NO_KIND, DUPLICATE_KEY, WARNED, TWICE = "KP210", "KP105", "KP302", "KP401"


_UNSHOWN = {"type": "the value has a wrong type", "format": "the value is not base64"}
"""What is said of a Secret's values instead of showing them."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one document."""

    document: Document | None
    file: str
    status: str
    diagnostics: tuple[Diagnostic, ...] = ()
    kind: str = ""
    name: str = ""
    api_version: str = ""
    message: str = ""


@dataclass(slots=True)
class Judge:
    """Judges documents in order."""

    catalog: Catalog
    server: APIServer
    schema_only: bool = False
    ignore_missing: bool = False
    skip: frozenset[str] = frozenset()
    reject: frozenset[str] = frozenset()
    given_cluster: bool = False
    """Whether the objects in the store are a cluster's; otherwise they are only what the manifests need."""

    @staticmethod
    def at(version: str, *, objects: Iterable[Object] = (), admission: bool = False, **settings: Any) -> Judge:
        """A judge of one Kubernetes minor; ``admission`` asks the admission plugins too, which needs the cluster's objects.

        Raises: UnknownVersion.
        """
        catalog = Catalog.at(version)
        return Judge(catalog, APIServer(Store(objects), catalog, Names(), admission=admission), given_cluster=admission, **settings)

    def judge(self, documents: Iterable[Document]) -> Iterator[Verdict]:
        """One verdict a document, in their order; namespaces and definitions serve the others wherever they stand."""
        seen: dict[Ref, Document] = {}
        given = list(documents)
        found: dict[int, Verdict] = {}
        for i, document in sorted(enumerate(given), key=lambda x: _rank(x[1])):
            found[i] = self._judge(document, seen)
        return iter([found[i] for i in range(len(given))])

    def _judge(self, document: Document, seen: dict[Ref, Document]) -> Verdict:
        obj = document.object
        api_version, kind = str(obj.get("apiVersion") or ""), str(obj.get("kind") or "")
        found: list[Diagnostic] = []
        for _path, at in document.duplicates:
            found.append(Diagnostic(DUPLICATE_KEY, Severity.ERROR, "this key is given twice; kubectl takes the last one", None, _path, document, at=at))
        names = {kind, f"{api_version}/{kind}"}
        if names & self.reject:
            found.append(self._diagnostic(document, REFUSED, f"{api_version} {kind} is rejected by --reject", ("kind",)))
            return self._verdict(document, found)
        if names & self.skip:
            return Verdict(document, document.file, SKIPPED, (), kind, _name(obj), api_version, "skipped by --skip")
        if self.server.resolve(api_version, kind) is None:
            return self._unknown_kind(document, api_version, kind, found)
        found += self._schema(document) if self.schema_only else self._server(document, seen)
        return self._verdict(document, found)

    def _unknown_kind(self, document: Document, api_version: str, kind: str, found: list[Diagnostic]) -> Verdict:
        lifecycle = self.catalog.lifecycle(api_version, kind)
        if self.ignore_missing and lifecycle is None:
            return Verdict(document, document.file, SKIPPED, tuple(found), kind, _name(document.object), api_version, "no schema for this kind")
        hint = ""
        if lifecycle is not None and lifecycle.is_removed:
            hint = f"removed in {lifecycle.removed}" + (f"; use {lifecycle.replacement}" if lifecycle.replacement else "")
        message = f'no matches for kind "{kind}" in version "{api_version}"'
        found.append(self._diagnostic(document, NO_KIND, message, ("kind",), hint=hint or "give its CustomResourceDefinition, or --ignore-missing-schemas"))
        return Verdict(document, document.file, ERROR, tuple(found), kind, _name(document.object), api_version, message)

    def _schema(self, document: Document) -> Iterator[Diagnostic]:
        from kplan.validate.schema import violations

        for violation in violations(document.object, self.catalog):
            secret = document.object.get("kind") == "Secret" and violation.path[:1] in (("data",), ("stringData",))
            said = _UNSHOWN.get(violation.rule, violation.message) if secret else violation.message
            yield self._diagnostic(document, _RULES[violation.rule], said, violation.path, hint=violation.hint)

    def _server(self, document: Document, seen: dict[Ref, Document]) -> Iterator[Diagnostic]:
        obj = placed(self.server, document.object)
        outcome = self._ask(obj, seen)
        for warning in outcome.warnings:
            yield self._diagnostic(document, WARNED, warning, path_in(warning), severity=Severity.WARNING)
        if outcome.error is not None and outcome.error.reason == "AlreadyExists":
            yield from self._twice(document, seen)
        elif outcome.error is not None:
            yield from self._refusal(document, outcome.error)
        elif outcome.object is not None:
            seen[ref_of(outcome.object)] = document
            self._furnish(ref_of(outcome.object))

    def _ask(self, obj: Object, seen: Mapping[Ref, Document]) -> Outcome:
        """Create the object; where the cluster has it already, apply it, as far as it can be read at all."""
        info, named = self.server.resolve(obj["apiVersion"], obj["kind"]), isinstance(obj.get("metadata"), Mapping) and _name(obj)
        live = self.server.view.get(ref_of(obj)) if named and self.given_cluster else None
        if live is None or info is None or ref_of(live) in seen:
            return self.server.create(obj, user=True)
        error = decode(obj, info, self.catalog)[1] if info.definition else None
        return Outcome(error=error) if error is not None else self.server.patch(ref_of(live), applying(obj, info, self.catalog))

    def _furnish(self, ref: Ref) -> None:
        """A new namespace has its default ServiceAccount before anybody can create a pod in it."""
        if ref.kind == "Namespace":
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": ref.name}}
            self.server.create(account, actor="serviceaccount-controller", because="default-account")

    def _twice(self, document: Document, seen: dict[Ref, Document]) -> Iterator[Diagnostic]:
        ref = ref_of(placed(self.server, document.object))
        first = seen.get(ref)
        if first is not None:
            yield self._diagnostic(
                document, TWICE, f"{ref} was given before, at {first.locate(())}", ("metadata", "name"), severity=Severity.WARNING
            )

    def _refusal(self, document: Document, error: Status) -> Iterator[Diagnostic]:
        for fault in faults(error):
            yield self._diagnostic(document, fault.code, fault.message, fault.path)

    def _diagnostic(
        self, document: Document, code: str, message: str, path: Path, *, hint: str = "", severity: Severity = Severity.ERROR
    ) -> Diagnostic:
        obj = document.object
        given = obj.get("metadata")
        meta: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        ref = Ref(group_kind(str(obj.get("apiVersion") or ""), str(obj.get("kind") or "")), str(meta.get("namespace") or ""), _name(obj))
        return Diagnostic(code, severity, message, ref, path, document, hint, document.locate(path, key=code == UNKNOWN_FIELD))

    def _verdict(self, document: Document, found: list[Diagnostic]) -> Verdict:
        obj = document.object
        wrong = any(d.severity is Severity.ERROR for d in found)
        return Verdict(document, document.file, INVALID if wrong else VALID, tuple(found), str(obj.get("kind")), _name(obj), str(obj.get("apiVersion")))


def summary_line(verdicts: Iterable[Verdict], skipped: Iterable[Skipped], files: int, *, errors: int = 0, stdin: bool = False) -> str:
    """kubeconform's closing line, which people grep for."""
    counts = Counter(v.status for v in verdicts)
    left_out = sum(1 for _ in skipped) + counts[SKIPPED]
    total = sum(counts.values())
    noun = "resource" if total == 1 else "resources"
    where = "parsing stdin" if stdin else f"in {files} file" + ("" if files == 1 else "s")
    return (
        f"Summary: {total} {noun} found {where} - "
        f"Valid: {counts[VALID]}, Invalid: {counts[INVALID]}, Errors: {counts[ERROR] + errors}, Skipped: {left_out}"
    )


def namespaces_for(documents: Iterable[Document]) -> list[Object]:
    """The namespaces that objects name, so that cluster-free judging does not trip over them."""
    names = {"default"}
    for d in documents:
        meta = d.object.get("metadata")
        if isinstance(meta, Mapping) and isinstance(meta.get("namespace"), str):
            names.add(meta["namespace"])
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": n, "uid": n}, "status": {"phase": "Active"}} for n in sorted(names)
    ]


def placed(server: APIServer, obj: Object, namespace: str = "default") -> Object:
    """The object in its namespace: its own, or the given one."""
    info = server.resolve(str(obj.get("apiVersion") or ""), str(obj.get("kind") or ""))
    meta = obj.get("metadata")
    if info is None or not info.namespaced or not isinstance(meta, Mapping) or meta.get("namespace"):
        return obj
    return {**obj, "metadata": {**meta, "namespace": namespace}}


_FIRST = ("Namespace", "CustomResourceDefinition")


def _rank(document: Document) -> int:
    kind = document.object.get("kind")
    return _FIRST.index(kind) if kind in _FIRST else len(_FIRST)


def _name(obj: Object) -> str:
    meta = obj.get("metadata")
    return str(meta.get("name") or meta.get("generateName") or "") if isinstance(meta, Mapping) else ""
