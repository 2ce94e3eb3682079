"""Judges documents one by one: decoded, defaulted, prepared and validated by the API server's own rules.

Without a cluster what an object refers to cannot be known, so admission is not asked, and any network may be its. What a given cluster has already is
judged as an update. Namespaces and CustomResourceDefinitions of the same input serve the objects after them.

Without a cluster an object's verdict depends on no other's, but for the few kinds that stand in each other's way
(:func:`rank`): those are judged first and kept, the rest is asked for and forgotten, so that it may be judged anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kplan.apiserver.decoding import decode
from kplan.apiserver.merge.applied import applying
from kplan.apiserver.outcome import Outcome, Status
from kplan.apiserver.server import APIServer
from kplan.catalog.catalog import Catalog
from kplan.load.documents import Document
from kplan.model.diagnostics import Diagnostic, Location, Severity
from kplan.model.names import Names
from kplan.model.objects import Object, Path, Ref, get_in, group_kind, group_of, ref_of
from kplan.plan.faults import MALFORMED, REFUSED, UNKNOWN_FIELD, faults, path_in
from kplan.store.store import Store
from kplan.validation.verdict import ERROR, INVALID, SKIPPED, VALID, Verdict

if TYPE_CHECKING:
    from kplan.validation.schema import Slip

BAD_REQUEST = 400
NO_KIND, DUPLICATE_KEY, WARNED, TWICE = "KP210", "KP105", "KP302", "KP401"
DEFINITION = "CustomResourceDefinition"
NAMESPACES, DEFINITIONS, ENTANGLED, REST = range(4)
_RANKS = {"Namespace": NAMESPACES, DEFINITION: DEFINITIONS, "ServiceCIDR": ENTANGLED, "IPAddress": ENTANGLED}
_CLAIMS = ("clusterIP", "clusterIPs", "healthCheckNodePort")
_ANY_NETWORK: tuple[Object, ...] = tuple(
    {"apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": cidr}, "spec": {"cidrs": [cidr]}} for cidr in ("0.0.0.0/0", "::/0")
)
"""The networks of a cluster nobody knows: any address of both families may be given to a Service. No user can name one so."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked of the judge."""

    version: str = "1.36"
    schema_only: bool = False
    ignore_missing: bool = False
    skip: frozenset[str] = frozenset()
    reject: frozenset[str] = frozenset()


