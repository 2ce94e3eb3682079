"""Namespace.

Mirrors: pkg/registry/core/namespace/strategy.go, pkg/apis/core/v1/defaults.go, pkg/apis/core/validation/validation.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import ROOT, SPEC, Errors, FieldPath, invalid
from kplan.apiserver.rules.metadata import (
    validate_finalizer_name,
    validate_kube_finalizer_name,
    validate_object_meta,
    validate_update_of,
)
from kplan.apiserver.rules.names import name_is_dns_label
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import EMPTY, Object, is_deleting

NAME_LABEL = "kubernetes.io/metadata.name"


def _label_with_name(draft: Draft) -> None:
    meta = draft["metadata"]
    if meta.get("name"):
        meta["labels"] = {**(meta.get("labels") or EMPTY), NAME_LABEL: meta["name"]}


def _default(draft: Draft, context: StrategyContext) -> None:
    _label_with_name(draft)
    status = draft["status"] = draft.get("status") or {}
    if not status.get("phase"):
        status["phase"] = "Active"


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    draft["status"] = {"phase": "Active"}
    spec = draft["spec"] = draft.get("spec") or {}
    finalizers = list(spec.get("finalizers") or ())
    if "kubernetes" not in finalizers:
        finalizers.append("kubernetes")
    spec["finalizers"] = finalizers
    _label_with_name(draft)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    if context.subresource != "finalize":
        draft["spec"] = {**(draft.get("spec") or EMPTY), "finalizers": (old.get("spec") or EMPTY).get("finalizers") or []}
    if context.subresource != "status" and old.get("status") is not None:
        draft["status"] = old["status"]
    _label_with_name(draft)


def _validate_finalizers(obj: Object, path: FieldPath, *, indexed: bool) -> Errors:
    for i, finalizer in enumerate((obj.get("spec") or EMPTY).get("finalizers") or ()):
        here = path.index(i) if indexed else path
        yield from validate_finalizer_name(finalizer, here)
        yield from validate_kube_finalizer_name(finalizer, here)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=False, name_rule=name_is_dns_label)
    yield from _validate_finalizers(obj, SPEC.child("finalizers"), indexed=False)


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    if context.subresource == "":
        yield from _validate(new, context)
    yield from validate_update_of(new, old)
    if context.subresource == "finalize":
        yield from _validate_finalizers(new, SPEC.child("finalizers"), indexed=True)
    if context.subresource == "status":
        phase, deleting = (new.get("status") or EMPTY).get("phase") or "", is_deleting(new)
        if phase != ("Terminating" if deleting else "Active"):
            said = "may only be 'Terminating' if `deletionTimestamp` is not empty"
            if not deleting:
                said = "may only be 'Active' if `deletionTimestamp` is empty"
            yield invalid(ROOT.child("status", "Phase"), phase, said)


STRATEGY = Strategy(
    kind="Namespace",
    default=_default,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    has_status=True,
    generation_fields=(),
)
