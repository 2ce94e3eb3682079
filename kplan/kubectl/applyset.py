"""``apply --prune --applyset``: a parent object keeps count of what belongs together.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/apply/{applyset,applyset_pruner}.go (1.36)
Differs: kubectl asks for KUBECTL_APPLYSET=true first.  What is pruned goes kind by kind and namespace by namespace, in order;
         kubectl goes in none.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kplan.apiserver.outcome import Status
from kplan.catalog.kinds import KindInfo
from kplan.kubectl.client import CLIENT, Client
from kplan.kubectl.failure import AnyFailure, Failure, aggregate, of_status
from kplan.kubectl.info import Info, printed_name, text_in
from kplan.model.objects import Object, labels_of
from kplan.model.selectors import from_labels

if TYPE_CHECKING:
    from kplan.kubectl.apply import Apply

TOOL = "kubectl"
MANAGER = "kubectl-applyset"

_PREFIX = "applyset.kubernetes.io/"
TOOLING, NAMESPACES, ID, PART_OF = (_PREFIX + n for n in ("tooling", "additional-namespaces", "id", "part-of"))
KINDS, RESOURCES, PARENT_TYPE = (_PREFIX + n for n in ("contains-group-kinds", "contains-group-resources", "is-parent-type"))

_BUILT_IN = {"Secret", "ConfigMap"}


@dataclass(frozen=True, slots=True)
class Parent:
    """The object that keeps count."""

    kind: KindInfo
    name: str
    namespace: str

    def __str__(self) -> str:
        return f"{self.kind.plural}.{self.kind.group}/{self.name}"

    def id(self) -> str:
        """What its members are labelled with."""
        text = f"{self.name}.{self.namespace}.{self.kind.kind}.{self.kind.group}"
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
        return f"applyset-{digest.decode().rstrip('=')}-v1"


def parse_parent(text: str, client: Client) -> Parent | Failure:
    """The parent of ``--applyset``: ``NAME`` of a Secret, or ``RESOURCE.GROUP/NAME``."""
    resource, slash, name = text.partition("/")
    if not slash:
        resource, name = "secrets", text
    if not name:
        return Failure("name cannot be blank")
    kind = client.resource(resource)
    if kind is None:
        word, _, group = resource.partition(".")
        return Failure(f'no matches for {group + "/" if group else ""}, Resource={word}')
    return Parent(kind, name, client.namespace if kind.namespaced and client.enforce_namespace else "")


@dataclass(slots=True)
class ApplySet:
    """One apply of a set: labels what it applies, and prunes what the set had before."""

    apply: Apply
    parent: Parent
    current_kinds: dict[str, KindInfo] = field(default_factory=dict)
    current_namespaces: set[str] = field(default_factory=set)
    new_kinds: dict[str, KindInfo] = field(default_factory=dict)
    new_namespaces: set[str] = field(default_factory=set)

    @property
    def _client(self) -> Client:
        return self.apply.client

    def refusal(self) -> AnyFailure | None:
        """Why the parent cannot be one."""
        kind, errors = self.parent.kind, []
        if kind.namespaced and not self.parent.namespace:
            errors.append(Failure("namespace is required to use namespace-scoped ApplySet"))
        if kind.group_kind not in _BUILT_IN and f"{kind.plural}.{kind.group}" not in self._permitted():
            resource = f"{kind.group}/{kind.version}, Resource={kind.plural}"
            errors.append(Failure(f'resource "{resource}" is not permitted as an ApplySet parent'))
        return aggregate(errors)

    def _permitted(self) -> set[str]:
        crds = self._client.resource("customresourcedefinitions")
        found = self._client.list(crds) if crds is not None else []
        return {text_in(o, "name") for o in found if PARENT_TYPE in labels_of(o)}

    # -- before and after ----------------------------------------------------------------------------------------

    def before(self, infos: list[Info]) -> AnyFailure | None:
        """Label the objects, and have the parent count what is going to be applied."""
        if refused := self.refusal() or self._label(infos) or self._fetch():
            return refused
        for info in infos:
            self.new_kinds[_group_kind(info.kind)] = info.kind
            if info.kind.namespaced and info.namespace:
                self.new_namespaces.add(info.namespace)
        return self._write_parent(self.current_kinds.keys() | self.new_kinds.keys(), self.current_namespaces | self.new_namespaces)

    def after(self) -> AnyFailure | None:
        """Prune, and have the parent count what is left."""
        for kind in self.current_kinds.values():
            for namespace in sorted(self.current_namespaces) if kind.namespaced else [""]:
                if error := self._prune(kind, namespace):
                    return error
        if error := self._write_parent(self.new_kinds.keys(), self.new_namespaces):
            return Failure(f"apply and prune succeeded, but ApplySet update failed: {error}")
        return None

    def _label(self, infos: list[Info]) -> Failure | None:
        for info in infos:
            obj = info.object or {}
            if PART_OF in labels_of(obj):
                return Failure(f'ApplySet label "{PART_OF}" already set in input data')
            meta = obj.get("metadata") or {}
            labels = {**(meta.get("labels") or {}), PART_OF: self.parent.id()}
            info.object = {**obj, "metadata": {**meta, "labels": labels}}
        return None

    def _prune(self, kind: KindInfo, namespace: str) -> AnyFailure | None:
        apply, client = self.apply, self._client
        for obj in client.list(kind, namespace or None, from_labels({PART_OF: self.parent.id()})):
            if text_in(obj, "uid") in apply.visited_uids:
                continue
            name = text_in(obj, "name")
            if apply.dry_run != CLIENT:
                grace = apply.grace if apply.grace >= 0 else None
                gone = client.delete(kind, namespace, name, propagation=apply.cascade, grace=grace, dry_run=apply.dry_run)
                if gone.error is not None:
                    place = f"{namespace}/{name}" if namespace else name
                    return Failure(f"pruning {_group_kind(kind)} {place}: {gone.error.message}")
            client.screen.say(printed_name(obj, "pruned", apply.dry_run))
        return None

    # -- the parent ----------------------------------------------------------------------------------------------

    def _fetch(self) -> AnyFailure | None:
        """Read what the set had before."""
        parent = self.parent
        found = self._client.get(parent.kind, parent.namespace, parent.name)
        if found.error is not None and found.error.reason == "NotFound":
            custom = parent.kind.group_kind not in _BUILT_IN
            return Failure("custom resource ApplySet parents cannot be created automatically") if custom else None
        if found.error is not None or found.object is None:
            return Failure(f'failed to fetch ApplySet parent object "{parent}": {found.error.message if found.error else ""}')
        annotations = (found.object["metadata"].get("annotations")) or {}
        if refused := self._foreign(found.object, annotations):
            return Failure(f'ApplySet parent object "{parent}" {refused}')
        if error := self._read_kinds(annotations):
            return Failure(f'parsing ApplySet annotation on "{parent}": {error}')
        self.current_namespaces = set(filter(None, (annotations.get(NAMESPACES) or "").split(",")))
        if parent.kind.namespaced:
            self.current_namespaces.add(parent.namespace)
        return None

    def _foreign(self, obj: Object, annotations: Mapping[str, str]) -> str:
        """Why a parent that is there is not this set's."""
        tooling = annotations.get(TOOLING)
        if tooling is None:
            return f'already exists and is missing required annotation "{TOOLING}"'
        tool = tooling.rpartition("/")[0] or tooling
        if tool != TOOL:
            return f'already exists and is managed by tooling "{tool}" instead of "{TOOL}"'
        given = labels_of(obj).get(ID)
        if given is None:
            return f"exists and does not have required label {ID}"
        if given != self.parent.id():
            return f'exists and has incorrect value for label "{ID}" (got: {given}, want: {self.parent.id()})'
        return ""

    def _read_kinds(self, annotations: Mapping[str, str]) -> str:
        """Read the kinds of the set; says why that cannot be done."""
        text = annotations.get(KINDS)
        if text is None:
            if not annotations.get(RESOURCES):
                return f'kubectl requires the "{KINDS}" annotation to be set on all ApplySet parent objects'
            text = annotations[RESOURCES]
        for word in filter(None, text.split(",")):
            info = self._client.resource(word)
            if info is None:
                return f'could not find mapping for kind in "{KINDS}" annotation: no matches for kind "{word.partition(".")[0]}"'
            self.current_kinds[_group_kind(info)] = info
        return ""

    def _write_parent(self, kinds: Iterable[str], namespaces: Iterable[str]) -> AnyFailure | None:
        if self.apply.dry_run == CLIENT:
            return None
        error = self._send(self._parent_object(kinds, namespaces), False)
        if error is not None and error.reason == "Conflict":
            error = self._send(self._parent_object(kinds, namespaces), True)
        if error is None:
            return None
        failure = of_status(error)
        return Failure(f"failed to update ApplySet: {failure}")

    def _send(self, body: Object, force: bool) -> Status | None:
        p = self.parent
        return self._client.apply(p.kind, p.namespace, p.name, body, manager=MANAGER, force=force, dry_run=self.apply.dry_run).error

    def _parent_object(self, kinds: Iterable[str], namespaces: Iterable[str]) -> Object:
        p = self.parent
        annotations = {
            TOOLING: f"{TOOL}/v{self._client.server.catalog.minor}.0",
            KINDS: ",".join(sorted(kinds)),
            NAMESPACES: ",".join(sorted(set(namespaces) - {p.namespace})),
        }
        meta: dict[str, Any] = {"name": p.name, "annotations": annotations, "labels": {ID: p.id()}}
        if p.namespace:
            meta["namespace"] = p.namespace
        return {"apiVersion": p.kind.api_version, "kind": p.kind.kind, "metadata": meta}


def _group_kind(kind: KindInfo) -> str:
    return kind.group_kind
