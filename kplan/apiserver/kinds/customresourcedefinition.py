"""CustomResourceDefinitions.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/defaults.go,
         staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kplan.apiserver.customresources.approval import is_certificate_bundle
from kplan.apiserver.customresources.crd import (
    MAX_SELECTABLE_FIELDS,
    Options,
    is_recognized,
    schemas_of,
    validate_approval,
    validate_preserve_unknown_fields,
    validate_spec,
    validate_status,
    validate_stored_versions,
)
from kplan.apiserver.customresources.crdschemas import TYPES, SchemaOptions, is_atomic_item, validate_list_keys
from kplan.apiserver.customresources.defaults import has_unknown_fields
from kplan.apiserver.customresources.openapi import recognized_format
from kplan.apiserver.customresources.schemas import (
    LIST_TYPE,
    Schema,
    all_schemas,
    any_schema,
    items_of,
    structural_refusal,
    type_of,
    validate_structural,
)
from kplan.apiserver.customresources.versions import CLEANUP, is_established, with_condition
from kplan.apiserver.field import ROOT, SPEC, Errors
from kplan.apiserver.rules.metadata import validate_immutable, validate_object_meta, validate_object_meta_update
from kplan.apiserver.rules.names import Messages, NameRule, name_is_dns_subdomain
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object


def _default(draft: Draft, context: StrategyContext) -> None:
    spec = draft["spec"]
    names = spec.setdefault("names", {"plural": "", "kind": ""})
    kind = names.get("kind") or ""
    if not names.get("singular") and kind:
        names["singular"] = kind.lower()
    if not names.get("listKind") and kind:
        names["listKind"] = f"{kind}List"
    conversion = spec.get("conversion")
    if conversion is None:
        conversion = spec["conversion"] = {"strategy": "None"}
    service = ((conversion.get("webhook") or {}).get("clientConfig") or {}).get("service")
    if service is not None and service.get("port") is None:
        service["port"] = 443
    status = draft.setdefault("status", {})
    if not status.get("storedVersions") and (storage := _storage_version(draft)) is not None:
        status["storedVersions"] = [storage]


def _storage_version(crd: Object) -> str | None:
    versions = crd["spec"].get("versions") or ()
    return next((v.get("name") or "" for v in versions if v.get("storage")), None)


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    storage = _storage_version(draft)
    stored = None if storage is None else [storage]
    draft["status"] = {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored}


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    storage = _storage_version(draft)
    stored = (draft.get("status") or {}).get("storedVersions") or []
    if context.subresource != "status" and storage is not None and storage not in stored:
        draft["status"] = {**(draft.get("status") or {}), "storedVersions": [*stored, storage]}


def _name_rule(crd: Object) -> NameRule:
    spec = crd["spec"]
    expected = f"{(spec.get('names') or {}).get('plural') or ''}.{spec.get('group') or ''}"

    def rule(name: str, prefix: bool) -> Messages:
        said = list(name_is_dns_subdomain(name, prefix))
        if name != expected:
            said.append('must be spec.names.plural+"."+spec.group')
        return tuple(said)

    return rule


def _validate(crd: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(crd["metadata"], namespaced=False, name_rule=_name_rule(crd), kube_finalizers=False)
    yield from validate_spec(crd["spec"], Options())
    yield from _validate_rest(crd, None)


def _validate_rest(crd: Object, old: Object | None) -> Errors:
    yield from validate_status(crd)
    yield from validate_stored_versions(crd)
    yield from validate_approval(crd, old)
    yield from validate_preserve_unknown_fields(crd, old)


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta_update(new["metadata"], old["metadata"], kube_finalizers=False)
    if context.subresource == "status":
        yield from validate_status(new)
        return
    spec, before = new["spec"], old["spec"]
    yield from validate_spec(spec, _update_options(new, old))
    names, names_before = spec.get("names") or {}, before.get("names") or {}
    if is_established(old):
        yield from validate_immutable(spec.get("scope") or "", before.get("scope") or "", SPEC.child("scope"))
        yield from validate_immutable(names.get("kind") or "", names_before.get("kind") or "", SPEC.child("names", "kind"))
    yield from validate_immutable(spec.get("group") or "", before.get("group") or "", SPEC.child("group"))
    yield from validate_immutable(names.get("plural") or "", names_before.get("plural") or "", SPEC.child("names", "plural"))
    yield from _validate_rest(new, old)


def _update_options(new: Object, old: Object) -> Options:
    """What the old definition did not keep to, the new one need not keep to either."""
    before = old["spec"]
    webhook = (before.get("conversion") or {}).get("webhook") or {}
    reviews = webhook.get("conversionReviewVersions") or []
    bundle = (webhook.get("clientConfig") or {}).get("caBundle") or ""
    old_versions = {v.get("name"): v for v in before.get("versions") or ()}
    pairs = [(v, o) for v in new["spec"].get("versions") or () if (o := old_versions.get(v.get("name"))) is not None]
    many = (
        v["name"]
        for v, o in pairs
        if len(o.get("selectableFields") or ()) > MAX_SELECTABLE_FIELDS and v.get("selectableFields") == o.get("selectableFields")
    )
    whole = [(v.get("schema") or {}).get("openAPIV3Schema") is not None for v in old_versions.values()]

    def held(test: Callable[[Schema], bool]) -> bool:
        return not any(any_schema(s, test) for s in schemas_of(before))

    return Options(
        schema=SchemaOptions(
            structural=not any(structural_refusal(s) or validate_structural(s, ROOT) for s in schemas_of(before)),
            valid_types=held(lambda s: bool(type_of(s)) and type_of(s) not in TYPES),
            pruned_defaults=not any(map(has_unknown_fields, schemas_of(before))),
            atomic_sets=held(_is_non_atomic_set),
            list_map_keys=held(lambda s: any(validate_list_keys(s, ROOT))),
        ),
        recognized_reviews=not reviews or is_recognized(reviews),
        require_schema=all(whole),
        any_ca_bundle=not is_established(old) or (bool(bundle) and not is_certificate_bundle(bundle)),
        unchanged_schemas=frozenset(v["name"] for v, o in pairs if v.get("schema") == o.get("schema")),
        many_selectable=frozenset(many),
    )


def _is_non_atomic_set(schema: Schema) -> bool:
    items = items_of(schema)
    return schema.get(LIST_TYPE) == "set" and items is not None and not is_atomic_item(items)


def _begin_deletion(crd: Object, context: StrategyContext) -> Object:
    """The objects of its kind go first: a finalizer waits for that."""
    finalizers = crd["metadata"].get("finalizers") or []
    if CLEANUP in finalizers:
        return crd
    condition = {
        "type": "Terminating",
        "status": "True",
        "reason": "InstanceDeletionPending",
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    }
    return with_condition({**crd, "metadata": {**crd["metadata"], "finalizers": [*finalizers, CLEANUP]}}, condition, context.now)


def _unrecognized_formats(crd: Object) -> list[str]:
    schemas = list(schemas_of(crd["spec"]))
    if all(s == schemas[0] for s in schemas[1:]):
        schemas = schemas[:1]
    every = (s for schema in schemas for s in all_schemas(schema))
    return [form for s in every if (form := s.get("format") or "") and not recognized_format(form, type_of(s))]


def _warnings(new: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    if context.subresource == "status":
        return
    known: Any = () if old is None else set(_unrecognized_formats(old))
    for form in _unrecognized_formats(new):
        if form not in known:
            yield f'unrecognized format "{form}"'


STRATEGY = Strategy(
    kind="CustomResourceDefinition.apiextensions.k8s.io",
    default=_default,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    begin_deletion=_begin_deletion,
    has_status=True,
    prepares_status=True,
)
