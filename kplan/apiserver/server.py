"""The API server: the one door through which everything is written.

What it refuses it refuses to all: the user's manifests, the controllers, the scheduler and the kubelet come in here.

    create: decode · default · mutating admission · name, UID, prepare · validate · validating admission · store

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
from kplan.apiserver.admission.contract import CREATE, DELETE, UPDATE, AdmissionContext, Attributes, plugins
from kplan.apiserver.carrying import carry, carry_by_subresource, generation_rises, other_uid, same, stale
from kplan.apiserver.field import METADATA, Errors
from kplan.apiserver.fieldmanagers import FieldManagers
from kplan.apiserver.outcome import Outcome, Status
from kplan.apiserver.rules.metadata import validate_managed_fields, validate_object_meta, validate_object_meta_update
from kplan.apiserver.rules.names import name_is_path_segment
from kplan.apiserver.servedkinds import ServedKinds
from kplan.apiserver.sharing import Sharing
from kplan.apiserver.stages import CONVERSION, DEFAULT, SERVER, SILENT, Recorder, Trail, admission_by, stage_of
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.catalog.catalog import Catalog
from kplan.catalog.kinds import KindInfo
from kplan.model.instants import write_instant
from kplan.model.names import Names
from kplan.model.objects import Object, Path, Ref, is_deleting, ref_of, thaw
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
            return Outcome(error=no_such_kind(obj))
        if not user and (shared := self._sharing.recall(obj)) is not None:
            return self._admit_shared(info, obj, *shared, actor, because)
        draft, error, warnings = self._decode(obj, info, user, validation, duplicates)
        if error is not None:
            return Outcome(error=error, warnings=warnings)
        if any(validate_managed_fields(draft["metadata"].get("managedFields") or (), METADATA)):
            # The server begins anew where it cannot read them.
            del draft["metadata"]["managedFields"]
        requested, trail = info.api_version, self.recorder.trail(actor, obj, draft)
        draft, info = self._to_storage(draft, info, trail)
        strategy = self.strategy(info)
        context = self._strategy_context(actor, dry_run=dry_run, requested=requested)
        said = context.warnings
        said.extend(warnings)
        strategy.default(draft, context)
        trail.note(DEFAULT, draft)
        self.field_managers.note(draft, None, info, context, manager=manager, user=user, has_status=strategy.has_status)
        trail.note(SERVER, draft)
        attributes = Attributes(CREATE, info, *_place(draft), draft, None, user=actor)
        admission = self._admission_context(said, strategy, context, trail)
        if error := self._run(attributes, admission, "admit"):
            return Outcome(error=error, warnings=_once(said))
        draft = attributes.object or draft
        self._fill_meta(draft, info, strategy)
        if error := strategy.begin(draft, None, context):
            return Outcome(error=error, warnings=_once(said))
        strategy.prepare_for_create(draft, context)
        trail.note(SERVER, draft)
        attributes.name = draft["metadata"].get("name") or ""
        if errors := list(strategy.validate(draft, context)) or (list(_common_errors(draft, info)) if user else []):
            return Outcome(error=answers.invalid_status(info.group_kind, attributes.name, errors), warnings=_once(said))
        said.extend(strategy.warnings(draft, None, context))
        strategy.default(draft, context)  # once more, as when it is read back from where it is kept
        trail.note(DEFAULT, draft)
        if user:
            self._drop_empty(draft, info)
        attributes.object = draft
        if error := self._run(attributes, admission, "validate"):
            return Outcome(error=error, warnings=_once(said))
        ref = ref_of(draft)
        if self.view.get(ref) is not None:
            return Outcome(error=answers.already_exists(info.resource, ref.name), warnings=_once(said))
        if strategy.as_stored is not None:
            draft = strategy.as_stored(draft)
        elif not user:
            self._sharing.remember(obj, draft, trail.stages)
        stored = self._store(ref, draft, actor, because, dry_run=dry_run, writes=admission.writes, trail=trail)
        return Outcome(stored, warnings=_once(said))

    def _admit_shared(self, info: KindInfo, obj: Object, twin: Object, stages: Stages | None, actor: str, because: str) -> Outcome:
        """Create an object that differs from one already admitted in nothing but its name and its owner."""
        draft: Draft = {**twin, "metadata": {**obj["metadata"]}}
        for inherited in ("labels", "annotations", "finalizers"):
            if inherited in twin["metadata"]:
                draft["metadata"][inherited] = twin["metadata"][inherited]
        strategy = self.strategy(info)
        self._fill_meta(draft, info, strategy)
        said: list[str] = []
        admission = self._admission_context(said, strategy, self._strategy_context(actor))
        attributes = Attributes(CREATE, info, *_place(draft), draft, None, user=actor)
        for plugin in self.plugins:
            if plugin.name in ("NamespaceLifecycle", "ResourceQuota") and plugin.handles(attributes):
                for check in (plugin.admit, plugin.validate):
                    if check is not None and (error := check(attributes, admission)):
                        return Outcome(error=error, warnings=_once(said))
        ref = ref_of(draft)
        if self.view.get(ref) is not None:
            return Outcome(error=answers.already_exists(info.resource, ref.name))
        trail = self.recorder.like(stages)
        return Outcome(self._store(ref, draft, actor, because, writes=admission.writes, trail=trail), warnings=_once(said))

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
            return Outcome(error=no_such_kind(obj))
        if subresource == "status" and not user:
            draft, error = {**obj, "metadata": {**obj["metadata"]}}, None
            warnings: tuple[str, ...] = ()
        else:
            draft, error, warnings = self._decode(obj, info, user, validation, duplicates)
        if error is not None:
            return Outcome(error=error, warnings=warnings)
        context = self._strategy_context(actor, subresource, dry_run=dry_run, requested=info.api_version)
        trail = self.recorder.trail(actor, obj, draft)
        draft, info = self._to_storage(draft, info, trail)
        old = self.view.get(ref_of(draft))
        if old is None:
            return Outcome(error=answers.not_found(info.resource, draft["metadata"].get("name") or ""))
        context.warnings.extend(warnings)
        return self._update(draft, old, info, context, because, user, manager, trail)

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

    def _update(
        self,
        draft: Draft,
        old: Object,
        info: KindInfo,
        context: StrategyContext,
        because: str,
        user: bool,
        manager: str,
        trail: Trail,
    ) -> Outcome:
        actor, subresource, dry_run, said = context.actor, context.subresource, context.dry_run, context.warnings
        meta, old_meta = draft["metadata"], old["metadata"]
        if error := stale(meta, old_meta, info):
            return Outcome(error=error, warnings=_once(said))
        strategy, kept = self.strategy(info), old
        if strategy.as_served is not None:
            old = strategy.as_served(old)
        if user:
            strategy.default(draft, context)
            trail.note(DEFAULT, draft)
        for owned in ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink"):
            carry(meta, old_meta, owned)
        meta["resourceVersion"] = old_meta.get("resourceVersion")
        carry_by_subresource(draft, old, strategy, subresource)
        self.field_managers.note(draft, old, info, context, manager=manager, user=user, has_status=strategy.has_status)
        trail.note(SERVER, draft)
        attributes = Attributes(UPDATE, info, *_place(draft), draft, old, subresource, actor)
        admission = self._admission_context(said, strategy, context, trail)
        if error := self._run(attributes, admission, "admit"):
            return Outcome(error=error, warnings=_once(said))
        draft = attributes.object or draft
        meta = draft["metadata"]
        if error := strategy.begin(draft, old, context):
            return Outcome(error=error, warnings=_once(said))
        status = subresource == "status"
        prepare = (strategy.prepare_for_status if status else None) or strategy.prepare_for_update
        prepare(draft, old, context)
        checked = draft
        if user:
            checked = thaw(draft)  # what is empty is validated, but neither compared nor stored
            self._drop_empty(draft, info)
        wanted = checked if strategy.empty_counts else draft
        if strategy.generation_fields and not status and generation_rises(wanted, old, strategy):
            checked["metadata"]["generation"] = meta["generation"] = (old_meta.get("generation") or 0) + 1
        unchanged = same(draft, old)
        if user or not unchanged:
            trail.note(SERVER, draft)
            validate = (strategy.validate_status if status else None) or strategy.validate_update
            trusted = status and not user
            common = [*_common_errors(checked, info), *_common_update_errors(checked, old)] if user else []
            if not trusted and (errors := [*common, *validate(checked, old, context)]):
                return Outcome(error=answers.invalid_status(info.group_kind, attributes.name, errors), warnings=_once(said))
        if strategy.status_warnings or (user and not status):
            said.extend(strategy.warnings(draft, old, context))
        if error := self._run(attributes, admission, "validate"):
            return Outcome(error=error, warnings=_once(said))
        if unchanged:
            return Outcome(kept, warnings=_once(said), changed=False)
        if strategy.as_stored is not None:
            draft = strategy.as_stored(draft)
        ref = ref_of(draft)
        gone = deletion.is_complete(draft)
        stored = self._store(ref, draft, actor, because, subresource=subresource, dry_run=dry_run, writes=admission.writes, trail=trail)
        if gone and not dry_run:
            self._write(ref, None, actor, because)
        return Outcome(stored, warnings=_once(said))

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
        strategy = self.strategy(info)
        said: list[str] = []
        attributes = Attributes(DELETE, info, ref.namespace, ref.name, None, old, user=actor)
        admission = self._admission_context(said, strategy, self._strategy_context(actor))
        for phase in ("admit", "validate"):
            if error := self._run(attributes, admission, phase):
                return Outcome(error=error, warnings=_once(said))
        if strategy.begin_deletion is not None and not is_deleting(old):
            old = strategy.begin_deletion(old, self._strategy_context(actor))
        marked = deletion.mark(old, strategy, propagation=propagation, grace=grace, now=self.now)
        if marked is old:
            return Outcome(old, warnings=_once(said), changed=False)
        if marked is not None:
            return Outcome(self._store(ref, dict(marked), actor, because, dry_run=dry_run, trail=self.recorder.like(SERVER)), warnings=_once(said))
        if not dry_run:
            self._write(ref, None, actor, because)
        return Outcome(old, warnings=_once(said))

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

    def _decode(
        self, obj: Object, info: KindInfo, user: bool, validation: str, duplicates: Iterable[Path]
    ) -> tuple[Draft, Status | None, tuple[str, ...]]:
        if not user:
            return thaw(obj), None, ()
        lifecycle = self.catalog.lifecycle(info.api_version, info.kind)
        deprecated = (lifecycle.warning,) if lifecycle is not None and lifecycle.warning else ()
        if (custom := self._custom_kinds().get((info.api_version, info.kind))) is not None:
            from kplan.apiserver.customresources.serving import decode_custom

            decoded: tuple[Draft, Status | None, tuple[str, ...]]
            decoded = decode_custom(obj, custom[0], custom[1], mode=validation, duplicates=duplicates)
            return decoded
        from kplan.apiserver.decoding import decode

        draft, error, warnings = decode(obj, info, self.catalog, mode=validation, duplicates=duplicates)
        return draft, error, (*deprecated, *warnings)

    def _drop_empty(self, draft: Draft, info: KindInfo) -> None:
        """Leave out empty lists and maps, which are not stored; custom resources keep theirs."""
        if (info.api_version, info.kind) not in self._custom_kinds():
            from kplan.apiserver.decoding import drop_empty

            drop_empty(draft, info, self.catalog)

    def _to_storage(self, draft: Draft, info: KindInfo, trail: Trail) -> tuple[Draft, KindInfo]:
        stored_as = self.storage_info(info)
        if stored_as.api_version == info.api_version:
            return draft, info
        from kplan.apiserver.conversion import convert

        converted = convert(draft, stored_as)
        trail.note(CONVERSION, converted)
        return converted, stored_as

    def _fill_meta(self, draft: Draft, info: KindInfo, strategy: Strategy) -> None:
        """Set what the server owns: name, UID, timestamps, generation.

        Mirrors: rest.FillObjectMetaSystemFields, rest.BeforeCreate.
        """
        meta = draft["metadata"]
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = self._generated_name(info, meta)
        for dropped in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion"):
            meta.pop(dropped, None)
        if not info.namespaced:
            meta.pop("namespace", None)
        meta["uid"] = self.names.uid(f"{info.group_kind}/{meta.get('namespace', '')}/{meta.get('name', '')}")
        meta["creationTimestamp"] = write_instant(self.now)
        if strategy.generation_fields and strategy.first_generation:
            meta["generation"] = strategy.first_generation
        if strategy.has_status and not strategy.prepares_status:
            draft.pop("status", None)

    def _generated_name(self, info: KindInfo, meta: Draft) -> str:
        """A name nobody has yet; the server, too, draws up to eight times."""
        name = ""
        for _ in range(8):
            name = self.names.generate(meta["generateName"])
            if self.view.get(Ref(info.group_kind, meta.get("namespace") or "", name)) is None:
                break
        return name

    def _store(
        self,
        ref: Ref,
        draft: Draft,
        actor: str,
        because: str,
        *,
        subresource: str = "",
        dry_run: bool = False,
        writes: Iterable[tuple[Ref, Object]] = (),
        trail: Trail = SILENT,
    ) -> Object:
        if dry_run:
            return draft
        for other, obj in writes:
            self._commit(other, obj, "kube-apiserver", "usage-counted", "status")
        return self._commit(ref, draft, actor, because, subresource, trail)

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

    def _run(self, attributes: Attributes, context: AdmissionContext, phase: str) -> Status | None:
        for plugin in self.plugins:
            check = plugin.admit if phase == "admit" else plugin.validate
            if check is None or not plugin.handles(attributes):
                continue
            if error := check(attributes, context):
                return error
            context.trail.note(admission_by(plugin.name), attributes.object)
        if phase == "admit" and context.wants_again and not context.again:
            context.again = True
            return self._run(attributes, context, phase)
        return None

    def _strategy_context(self, actor: str, subresource: str = "", *, dry_run: bool = False, requested: str = "") -> StrategyContext:
        gates = self.catalog.gates
        return StrategyContext(gates, self.view, self.now, self.cloud, subresource, dry_run, actor, self.memo, requested, [])

    def _admission_context(
        self, said: list[str], strategy: Strategy, context: StrategyContext, trail: Trail = SILENT
    ) -> AdmissionContext:
        def default(draft: Draft) -> None:
            strategy.default(draft, context)
            trail.note(DEFAULT, draft)

        made = AdmissionContext(self.view, self.catalog, self.catalog.gates, self.now, self.memo, default, said)
        made.kinds, made.shape, made.dry_run = self._all_kinds, self.field_managers.shape, context.dry_run
        made.trail = trail
        return made

    def _all_kinds(self) -> list[KindInfo]:
        return [*self.catalog.kinds(), *self.custom_kinds()]


def _once(said: list[str]) -> tuple[str, ...]:
    """Warnings, each of them once."""
    return tuple(dict.fromkeys(said))


def _common_errors(draft: Draft, info: KindInfo) -> Errors:
    """What is wrong with ObjectMeta whatever the kind."""
    meta = draft["metadata"]
    return validate_object_meta(meta, namespaced=info.namespaced, name_rule=name_is_path_segment, kube_finalizers=False)


def _common_update_errors(draft: Draft, old: Object) -> Errors:
    """What is wrong with a change of ObjectMeta whatever the kind."""
    return validate_object_meta_update(draft["metadata"], old["metadata"], kube_finalizers=False)


def no_such_kind(obj: Object) -> Status:
    """404: the server does not serve this kind."""
    return Status(404, "NotFound", "the server could not find the requested resource", details={"kind": obj.get("kind")})


def _place(draft: Draft) -> tuple[str, str]:
    meta = draft["metadata"]
    return meta.get("namespace") or "", meta.get("name") or ""
