"""The API server: the one door through which everything is written.

What it refuses it refuses to all: the user's manifests, the controllers, the scheduler and the kubelet come in here.

    create: decode · default · mutating admission · name, UID, prepare · validate · validating admission · store
    update: decode · default · what the server owns · mutating admission · prepare · validate · validating admission · store

Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/{create,update,delete}.go,
         staging/src/k8s.io/apiserver/pkg/registry/rest/{create,update,delete}.go,
         staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go (1.36)
Differs: one request at a time, so there is nothing to retry; authentication and authorization are not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kplan.apiserver import binding, deletion, eviction
from kplan.apiserver import outcome as answers
from kplan.apiserver.admission.contract import CREATE, DELETE, UPDATE, AdmissionContext, plugins
from kplan.apiserver.carrying import carry_by_subresource, carry_server_fields, generation_rises, other_uid, same, stale
from kplan.apiserver.field import METADATA
from kplan.apiserver.fieldmanagers import FieldManagers
from kplan.apiserver.outcome import Outcome, Status
from kplan.apiserver.requests import Request
from kplan.apiserver.rules.metadata import validate_managed_fields
from kplan.apiserver.servedkinds import ServedKinds
from kplan.apiserver.sharing import ASKED_ANEW, Sharing
from kplan.apiserver.stages import CONVERSION, SERVER, SILENT, Recorder, Trail, admission_by, stage_of
from kplan.apiserver.strategy import Draft, StrategyContext
from kplan.apiserver.systemfields import fill_system_fields
from kplan.catalog.catalog import Catalog
from kplan.catalog.kinds import KindInfo
from kplan.model.names import Names
from kplan.model.objects import Object, Path, Ref, is_deleting, name_of, ref_of, thaw
from kplan.store.journal import Stages
from kplan.store.store import Store

Patch = Callable[[Object], Object | Status]
"""Makes the new object of the stored one, or says why it cannot."""

USER = "kubectl"
"""The actor of everything the user does."""


class APIServer(ServedKinds):
    """The door of one cluster."""

    def __init__(
        self, store: Store, catalog: Catalog, names: Names, *, now: float = 0.0, cloud: bool = False, admission: bool = True
    ) -> None:
        super().__init__(catalog, store)
        self.store = store
        self.names = names
        self.now = now
        self.cloud = cloud
        self.plugins = plugins() if admission else ()
        self._plugins_of_twins = tuple(p for p in self.plugins if p.name in ASKED_ANEW)
        self.memo: dict[Any, Any] = {"names": names}
        self.recorder = Recorder()
        """Who is told which stage set which field; nobody, unless it is replaced."""
        self.woken_by = 0
        """The seq of the write that woke whoever is acting now; the engine sets it."""
        self.about: Ref | None = None
        """What whoever is acting now is working at; the engine sets it."""
        self.field_managers = FieldManagers(catalog, self.view, self.resolve)
        self._sharing = Sharing(store)

    # -- create --------------------------------------------------------------------------------------------------

    def create(
        self,
        obj: Object,
        *,
        actor: str = USER,
        because: str = "manifest",
        user: bool = False,
        validation: str = "Strict",
        duplicates: Iterable[Path] = (),
        manager: str = "",
        dry_run: bool = False,
    ) -> Outcome:
        """Create an object. ``user`` objects are decoded first; others are trusted to have the right types."""
        info = self.resolve(obj.get("apiVersion") or "", obj.get("kind") or "")
        if info is None:
            return Outcome(error=_no_such_kind(obj))
        if not user and (shared := self._sharing.recall(obj)) is not None:
            return self._create_twin(info, obj, *shared, actor, because)
        request = self._request(info, actor, because, dry_run=dry_run, requested=info.api_version, user=user, manager=manager)
        draft = self._read(obj, request, validation, duplicates)
        return draft if isinstance(draft, Outcome) else self._create(draft, request, sent=obj)

    def _create(self, draft: Draft, request: Request, *, sent: Object) -> Outcome:
        info, strategy, context = request.info, request.strategy, request.context
        if any(validate_managed_fields(draft["metadata"].get("managedFields") or (), METADATA)):
            # The server begins anew where it cannot read them.
            del draft["metadata"]["managedFields"]
        request.default(draft)
        self._note_managers(draft, None, request)
        attributes = request.attributes(CREATE, draft, None)
        if error := request.mutate(attributes):
            return request.refused(error)
        draft = attributes.object or draft
        fill_system_fields(draft, info, strategy, names=self.names, view=self.view, now=self.now)
        if error := strategy.begin(draft, None, context):
            return request.refused(error)
        strategy.prepare_for_create(draft, context)
        request.trail.note(SERVER, draft)
        attributes.name = name_of(draft)
        if errors := request.errors_of_create(draft):
            return request.invalid(draft, errors)
        request.warn(draft, None)
        request.default(draft)  # once more, as when it is read back from where it is kept
        if request.user:
            self.drop_empty(draft, info)
        attributes.object = draft
        if error := request.validate(attributes):
            return request.refused(error)
        if self.view.get(ref_of(draft)) is not None:
            return request.refused(answers.already_exists(info.resource, name_of(draft)))
        if strategy.as_stored is not None:
            draft = strategy.as_stored(draft)
        elif not request.user:
            self._sharing.remember(sent, draft, request.trail.stages)
        return request.granted(self._store(draft, request))

    def _create_twin(self, info: KindInfo, obj: Object, twin: Object, stages: Stages | None, actor: str, because: str) -> Outcome:
        """Create an object that differs from one already admitted in nothing but its name and its owner."""
        draft: Draft = {**twin, "metadata": {**obj["metadata"]}}
        for inherited in ("labels", "annotations", "finalizers"):
            if inherited in twin["metadata"]:
                draft["metadata"][inherited] = twin["metadata"][inherited]
        request = self._request(info, actor, because)
        request.leave(self.recorder.like(stages))
        request.plugins = self._plugins_of_twins
        fill_system_fields(draft, info, request.strategy, names=self.names, view=self.view, now=self.now)
        attributes = request.attributes(CREATE, draft, None)
        if error := request.mutate(attributes) or request.validate(attributes):
            return request.refused(error)
        if self.view.get(ref_of(draft)) is not None:
            return Outcome(error=answers.already_exists(info.resource, name_of(draft)))
        return request.granted(self._store(draft, request))

    # -- update --------------------------------------------------------------------------------------------------

    def update(
        self,
        obj: Object,
        *,
        actor: str = USER,
        because: str = "manifest",
        subresource: str = "",
        user: bool = False,
        validation: str = "Strict",
        duplicates: Iterable[Path] = (),
        manager: str = "",
        dry_run: bool = False,
    ) -> Outcome:
        """Replace an object (PUT). Unchanged objects are not written; a given resourceVersion must be current."""
        info = self.resolve(obj.get("apiVersion") or "", obj.get("kind") or "")
        if info is None:
            return Outcome(error=_no_such_kind(obj))
        request = self._request(
            info, actor, because, subresource, dry_run=dry_run, requested=info.api_version, user=user, manager=manager
        )
        draft = self._read(obj, request, validation, duplicates)
        if isinstance(draft, Outcome):
            return draft
        old = self.view.get(ref_of(draft))
        return self._create_by_update(draft, request) if old is None else self._update(draft, old, request)

    def patch(
        self,
        ref: Ref,
        patch: Patch,
        *,
        actor: str = USER,
        because: str = "manifest",
        subresource: str = "",
        user: bool = True,
        validation: str = "Strict",
        manager: str = "",
        dry_run: bool = False,
    ) -> Outcome:
        """Change the stored object with a function of it (PATCH)."""
        old = self.view.get(ref)
        if old is None:
            info = self.catalog.storage_kind(ref.kind)
            return Outcome(error=answers.not_found(info.resource if info else ref.kind.lower(), ref.name))
        changed = patch(old)
        if isinstance(changed, Status):
            return Outcome(error=changed)
        if error := other_uid(changed, old, ref):
            return Outcome(error=error)
        return self.update(
            changed, actor=actor, because=because, subresource=subresource, user=user, validation=validation, manager=manager, dry_run=dry_run
        )

    def _update(self, draft: Draft, kept: Object, request: Request) -> Outcome:
        strategy, context = request.strategy, request.context
        if error := stale(draft["metadata"], kept["metadata"], request.info):
            return request.refused(error)
        old = kept if strategy.as_served is None else strategy.as_served(kept)
        if request.user:
            request.default(draft)
        carry_server_fields(draft["metadata"], old["metadata"])
        carry_by_subresource(draft, old, strategy, context.subresource)
        self._note_managers(draft, old, request)
        attributes = request.attributes(UPDATE, draft, old)
        if error := request.mutate(attributes):
            return request.refused(error)
        draft = attributes.object or draft
        if error := strategy.begin(draft, old, context):
            return request.refused(error)
        checked = self._prepare_update(draft, old, request)
        unchanged = same(draft, old)
        if request.user or not unchanged:
            request.trail.note(SERVER, draft)
            if errors := request.errors_of_update(checked, old):
                return request.invalid(draft, errors)
        if strategy.status_warnings or (request.user and not request.is_status):
            request.warn(draft, old)
        if error := request.validate(attributes):
            return request.refused(error)
        if unchanged:
            return request.granted(kept, changed=False)
        gone = deletion.is_complete(draft)
        stored = self._store(draft if strategy.as_stored is None else strategy.as_stored(draft), request)
        if gone and not context.dry_run:
            self._write(ref_of(stored), None, context.actor, request.because)
        return request.granted(stored)

    def _create_by_update(self, draft: Draft, request: Request) -> Outcome:
        """A PUT of what is not there creates it, where its kind allows."""
        info, name, uid = request.info, name_of(draft), draft["metadata"].get("uid")
        if request.context.subresource or not request.strategy.allow_create_on_update:
            return Outcome(error=answers.not_found(info.resource, name))
        if uid:
            return request.refused(answers.conflict(info.resource, name, f"Precondition failed: UID in precondition: {uid}, UID in object meta: "))
        return self._create(draft, request, sent=draft)

    def _prepare_update(self, draft: Draft, old: Object, request: Request) -> Draft:
        """Make a change ready to be stored; what is to be validated: the same, with what is empty in it."""
        strategy = request.strategy
        prepare = (strategy.prepare_for_status if request.is_status else None) or strategy.prepare_for_update
        prepare(draft, old, request.context)
        checked = draft
        if request.user:
            checked = thaw(draft)  # what is empty is validated, but neither compared nor stored
            self.drop_empty(draft, request.info)
        wanted = checked if strategy.empty_counts else draft
        if strategy.generation_fields and not request.is_status and generation_rises(wanted, old, strategy):
            generation = (old["metadata"].get("generation") or 0) + 1
            checked["metadata"]["generation"] = draft["metadata"]["generation"] = generation
        return checked

    # -- delete --------------------------------------------------------------------------------------------------

    def delete(
        self,
        ref: Ref,
        *,
        actor: str = USER,
        because: str = "deleted",
        propagation: str = "",
        grace: int | None = None,
        uid: str = "",
        dry_run: bool = False,
    ) -> Outcome:
        """Delete an object: at once, or by marking it where finalizers or a grace period hold it."""
        old = self.view.get(ref)
        info = self.catalog.storage_kind(ref.kind) or (self.resolve(old["apiVersion"], old["kind"]) if old else None)
        resource = info.resource if info else ref.kind.lower()
        if old is None or info is None:
            return Outcome(error=answers.not_found(resource, ref.name))
        if uid and uid != old["metadata"].get("uid"):
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {old['metadata'].get('uid')}"
            return Outcome(error=answers.conflict(resource, ref.name, why))
        request = self._request(info, actor, because, dry_run=dry_run)
        request.leave(self.recorder.like(SERVER))
        if kept := request.strategy.keeps(old):
            return request.refused(answers.forbidden(resource, ref.name, kept))
        attributes = request.attributes(DELETE, None, old)
        if error := request.mutate(attributes) or request.validate(attributes):
            return request.refused(error)
        strategy = request.strategy
        if strategy.begin_deletion is not None and not is_deleting(old):
            old = strategy.begin_deletion(old, request.context)
        marked = deletion.mark(old, strategy, propagation=propagation, grace=grace, now=self.now)
        if marked is old:
            return request.granted(old, changed=False)
        if marked is not None:
            return request.granted(self._store(dict(marked), request))
        if not dry_run:
            self._write(ref, None, actor, because)
        return request.granted(old)

    # -- subresources of pods ------------------------------------------------------------------------------------

    def bind(self, pod: Ref, node: str, *, actor: str, because: str = "scheduled") -> Outcome:
        """Put a pod on a node."""
        found = self.view.get(pod)
        if (refused := binding.refusal(found, pod, node)) is not None or found is None:
            return refused or Outcome()
        trail = self.recorder.trail(actor, found, found)
        labelled = binding.labelled(found, self.view.get(Ref("Node", "", node)))
        trail.note(admission_by("PodTopologyLabels"), labelled)
        placed = binding.bound(labelled, node, self.now)
        trail.note(stage_of(actor), placed)
        return Outcome(self._commit(pod, placed, actor, because, "binding", trail))

    def evict(self, pod: Ref, *, actor: str = USER, because: str = "evicted", grace: int | None = None, dry_run: bool = False) -> Outcome:
        """Delete a pod if its PodDisruptionBudget allows; 429 where it does not."""
        found = self.view.get(pod)
        if found is None:
            return Outcome(error=answers.not_found("pods", pod.name))
        if (error := eviction.in_terminating_namespace(self.view, found)) is not None:
            return Outcome(error=error)
        budget, error = eviction.ask_budgets(self.view, found, self.now)
        if error is not None:
            return Outcome(error=error)
        if not dry_run:
            if budget is not None:
                self._commit(ref_of(budget), budget, "pods/eviction", "eviction-counted", "status")
            self._commit(pod, eviction.disrupted(found, self.now), actor, because, "status", self.recorder.like(SERVER))
        return self.delete(pod, actor=actor, because=because, grace=grace, dry_run=dry_run)

    # -- shared steps --------------------------------------------------------------------------------------------

    def _read(self, obj: Object, request: Request, validation: str, duplicates: Iterable[Path]) -> Draft | Outcome:
        """What was sent as a draft in the version its kind is kept in; or why it cannot be read."""
        draft: Draft
        if request.user:
            draft, error, warnings = self.decode(obj, request.info, validation=validation, duplicates=duplicates)
            request.context.warnings.extend(warnings)
            if error is not None:
                return request.refused(error)
        elif request.is_status:
            draft = {**obj, "metadata": {**obj["metadata"]}}
        else:
            draft = thaw(obj)
        request.leave(self.recorder.trail(request.context.actor, obj, draft))
        draft, kept_as = self.to_storage(draft, request.info)
        request.trail.note(CONVERSION, draft)
        request.become(kept_as, self.strategy(kept_as))
        return draft

    def _request(
        self,
        info: KindInfo,
        actor: str,
        because: str,
        subresource: str = "",
        *,
        dry_run: bool = False,
        requested: str = "",
        user: bool = False,
        manager: str = "",
    ) -> Request:
        gates = self.catalog.gates
        context = StrategyContext(gates, self.view, self.now, self.cloud, subresource, dry_run, actor, self.memo, requested, [])
        admission = AdmissionContext(self.view, self.catalog, gates, self.now, self.memo, warnings=context.warnings)
        admission.kinds, admission.shape, admission.dry_run = self.all_kinds, self.field_managers.shape, dry_run
        return Request(info, self.strategy(info), context, admission, self.plugins, because, user, manager)

    def _note_managers(self, draft: Draft, old: Object | None, request: Request) -> None:
        """Write down who manages what."""
        info, context, has_status = request.info, request.context, request.strategy.has_status
        self.field_managers.note(draft, old, info, context, manager=request.manager, user=request.user, has_status=has_status)
        request.trail.note(SERVER, draft)

    def _store(self, draft: Draft, request: Request) -> Object:
        """Put down what a request made, and what admission counted."""
        context = request.context
        if context.dry_run:
            return draft
        for other, obj in request.admission.writes:
            self._commit(other, obj, "kube-apiserver", "usage-counted", "status")
        ref = ref_of(draft)
        before = self.view.get(ref)
        stored = self._commit(ref, draft, context.actor, request.because, context.subresource, request.trail)
        for obj in self.read_anew(before, stored):
            self._commit(ref_of(obj), obj, "kube-apiserver", "read-by-new-schema", "")
        return stored

    def _commit(self, ref: Ref, obj: Object, actor: str, because: str, subresource: str, trail: Trail = SILENT) -> Object:
        stored = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self.store.next_seq())}}
        stages = self.recorder.stored(ref, obj, stored, actor, trail)
        self._write(ref, stored, actor, because, subresource, stages)
        return stored

    def _write(
        self, ref: Ref, after: Object | None, actor: str, because: str, subresource: str = "", stages: Stages | None = None
    ) -> None:
        """Put it down, with its causes."""
        causes: dict[str, Any] = {"woken_by": self.woken_by, "about": self.about}
        self.store.commit(ref, after, at=self.now, actor=actor, because=because, subresource=subresource, stages=stages, **causes)


def _no_such_kind(obj: Object) -> Status:
    """404: the server does not serve this kind."""
    return Status(404, "NotFound", "the server could not find the requested resource", details={"kind": obj.get("kind")})
