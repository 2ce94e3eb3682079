"""Applies loaded manifests to a session, the way kubectl does, and keeps what became of each object."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kplan.apiserver.outcome import Status
from kplan.kubectl.apply import Apply
from kplan.kubectl.client import Client
from kplan.kubectl.failure import AnyFailure, Failure, Failures, aggregate, report
from kplan.kubectl.info import Info
from kplan.kubectl.manifests import read_infos
from kplan.kubectl.screen import Printed, Screen
from kplan.load.documents import Delivery, Document
from kplan.model.diagnostics import Diagnostic, Severity
from kplan.model.objects import Object, Path, Ref
from kplan.plan.diff import FieldChange, asked, changes, path_text
from kplan.plan.faults import REFUSED, UNKNOWN_FIELD, Fault, faults
from kplan.plan.plan import Change, Symbol

if TYPE_CHECKING:
    from kplan.load.documents import Loaded
    from kplan.pipeline import Session

_FIXED = re.compile(r"field is immutable|updates to \w+ spec for fields other than|may not be changed|is immutable")
_FOR_GOOD = "it cannot be changed: kubectl apply --force would delete the object and create it anew"
WARNED = "KP302"
OUT_OF_ORDER = "KP402"


@dataclass(slots=True)
class RecordedApply(Apply):
    """An apply that remembers the outcome of every object."""

    outcomes: list[tuple[Info, Info, AnyFailure | None]] = field(default_factory=list)
    """(as given, as it became, error)."""

    def apply_one(self, info: Info) -> AnyFailure | None:
        """Apply one object, and remember."""
        given = Info(info.kind, info.namespace, info.name, info.object, info.source)
        error = Apply.apply_one(self, info)
        self.outcomes.append((given, info, error))
        return error


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
            session.replaced[ref] = _why_replaced(became.replaced_because)
        if failure is not None:
            _refused(session, ref, failure, document)
        elif ref not in touched:
            session.unchanged.append(ref)
    for line in client.screen.stderr:
        if line.startswith("Warning: "):
            session.diagnostics.append(Diagnostic(WARNED, Severity.WARNING, line.removeprefix("Warning: ").strip()))
    for other in _leaves(error):
        if other not in failures:
            session.diagnostics.append(Diagnostic("KP210", Severity.ERROR, str(other)))
    return client.screen.printed() if error is None else _with_report(client, error)


def _run(session: Session, applying: RecordedApply, loaded: Loaded, as_kubectl: bool) -> AnyFailure | None:
    """kubectl takes objects as they come; a plan puts what others stand on first, and says so.

    kubectl also looks every kind up before it applies anything; a plan goes on to what a definition in the input serves.
    """
    client = applying.client
    if as_kubectl:
        return applying.run(read_infos(loaded.deliveries, client))
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
    before = session.store.get(ref)
    status = failure.status if isinstance(failure, Failure) else None
    found = list(faults(status)) if status is not None else [Fault(REFUSED, str(failure))]
    message = "\n".join(fault.message for fault in found)
    wanted = _wanted(before, document) if before is not None and document is not None else []
    concerned = [w for w in wanted if any(w.at[: len(f.path)] == f.path for f in found)]
    session.refusals.append(Change(Symbol.REFUSED, ref, before, before, tuple(concerned or wanted), "refused", message=message))
    for fault in found:
        at = document.locate(_exactly(fault, wanted), key=fault.code == UNKNOWN_FIELD) if document is not None else None
        hint = _FOR_GOOD if before is not None and _FIXED.search(fault.message) else ""
        session.diagnostics.append(Diagnostic(fault.code, Severity.ERROR, f"{ref}: {fault.message}", ref, fault.path, document, hint, at))


def _why_replaced(status: Status) -> str:
    """Which fields forced the object to be created anew."""
    named = [path_text(f.path) for f in faults(status) if f.path]
    return f"{', '.join(dict.fromkeys(named))} cannot be changed: deleted and created anew" if named else status.message


def _wanted(before: Object, document: Document) -> list[FieldChange]:
    """What the manifest would have changed of an object."""
    named = {k: v for k, v in document.object.items() if k not in ("metadata", "status")}
    return changes(before, asked(before, named))


def _exactly(fault: Fault, wanted: list[FieldChange]) -> Path:
    """The first changed value below the path the server names, where that is about more than one; else the path."""
    below = [w.at for w in wanted if w.at[: len(fault.path)] == fault.path]
    return below[0] if fault.path and below else fault.path
