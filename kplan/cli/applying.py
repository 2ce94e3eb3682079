"""Applies loaded manifests to a session, the way kubectl does, and keeps what became of each object."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kplan.cli.exits import usage_error
from kplan.cli.session import load_manifests
from kplan.kubectl.apply import Apply
from kplan.kubectl.client import Client
from kplan.kubectl.failure import AnyFailure, Failure, Failures, aggregate, report
from kplan.kubectl.info import Info
from kplan.kubectl.manifests import read_infos
from kplan.kubectl.screen import Printed, Screen
from kplan.kubectl.verbs.apply import conflicting, prune_with
from kplan.load.documents import Delivery, Document
from kplan.model.diagnostics import Diagnostic, Severity
from kplan.model.objects import Ref
from kplan.plan.faults import path_in
from kplan.plan.refusals import refusal, why_replaced

if TYPE_CHECKING:
    from kplan.load.documents import Loaded
    from kplan.pipeline import Session

WARNED = "KP302"
OUT_OF_ORDER = "KP402"
NO_KIND = "KP210"
_NO_MATCH = re.compile(r'name: "([^"]*)".*no matches for kind "([^"]+)" in version "([^"]+)"', re.DOTALL)


@dataclass(slots=True)
class RecordedApply(Apply):
    """An apply that remembers the outcome of every object."""

    outcomes: list[tuple[Info, Info, AnyFailure | None]] = field(default_factory=list)
    """(as given, as it became, error)."""
    warnings: list[tuple[str, Info | None]] = field(default_factory=list)
    """What was warned of, and of which object."""

    def apply_one(self, info: Info) -> AnyFailure | None:
        """Apply one object, and remember."""
        given = Info(info.kind, info.namespace, info.name, info.object, info.source)
        self.collect(None)
        error = Apply.apply_one(self, info)
        self.collect(given)
        self.outcomes.append((given, info, error))
        return error

    def collect(self, about: Info | None) -> None:
        """Take the warnings that came up since the last time."""
        said = [line.removeprefix("Warning: ").strip() for line in self.client.screen.stderr if line.startswith("Warning: ")]
        self.warnings += [(text, about) for text in said[len(self.warnings) :]]


def client_of(session: Session, namespace: str) -> Client:
    """kubectl's way into the session: controllers react between two requests."""
    return Client(
        session.server,
        Screen(),
        namespace=namespace or "default",
        enforce_namespace=bool(namespace),
        between=session.between,
        settle=session.settle,
    )


def apply_loaded(session: Session, applying: RecordedApply, loaded: Loaded, *, as_kubectl: bool) -> Printed:
    """Apply everything that was loaded; tell the session what was refused and what was the same already."""
    client = applying.client
    written = session.store.seq
    error = _run(session, applying, loaded, as_kubectl)
    documents = {id(d.object): d for d in loaded.documents}
    failures = [e for _, _, e in applying.outcomes if e is not None]
    touched = {w.ref for w in session.store.journal.since(written)}
    for given, became, failure in applying.outcomes:
        ref = Ref(given.kind.group_kind, became.namespace, became.name)
        document = _document_of(given, documents, loaded)
        if document is not None:
            session.manifests[ref] = document
        if became.replaced_because is not None:
            session.replaced[ref] = why_replaced(became.replaced_because)
        if failure is not None:
            _refused(session, ref, failure, document)
        elif ref not in touched:
            session.unchanged.append(ref)
    applying.collect(None)
    for text, about in applying.warnings:
        document = _document_of(about, documents, loaded) if about is not None else None
        subject = Ref(about.kind.group_kind, about.namespace, about.name) if about is not None else None
        at = document.locate(path_in(text)) if document is not None else None
        words = f"{subject}: {text}" if subject is not None else text
        session.diagnostics.append(Diagnostic(WARNED, Severity.WARNING, words, subject, path_in(text), document, "", at))
    for other in _leaves(error):
        if other not in failures:
            session.diagnostics.append(_unserved(session, str(other), loaded))
    return client.screen.printed() if error is None else _with_report(client, error)


def _run(session: Session, applying: RecordedApply, loaded: Loaded, as_kubectl: bool) -> AnyFailure | None:
    """kubectl takes objects as they come; a plan puts what others stand on first, and says so.

    kubectl also looks every kind up before it applies anything; a plan goes on to what a definition in the input serves.
    """
    client = applying.client
    if as_kubectl:
        return aggregate(map(Failure, loaded.usage)) or applying.run(read_infos(loaded.deliveries, client))
    pending = sorted(loaded.documents, key=_rank)
    _tell_order(session, loaded)
    errors: list[AnyFailure | None] = []
    prune = applying.prune
    while True:
        served = [d for d in pending if client.resolve(str(d.object.get("apiVersion")), str(d.object.get("kind"))) is not None]
        waiting = [d for d in pending if d not in served]
        last = not waiting or not served
        applying.prune = prune if last else None
        errors.append(applying.run(read_infos(_by_file(served or pending), client)))
        pending = waiting if served else []
        if not pending:
            return aggregate(errors)