@dataclass(slots=True)
class Judge:
    """Judges documents in the order they are given."""

    settings: Settings
    catalog: Catalog
    server: APIServer
    given_cluster: bool = False
    """Whether the objects in the store are a cluster's; otherwise they are only what the manifests need."""
    refused: dict[tuple[str, str], str] = field(default_factory=dict)
    """The kinds whose definition is refused, by group and name: where it stands."""
    useless: list[Diagnostic] = field(default_factory=list)
    """What is wrong with definitions that were to be known (:meth:`define`)."""
    _seen: set[Ref] = field(default_factory=set)

    @staticmethod
    def at(settings: Settings, *, objects: Iterable[Object] = (), admission: bool = False) -> Judge:
        """A judge of one Kubernetes minor; ``admission`` asks the admission plugins too, which needs the cluster's objects.

        Raises: UnknownVersion.
        """
        catalog = Catalog.at(settings.version)
        known = objects if admission else (*objects, *_ANY_NETWORK)
        return Judge(settings, catalog, APIServer(Store(known), catalog, Names(), admission=admission), given_cluster=admission)

    def judge(self, document: Document) -> Verdict:
        """The verdict on one document."""
        obj = document.object
        api_version, kind = _names(document)
        names = {kind, f"{api_version}/{kind}"}
        defines = kind == DEFINITION and (self.settings.schema_only or names & self.settings.skip)
        if defines and (error := self.server.create(obj, user=True).error) is not None:
            self._note_refused(document, error)
        if names & self.settings.reject:
            return _verdict(document, [_diagnostic(document, REFUSED, f"{api_version} {kind} is rejected by --reject", ("kind",))])
        if names & self.settings.skip:
            return _left_out(document, "skipped by --skip")
        if not _is_known(document, self.server):
            return self._unknown_kind(document)
        found = [_repeated(document, path, at) for path, at in document.duplicates]
        if self.settings.schema_only:
            found += self._confirmed(document)
            return _verdict(document, found)
        outcome = self._ask(placed(self.server, obj), document)
        found += self._findings(document, outcome)
        return _verdict(document, found, self._ref(document, outcome))

    def define(self, definitions: Iterable[Document], given: Iterable[Document]) -> None:
        """Let definitions serve their kinds without judging them; where the input defines a kind itself, that counts."""
        own = {get_in(d.object, ("metadata", "name")) for d in given if d.object.get("kind") == DEFINITION}
        for document in definitions:
            if get_in(document.object, ("metadata", "name")) in own:
                continue
            error = self.server.create(document.object, user=True).error
            if error is not None and error.reason != "AlreadyExists":
                self._note_refused(document, error)
                self.useless += refusals(document, error, self.server)

    def _note_refused(self, document: Document, error: Status) -> None:
        group, kind = (get_in(document.object, path, "") for path in (("spec", "group"), ("spec", "names", "kind")))
        if isinstance(group, str) and isinstance(kind, str) and error.reason != "AlreadyExists":
            self.refused[group, kind] = str(document.locate(()))

    def _unknown_kind(self, document: Document) -> Verdict:
        api_version, kind = _names(document)
        if self.settings.ignore_missing and self.catalog.lifecycle(api_version, kind) is None:
            return _left_out(document, "no schema for this kind")
        found = unknown_kind(document, self.server, self.refused.get((group_of(api_version), kind), ""))
        return replace(_verdict(document, [found]), status=ERROR, message=found.message)

    def _confirmed(self, document: Document) -> list[Diagnostic]:
        """What the schema finds, where the server refuses the object: it forgives some of what the schema asks for."""
        slips = list(_slips(document, self.server))
        if not slips:
            return []
        error = self.server.create(placed(self.server, document.object), user=True, dry_run=True).error
        if error is None or error.reason == "AlreadyExists":
            return []
        return [_diagnostic(document, s.code, s.message, s.path, hint=s.hint) for s in slips]

    def _ask(self, obj: Object, document: Document) -> Outcome:
        """Create the object; where the cluster has it already, apply it, as far as it can be read at all."""
        if not self.given_cluster:
            forgotten = rank(document) == REST
            if forgotten:
                self.server.names.restart()
            return self.server.create(obj, user=True, dry_run=forgotten)
        info, named = self.server.resolve(obj["apiVersion"], obj["kind"]), isinstance(obj.get("metadata"), Mapping) and _name(obj)
        live = self.server.view.get(ref_of(obj)) if named else None
        if live is None or info is None or ref_of(live) in self._seen:
            return self.server.create(obj, user=True)
        error = decode(obj, info, self.catalog)[1] if info.definition else None
        return Outcome(error=error) if error is not None else self.server.patch(ref_of(live), applying(obj, info, self.catalog))

    def _findings(self, document: Document, outcome: Outcome) -> Iterator[Diagnostic]:
        for warning in outcome.warnings:
            yield _diagnostic(document, WARNED, warning, path_in(warning), severity=Severity.WARNING)
        if outcome.error is not None and outcome.error.reason != "AlreadyExists":
            if document.object.get("kind") == DEFINITION:
                self._note_refused(document, outcome.error)
            yield from refusals(document, outcome.error, self.server)
        elif outcome.object is not None and self.given_cluster:
            self._furnish(ref_of(outcome.object))

    def _ref(self, document: Document, outcome: Outcome) -> Ref | None:
        """Which object the document stands for, where it is one of that name."""
        named = bool(get_in(document.object, ("metadata", "name"), ""))
        if not named or (outcome.error is not None and outcome.error.reason != "AlreadyExists"):
            return None
        ref = ref_of(placed(self.server, document.object))
        self._seen.add(ref)
        return ref

    def _furnish(self, ref: Ref) -> None:
        """A new namespace has its default ServiceAccount before anybody can create a pod in it."""
        if ref.kind == "Namespace":
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": ref.name}}
            self.server.create(account, actor="serviceaccount-controller", because="default-account")


def judge_all(judge: Judge, documents: Sequence[Document], *, fail_fast: bool = False) -> list[Verdict]:
    """One verdict a document, in their order; with ``fail_fast`` only those up to the first that is not well."""
    last = ENTANGLED if judge.given_cluster else REST
    found: dict[int, Verdict] = {}
    for i, document in sorted(enumerate(documents), key=lambda x: min(rank(x[1]), last)):
        found[i] = judge.judge(document)
        if fail_fast and not found[i].is_well:
            break
    verdicts = [found[i] for i in sorted(found)]
    for second, first in repetitions(verdicts).items():
        mine, other = verdicts[second], verdicts[first].document
        if mine.document is not None and other is not None:
            verdicts[second] = told_twice(mine, mine.document, other)
    return verdicts


def rank(document: Document) -> int:
    """When a document is judged: what serves others first, then what may take an address from another."""
    kind = document.object.get("kind")
    if kind == "Service":
        spec = document.object.get("spec")
        claims = isinstance(spec, Mapping) and (spec.get("type") not in (None, "ClusterIP") or any(spec.get(c) for c in _CLAIMS))
        return ENTANGLED if claims else REST
    return _RANKS.get(kind, REST) if isinstance(kind, str) else REST


def repetitions(verdicts: Sequence[Verdict]) -> dict[int, int]:
    """Of the objects given more than once: the later one's number, and that of the first."""
    first: dict[Ref, int] = {}
    return {i: first[v.ref] for i, v in enumerate(verdicts) if v.ref is not None and first.setdefault(v.ref, i) != i}


def told_twice(verdict: Verdict, document: Document, first: Document) -> Verdict:
    """The verdict with the remark that the object was given before."""
    message = f"given before, at {first.locate(())}"
    found = _diagnostic(document, TWICE, message, ("metadata", "name"), severity=Severity.WARNING)
    return replace(verdict, document=document, diagnostics=(*verdict.diagnostics, found))


