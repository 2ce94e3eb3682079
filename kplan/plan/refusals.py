"""A refusal as the plan tells it: which fields were asked for in vain, where they were written, and what would help."""

from __future__ import annotations

import re

from kplan.apiserver.outcome import Status
from kplan.load.documents import Document
from kplan.model.diagnostics import Diagnostic, Severity
from kplan.model.objects import Object, Path, Ref
from kplan.plan.diff import FieldChange, asked, changes, path_text
from kplan.plan.faults import REFUSED, UNKNOWN_FIELD, Fault, faults
from kplan.plan.plan import Change, Symbol

_FIXED = re.compile(r"field is immutable|updates to \w+ spec for fields other than|may not be changed|is immutable")
_FOR_GOOD = "it cannot be changed: kubectl apply --force would delete the object and create it anew"


def refusal(
    ref: Ref, before: Object | None, status: Status | None, message: str, document: Document | None
) -> tuple[Change, list[Diagnostic]]:
    """The refused change, and a finding for everything the server (or kubectl, without a status) complains about."""
    found = list(faults(status)) if status is not None else [Fault(REFUSED, message)]
    wanted = _wanted(before, document) if before is not None and document is not None else []
    concerned = [w for w in wanted if any(w.at[: len(f.path)] == f.path for f in found)]
    words = "\n".join(fault.message for fault in found)
    change = Change(Symbol.REFUSED, ref, before, before, tuple(concerned or wanted), "refused", message=words)
    return change, [_finding(ref, fault, document, wanted, before is not None) for fault in found]


def _finding(ref: Ref, fault: Fault, document: Document | None, wanted: list[FieldChange], exists: bool) -> Diagnostic:
    at = document.locate(_exactly(fault, wanted), key=fault.code == UNKNOWN_FIELD) if document is not None else None
    hint = _FOR_GOOD if exists and _FIXED.search(fault.message) else fault.hint
    return Diagnostic(fault.code, Severity.ERROR, f"{ref}: {fault.message}", ref, fault.path, document, hint, at)


def _wanted(before: Object, document: Document) -> list[FieldChange]:
    """What the manifest would have changed of an object."""
    named = {k: v for k, v in document.object.items() if k not in ("metadata", "status")}
    return changes(before, asked(before, named))


def _exactly(fault: Fault, wanted: list[FieldChange]) -> Path:
    """The first changed value below the path the server names, where that is about more than one; else the path."""
    below = [w.at for w in wanted if w.at[: len(fault.path)] == fault.path]
    return below[0] if fault.path and below else fault.path


def why_replaced(status: Status) -> str:
    """Which fields forced an object to be created anew."""
    named = [path_text(f.path) for f in faults(status) if f.path]
    return f"{', '.join(dict.fromkeys(named))} cannot be changed: deleted and created anew" if named else status.message