_FIRST = ("Namespace", "CustomResourceDefinition")


def _rank(document: Document) -> int:
    kind = document.object.get("kind")
    return _FIRST.index(kind) if kind in _FIRST else len(_FIRST)


def _tell_order(session: Session, loaded: Loaded) -> None:
    """Say where kubectl would have tripped over the order."""
    needed: dict[str, Document] = {}
    for document in loaded.documents:
        meta = document.object.get("metadata") or {}
        if document.object.get("kind") == "Namespace":
            name = meta.get("name")
            if name in needed and session.store.get(Ref("Namespace", "", str(name))) is None:
                first = needed[name]
                message = f"Namespace {name} comes after objects in it (first: {first.locate(())}): kubectl would refuse those"
                session.diagnostics.append(
                    Diagnostic(OUT_OF_ORDER, Severity.WARNING, message, Ref("Namespace", "", name), (), document, "put it first", document.locate(()))
                )
        elif isinstance(meta.get("namespace"), str):
            needed.setdefault(meta["namespace"], document)


def _by_file(documents: list[Document]) -> list[Delivery]:
    files: dict[str, list[Document]] = {}
    for d in documents:
        files.setdefault(d.file, []).append(d)
    return [Delivery(file, tuple(found)) for file, found in files.items()]


def _with_report(client: Client, error: AnyFailure) -> Printed:
    client.screen.stderr.append(report(error))
    return client.screen.printed(1)


def _leaves(error: AnyFailure | None) -> list[Failure]:
    if error is None:
        return []
    if isinstance(error, Failures):
        return [leaf for e in error.errors for leaf in _leaves(e)]
    return [error]


def _document_of(given: Info, documents: dict[int, Document], loaded: Loaded) -> Document | None:
    if (found := documents.get(id(given.object))) is not None:
        return found
    for d in loaded.documents:
        meta = d.object.get("metadata") or {}
        same_name = meta.get("name") == given.name and (meta.get("namespace") or given.namespace) == given.namespace
        if same_name and d.object.get("kind") == given.kind.kind and d.object.get("apiVersion") == given.kind.api_version:
            return d
    return None


def _refused(session: Session, ref: Ref, failure: AnyFailure, document: Document | None) -> None:
    status = failure.status if isinstance(failure, Failure) else None
    change, diagnostics = refusal(ref, session.store.get(ref), status, str(failure), document)
    session.refusals.append(change)
    session.diagnostics.extend(diagnostics)


def _unserved(session: Session, message: str, loaded: Loaded) -> Diagnostic:
    """A kind that is not served: where it was written, and what is served instead."""
    found = _NO_MATCH.search(message)
    if found is None:
        return Diagnostic(NO_KIND, Severity.ERROR, message)
    name, kind, version = found.groups()
    document = next((d for d in loaded.documents if _says(d, name, kind, version)), None)
    lifecycle = session.catalog.lifecycle(version, kind)
    hint = f"removed in {lifecycle.removed}; use {lifecycle.replacement}" if lifecycle is not None and lifecycle.is_removed else "its CustomResourceDefinition is neither here nor in the cluster"
    at = None if document is None else document.locate(("kind",))
    words = f'{kind} {name}: no matches for kind "{kind}" in version "{version}"'
    return Diagnostic(NO_KIND, Severity.ERROR, words, None, ("kind",), document, hint, at)


def _says(document: Document, name: str, kind: str, version: str) -> bool:
    obj = document.object
    return (obj.get("kind"), obj.get("apiVersion"), (obj.get("metadata") or {}).get("name") or "") == (kind, version, name)


def apply_files(
    session: Session,
    filenames: list[str],
    *,
    kustomize: str = "",
    recursive: bool = False,
    namespace: str = "",
    as_kubectl: bool = False,
    prune: dict[str, Any] | None = None,
    **settings: Any,
) -> Any:
    """Let the cluster come to rest, then apply manifests one after the other, as kubectl does; what kubectl printed."""
    from kplan.cli.kustomizing import build

    applying = RecordedApply(client_of(session, namespace), **settings)
    asked = prune or {"every": False, "pruning": False, "allowlist": [], "applyset": ""}
    refused = conflicting(applying, **asked)
    loaded = build(kustomize) if kustomize else load_manifests(session, filenames, recursive=recursive, tell=not as_kubectl)
    session.begin()
    session.in_turn = as_kubectl
    del asked["every"]
    refused = refused or prune_with(applying, **asked) or (Failure(loaded) if isinstance(loaded, str) else None)
    if refused is None and not isinstance(loaded, str):
        return apply_loaded(session, applying, loaded, as_kubectl=as_kubectl)
    if not as_kubectl:
        raise usage_error(str(refused))
    return Printed(stderr=f"error: {refused}\n", code=1)