def refusals(document: Document, error: Status, server: APIServer) -> Iterator[Diagnostic]:
    """A refusal taken apart, each fault at its place in the document, with the field that may have been meant.

    The server stops at the first value it cannot decode; what else the schema finds is told with it.
    """
    if not _is_known(document, server):
        yield unknown_kind(document, server)
        return
    found = list(faults(error))
    slips = [] if error.code != BAD_REQUEST else list(_slips(document, server))
    near = {s.path: s.hint for s in slips}
    malformed = {s.path for s in slips if s.code != UNKNOWN_FIELD}
    for fault in found:
        only = next(iter(malformed)) if fault.code == MALFORMED and not fault.path and len(malformed) == 1 else fault.path
        yield _diagnostic(document, fault.code, fault.message, only, hint=near.get(fault.path, "") or fault.hint)
        for slip in slips if fault.code == MALFORMED else ():
            if slip.path != only:
                yield _diagnostic(document, slip.code, slip.message, slip.path, hint=slip.hint)


def unknown_kind(document: Document, server: APIServer, refused: str = "") -> Diagnostic:
    """Nobody serves the kind: kubectl's words, and what to do; ``refused`` is where its definition stands that is refused."""
    api_version, kind = _names(document)
    lifecycle = server.catalog.lifecycle(api_version, kind)
    hint = "give its CustomResourceDefinition (beside it, or with --crds), or --ignore-missing-schemas"
    if lifecycle is not None and lifecycle.is_removed:
        hint = f"removed in {lifecycle.removed}" + (f"; use {lifecycle.replacement}" if lifecycle.replacement else "")
    elif lifecycle is not None:
        hint = f"served from {lifecycle.introduced} on; this is {server.catalog.minor}"
    elif refused:
        hint = f"its CustomResourceDefinition at {refused} is refused"
    elif near := _versions(api_version, kind, server):
        hint = f"this kind is served as {', '.join(near)}"
    return _diagnostic(document, NO_KIND, f'no matches for kind "{kind}" in version "{api_version}"', ("kind",), hint=hint)


def _versions(api_version: str, kind: str, server: APIServer) -> list[str]:
    """The versions in which the kind is served: of its group, else of any."""
    served = [i for i in (*server.catalog.kinds(), *server.custom_kinds()) if i.kind == kind]
    own = [i for i in served if i.group == group_of(api_version)]
    return list(dict.fromkeys(i.api_version for i in own or served))


def _is_known(document: Document, server: APIServer) -> bool:
    return server.resolve(*_names(document)) is not None


def _names(document: Document) -> tuple[str, str]:
    return str(document.object.get("apiVersion") or ""), str(document.object.get("kind") or "")


def _slips(document: Document, server: APIServer) -> Iterator[Slip]:
    from kplan.validation.schema import slips

    obj = document.object
    info = server.resolve(obj["apiVersion"], obj["kind"])
    return slips(obj, info, server) if info is not None else iter(())


def placed(server: APIServer, obj: Object, namespace: str = "default") -> Object:
    """The object in its namespace: its own, or the given one."""
    info = server.resolve(str(obj.get("apiVersion") or ""), str(obj.get("kind") or ""))
    meta = obj.get("metadata")
    if info is None or not info.namespaced or not isinstance(meta, Mapping) or meta.get("namespace"):
        return obj
    return {**obj, "metadata": {**meta, "namespace": namespace}}


def _repeated(document: Document, path: Path, at: Location) -> Diagnostic:
    return replace(_diagnostic(document, DUPLICATE_KEY, f'key "{path[-1]}" is given twice; kubectl takes the last one', path), at=at)


def _diagnostic(
    document: Document, code: str, message: str, path: Path, *, hint: str = "", severity: Severity = Severity.ERROR
) -> Diagnostic:
    obj = document.object
    given = obj.get("metadata")
    meta: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    ref = Ref(group_kind(str(obj.get("apiVersion") or ""), str(obj.get("kind") or "")), str(meta.get("namespace") or ""), _name(obj))
    return Diagnostic(code, severity, message, ref, path, document, hint, document.locate(path, key=code == UNKNOWN_FIELD))


def _verdict(document: Document, found: list[Diagnostic], ref: Ref | None = None) -> Verdict:
    obj = document.object
    status = INVALID if any(d.severity is Severity.ERROR for d in found) else VALID
    return Verdict(document, document.file, status, tuple(found), str(obj.get("kind")), _name(obj), str(obj.get("apiVersion")), ref=ref)


def _left_out(document: Document, why: str) -> Verdict:
    obj = document.object
    return Verdict(document, document.file, SKIPPED, (), str(obj.get("kind") or ""), _name(obj), str(obj.get("apiVersion") or ""), why)


def _name(obj: Object) -> str:
    meta = obj.get("metadata")
    return str(meta.get("name") or meta.get("generateName") or "") if isinstance(meta, Mapping) else ""
