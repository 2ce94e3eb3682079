"""What the API server does for custom resources: the strategy of one version of a custom kind.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/{strategy,status_strategy,validator}.go (1.36)
Differs: versions are converted as with the strategy None; conversion webhooks are not called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from kplan.apiserver.customresources.correlation import Correlated
from kplan.apiserver.customresources.embedded import validate_embedded
from kplan.apiserver.customresources.listtypes import validate_list_types
from kplan.apiserver.customresources.openapi import Validator
from kplan.apiserver.customresources.pruning import drop_nulls, fill_defaults, prune
from kplan.apiserver.customresources.rules import Check, Rules, rules_of
from kplan.apiserver.customresources.schemas import Schema, properties_of
from kplan.apiserver.customresources.versions import condition, deprecation_warning
from kplan.apiserver.field import ROOT, Errors, ErrorType, FieldError, invalid
from kplan.apiserver.outcome import Status, forbidden
from kplan.apiserver.rules.metadata import validate_object_meta, validate_object_meta_update
from kplan.apiserver.rules.names import is_qualified_name, name_is_dns_subdomain
from kplan.apiserver.strategy import Draft, StrategyContext
from kplan.model.gotext import go_quote, go_text, go_type
from kplan.model.objects import Object, thaw

STATUS = ROOT.child("status")
_BLOCKING = (ErrorType.NOT_SUPPORTED, ErrorType.REQUIRED, ErrorType.TOO_LONG, ErrorType.TOO_MANY, ErrorType.TYPE_INVALID)
_NOT_ALL_CHECKED = (
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
)
_STANDARD_FINALIZERS = ("orphan", "foregroundDeletion", "kubernetes")
_MAX_INT32 = 2**31 - 1


class CustomKind:
    """One version of a custom kind. What its schema says is compiled when it is first needed."""

    def __init__(self, crd: Object, version: Mapping[str, Any]) -> None:
        self.crd, self.version = crd, version
        self.spec: Mapping[str, Any] = crd["spec"]
        self.group: str = self.spec["group"]
        self.kind: str = self.spec["names"]["kind"]
        self.name: str = version["name"]
        self.schema: Schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
        subresources = version.get("subresources") or {}
        self.has_status = subresources.get("status") is not None
        self.scale: Mapping[str, Any] | None = subresources.get("scale")
        self.prunes = not self.spec.get("preserveUnknownFields")

    @property
    def api_version(self) -> str:
        """``group/version``."""
        return f"{self.group}/{self.name}"

    @cached_property
    def validator(self) -> Validator:
        """The schema."""
        return Validator(self.schema)

    @cached_property
    def status_validator(self) -> Validator | None:
        """The schema of status."""
        status = properties_of(self.schema).get("status")
        return None if status is None else Validator(status)

    @cached_property
    def rules(self) -> Rules | None:
        """The rules of the schema."""
        return rules_of(self.schema, root=True)

    # -- the steps of a request ---------------------------------------------------------------------------------

    def converted(self, obj: Object) -> Draft:
        """An object of another version in this one."""
        draft: Draft = thaw(obj)
        draft["apiVersion"] = self.api_version
        if self.prunes:
            prune(draft, self.schema, root=True)
            drop_nulls(draft, self.schema)
        fill_defaults(draft, self.schema)
        return draft

    def default(self, draft: Draft, context: StrategyContext) -> None:
        """Fill in the defaults of the schema."""
        fill_defaults(draft, self.schema)

    def begin(self, draft: Draft, old: Object | None, context: StrategyContext) -> Status | None:
        """Nothing is created while its definition is being deleted."""
        if old is None and condition(self.crd, "Terminating") == "True":
            resource = f"{self.spec['names']['plural']}.{self.group}"
            name = draft["metadata"].get("name") or ""
            return forbidden(resource, name, "create not allowed while custom resource definition is terminating")
        return None

    def prepare_for_create(self, draft: Draft, context: StrategyContext) -> None:
        """The generation counts everything but metadata and status."""
        draft["metadata"]["generation"] = 1

    def prepare_for_update(self, draft: Draft, old: Object, context: StrategyContext) -> None:
        """Raise the generation where more than metadata changed."""
        if context.subresource != "status" and _without_metadata(draft) != _without_metadata(old):
            draft["metadata"]["generation"] = (old["metadata"].get("generation") or 0) + 1

    def validate(self, obj: Object, context: StrategyContext) -> list[FieldError]:
        """Everything on create."""
        namespaced = self.spec["scope"] == "Namespaced"
        errors = list(
            validate_object_meta(obj["metadata"], namespaced=namespaced, name_rule=name_is_dns_subdomain, kube_finalizers=False)
        )
        errors += self.validator.errors(obj, ROOT)
        errors += [*self._spec_scale(obj), *self._status_scale(obj)]
        errors += validate_embedded(obj, self.schema, ROOT)
        errors += validate_list_types(obj, self.schema, ROOT)
        return errors + self._rule_errors(errors, obj, None, None, context)

    def validate_update(self, new: Object, old: Object, context: StrategyContext) -> list[FieldError]:
        """Everything on update; what was wrong before and is unchanged is let through."""
        both = Correlated(new, old, self.schema)
        errors = list(validate_object_meta_update(new["metadata"], old["metadata"], kube_finalizers=False))
        if context.subresource == "status":
            status = new.get("status")
            if status is not None and self.status_validator is not None:
                errors += self.status_validator.errors(status, STATUS, both.key("status"))
        else:
            errors += self.validator.errors(new, ROOT, both)
            errors += self._spec_scale(new)
        errors += self._status_scale(new)
        if context.subresource != "status":
            errors += validate_embedded(new, self.schema, ROOT)
        if not any(validate_list_types(old, self.schema, ROOT)):
            errors += validate_list_types(new, self.schema, ROOT)
        return errors + self._rule_errors(errors, new, old, both, context)

    def _rule_errors(
        self, errors: list[FieldError], new: Object, old: Object | None, both: Correlated | None, context: StrategyContext
    ) -> list[FieldError]:
        if self.rules is None:
            return []
        if any(e.type in _BLOCKING for e in errors):
            return [invalid(ROOT, "null", _NOT_ALL_CHECKED)]
        check = Check()
        check.run(self.rules, new, old, ROOT, both)
        context.warnings.extend(check.warnings)
        return check.errors

    def _spec_scale(self, obj: Object) -> Errors:
        if self.scale is not None:
            yield from _validate_replicas(obj, self.scale["specReplicasPath"])

    def _status_scale(self, obj: Object) -> Errors:
        if self.scale is None:
            return
        yield from _validate_replicas(obj, self.scale["statusReplicasPath"])
        path = self.scale.get("labelSelectorPath")
        if path is not None:
            value, said = _find(obj, path)
            if not said and value is not None and not isinstance(value, str):
                said = f"{_dotted(path)} accessor error: {go_text(value)} is of the type {go_type(value)}, expected string"
            if said:
                yield invalid(ROOT.child(path), "", said)

    def warnings(self, new: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
        """Deprecated versions, and finalizers others may use too."""
        if warning := deprecation_warning(self.spec, self.version):
            yield warning
        if context.subresource == "status":
            return
        before = () if old is None else old["metadata"].get("finalizers") or ()
        for finalizer in sorted(set(new["metadata"].get("finalizers") or ()).difference(before)):
            yield from _finalizer_warnings(finalizer)


def _without_metadata(obj: Object) -> dict[str, Any]:
    return {k: v for k, v in obj.items() if k not in ("metadata", "apiVersion", "kind")}


def _finalizer_warnings(name: str) -> Iterator[str]:
    shown = f"metadata.finalizers: {go_quote(name)}"
    for said in is_qualified_name(name):
        yield f"{shown}: {said}"
    if "/" not in name and name not in _STANDARD_FINALIZERS:
        path = " including a path (/)" if "." in name else ""
        yield f"{shown}: prefer a domain-qualified finalizer name{path} to avoid accidental conflicts with other finalizer writers"


def _validate_replicas(obj: Object, path: str) -> Errors:
    value, said = _find(obj, path)
    if not said and value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        said = f"{_dotted(path)} accessor error: {go_text(value)} is of the type {go_type(value)}, expected int64"
    replicas = value if isinstance(value, int) and not said else 0
    if not said and replicas < 0:
        said = "should be a non-negative integer"
    elif not said and replicas > _MAX_INT32:
        said = f"should be less than or equal to {_MAX_INT32}"
    if said:
        yield invalid(ROOT.child(path), replicas, said)


def _dotted(path: str) -> str:
    return "." + path.removeprefix(".")


def _find(obj: Object, path: str) -> tuple[Any, str]:
    """The value at a simple path, and why it cannot be found."""
    here: Any = obj
    steps = path.removeprefix(".").split(".")
    for i, step in enumerate(steps):
        if here is None:
            return None, ""
        if not isinstance(here, Mapping):
            where = "." + ".".join(steps[: i + 1])
            return None, f"{where} accessor error: {go_text(here)} is of the type {go_type(here)}, expected map[string]interface{{}}"
        if step not in here:
            return None, ""
        here = here[step]
    return here, ""
