"""One request under way: what is done for its kind, what it may ask, and what has been said of it so far.

Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go,
         staging/src/k8s.io/apiserver/pkg/admission/chain.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kplan.apiserver import outcome as answers
from kplan.apiserver.admission.contract import AdmissionContext, Attributes, Check, Plugin
from kplan.apiserver.field import Errors, FieldError
from kplan.apiserver.outcome import Outcome, Status
from kplan.apiserver.rules.metadata import validate_object_meta, validate_object_meta_update
from kplan.apiserver.rules.names import name_is_path_segment
from kplan.apiserver.stages import DEFAULT, SILENT, Trail, admission_by
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.catalog.kinds import KindInfo
from kplan.model.objects import Object, name_of, namespace_of


@dataclass(slots=True)
class Request:
    """A create, an update or a delete."""

    info: KindInfo
    strategy: Strategy
    context: StrategyContext
    admission: AdmissionContext
    plugins: tuple[Plugin, ...]
    because: str
    user: bool
    """Whether a user sent it: then it is checked whatever it is, and nothing in it is trusted."""
    manager: str
    trail: Trail = SILENT

    def __post_init__(self) -> None:
        self.admission.default = self.default

    def leave(self, trail: Trail) -> None:
        """Keep a trail from here on."""
        self.trail = self.admission.trail = trail

    def become(self, info: KindInfo, strategy: Strategy) -> None:
        """Go on as a request in the version that is kept."""
        self.info, self.strategy = info, strategy

    @property
    def is_status(self) -> bool:
        """Whether it is for the ``status`` subresource."""
        return self.context.subresource == "status"

    def default(self, draft: Draft) -> None:
        """Fill in the API's defaults."""
        self.strategy.default(draft, self.context)
        self.trail.note(DEFAULT, draft)

    # -- admission -----------------------------------------------------------------------------------------------

    def attributes(self, operation: str, draft: Draft | None, old: Object | None) -> Attributes:
        """The request as admission sees it."""
        subject = draft if draft is not None else old or {}
        place = namespace_of(subject), name_of(subject)
        return Attributes(operation, self.info, *place, draft, old, self.context.subresource, self.context.actor)

    def mutate(self, attributes: Attributes) -> Status | None:
        """Run mutating admission; once more where a plugin wants that."""
        refusal = self._ask(attributes, ((p, p.admit) for p in self.plugins))
        if refusal is None and self.admission.wants_again and not self.admission.again:
            self.admission.again = True
            return self.mutate(attributes)
        return refusal

    def validate(self, attributes: Attributes) -> Status | None:
        """Run validating admission."""
        return self._ask(attributes, ((p, p.validate) for p in self.plugins))

    def _ask(self, attributes: Attributes, checks: Iterable[tuple[Plugin, Check | None]]) -> Status | None:
        for plugin, check in checks:
            if check is None or not plugin.handles(attributes):
                continue
            if error := check(attributes, self.admission):
                return error
            self.trail.note(admission_by(plugin.name), attributes.object)
        return None

    # -- validation ----------------------------------------------------------------------------------------------

    def errors_of_create(self, draft: Draft) -> list[FieldError]:
        """What is wrong with a new object."""
        return list(self.strategy.validate(draft, self.context)) or (list(self._meta_errors(draft)) if self.user else [])

    def errors_of_update(self, draft: Draft, old: Object) -> list[FieldError]:
        """What is wrong with a change; status updates of the cluster's own are trusted."""
        if self.is_status and not self.user:
            return []
        validate = (self.strategy.validate_status if self.is_status else None) or self.strategy.validate_update
        common: list[FieldError] = []
        if self.user:
            changed = validate_object_meta_update(draft["metadata"], old["metadata"], kube_finalizers=False)
            common = [*self._meta_errors(draft), *changed]
        return [*common, *validate(draft, old, self.context)]

    def _meta_errors(self, draft: Draft) -> Errors:
        """What is wrong with ObjectMeta whatever the kind."""
        namespaced, meta = self.info.namespaced, draft["metadata"]
        return validate_object_meta(meta, namespaced=namespaced, name_rule=name_is_path_segment, kube_finalizers=False)

    # -- the answer ----------------------------------------------------------------------------------------------

    def warn(self, draft: Draft, old: Object | None) -> None:
        """Say what the kind's strategy warns of."""
        self.context.warnings.extend(self.strategy.warnings(draft, old, self.context))

    def refused(self, error: Status) -> Outcome:
        """The answer to a request that is not granted."""
        return Outcome(error=error, warnings=self._said())

    def invalid(self, draft: Draft, errors: Iterable[FieldError]) -> Outcome:
        """The answer to a request that breaks the rules of its kind."""
        return self.refused(answers.invalid_status(self.info.group_kind, name_of(draft), errors))

    def granted(self, obj: Object, *, changed: bool = True) -> Outcome:
        """The answer to a request that is granted."""
        return Outcome(obj, warnings=self._said(), changed=changed)

    def _said(self) -> tuple[str, ...]:
        """The warnings, each of them once."""
        return tuple(dict.fromkeys(self.context.warnings))
