"""CustomResourceDefinitions themselves: everything but what is inside their schemas.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kplan.apiserver.customresources.approval import APPROVAL, approval_state, is_certificate_bundle, is_protected
from kplan.apiserver.customresources.crdschemas import SchemaOptions, validate_validation
from kplan.apiserver.customresources.fieldpaths import PathRefused, find_field
from kplan.apiserver.customresources.internal import internal_spec, show_versions
from kplan.apiserver.customresources.schemas import (
    EMBEDDED,
    INT_OR_STRING,
    LIST_MAP_KEYS,
    LIST_TYPE,
    PRESERVE,
    VALIDATIONS,
    Schema,
    any_schema,
    structural_refusal,
    type_of,
)
from kplan.apiserver.field import (
    METADATA,
    ROOT,
    SPEC,
    Errors,
    FieldPath,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_many,
)
from kplan.apiserver.rules.names import byte_length, is_dns1035_label, is_dns1123_subdomain
from kplan.apiserver.rules.webhooks import validate_webhook_service, validate_webhook_url
from kplan.model.objects import Object

STATUS = ROOT.child("status")
MAX_SELECTABLE_FIELDS, MAX_DEPRECATION_WARNING = 8, 256
SCOPES = ("Cluster", "Namespaced")
STRATEGIES = ("None", "Webhook")
_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_REVIEW_VERSIONS = ("v1", "v1beta1")
_SELECTABLE = ("string", "boolean", "integer")


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of a definition; less is asked of what an older object did not keep to."""

    schema: SchemaOptions = field(default_factory=SchemaOptions)
    recognized_reviews: bool = True
    require_schema: bool = True
    any_ca_bundle: bool = True
    unchanged_schemas: frozenset[str] = frozenset()
    """Versions whose expressions may be as costly as they were."""
    many_selectable: frozenset[str] = frozenset()
    """Versions ("" for all) that may keep too many selectable fields."""

    def of_version(self, version: str) -> SchemaOptions:
        """What is asked of the schema of a version."""
        return replace(self.schema, suppress_costs=True) if version in self.unchanged_schemas else self.schema


def validate_spec(given: Mapping[str, Any], options: Options) -> Errors:
    """``spec``, as the manifest has it."""
    spec = internal_spec(given)
    yield from _validate_group(spec.get("group") or "")
    scope = spec.get("scope") or ""
    if not scope:
        yield required(SPEC.child("scope"))
    elif scope not in SCOPES:
        yield not_supported(SPEC.child("scope"), scope, SCOPES)
    yield from _validate_schemas_are_there(spec, options)
    keeps_unknown = bool(spec.get("preserveUnknownFields"))
    defaults = any(any_schema(s, _has_default) for s in schemas_of(spec))
    if keeps_unknown and defaults:
        yield invalid(SPEC.child("preserveUnknownFields"), True, "must be false in order to use defaults in the schema")
    if not keeps_unknown or defaults or any(any_schema(s, _is_extended) for s in schemas_of(spec)):
        options = replace(options, schema=replace(options.schema, structural=True))
    yield from _validate_versions(spec, options)
    yield from _validate_required_names(spec.get("names") or {})
    yield from validate_names(spec.get("names") or {}, SPEC.child("names"))
    any_status = _has_status(spec.get("subresources")) or any(_has_status(v.get("subresources")) for v in spec.get("versions") or ())
    shared = options.of_version(spec.get("version") or "")
    yield from validate_validation(spec.get("validation"), any_status, shared, SPEC.child("validation"))
    yield from validate_subresources(spec.get("subresources"), SPEC.child("subresources"))
    for i, column in enumerate(spec.get("additionalPrinterColumns") or ()):
        yield from validate_column(column, SPEC.child("additionalPrinterColumns").index(i))
    if spec.get("selectableFields"):
        if spec.get("validation") is None:
            yield invalid(SPEC.child("selectableFields"), "", "may only be set when validations.schema is included")
        else:
            yield from _validate_selectable(spec, spec["validation"].get("openAPIV3Schema"), SPEC, options, "", SPEC)
    yield from _validate_conversion(spec, options)


def _has_default(schema: Schema) -> bool:
    return schema.get("default") is not None


def _is_extended(schema: Schema) -> bool:
    flags = (EMBEDDED, INT_OR_STRING, LIST_MAP_KEYS, VALIDATIONS)
    return any(schema.get(k) for k in flags) or schema.get(PRESERVE) is not None or schema.get(LIST_TYPE) is not None


def schemas_of(spec: Mapping[str, Any]) -> Iterator[Schema]:
    """Every schema of a definition."""
    for validation in (spec.get("validation"), *(v.get("schema") for v in spec.get("versions") or ())):
        if validation and validation.get("openAPIV3Schema") is not None:
            yield validation["openAPIV3Schema"]


def _validate_group(group: str) -> Errors:
    path = SPEC.child("group")
    if not group:
        yield required(path)
    elif said := is_dns1123_subdomain(group):
        yield invalid(path, group, ",".join(said))
    elif "." not in group:
        yield invalid(path, group, "should be a domain with at least one dot")


def _validate_schemas_are_there(spec: Mapping[str, Any], options: Options) -> Errors:
    if (spec.get("validation") or {}).get("openAPIV3Schema") is not None:
        return
    for i, version in enumerate(spec.get("versions") or ()):
        if (version.get("schema") or {}).get("openAPIV3Schema") is not None:
            continue
        path = SPEC.child("versions").index(i).child("schema", "openAPIV3Schema")
        if options.require_schema:
            yield required(path)
        elif version.get("served") and not spec.get("preserveUnknownFields"):
            yield required(path, "because otherwise all fields are pruned")


def _has_status(subresources: Mapping[str, Any] | None) -> bool:
    return subresources is not None and subresources.get("status") is not None


def _validate_versions(spec: Mapping[str, Any], options: Options) -> Errors:
    path, versions = SPEC.child("versions"), spec.get("versions") or []
    own_subresources = any(v.get("subresources") is not None for v in versions)
    for i, version in enumerate(versions):
        at, name = path.index(i), version.get("name") or ""
        if said := is_dns1035_label(name):
            yield invalid(at.child("name"), name, ",".join(said))
        first = next(v for v in versions if (v.get("name") or "") == name)
        subresources = first.get("subresources") if own_subresources else spec.get("subresources")
        yield from _validate_version(version, at, _has_status(subresources), options)
    names = [v.get("name") or "" for v in versions]
    if len(set(names)) < len(names):
        yield invalid(path, show_versions(spec.get("versions")), "must contain unique version names")
    if sum(bool(v.get("storage")) for v in versions) != 1:
        yield invalid(path, show_versions(spec.get("versions")), "must have exactly one version marked as storage version")
    if (version := spec.get("version") or "") and (said := is_dns1035_label(version)):
        yield invalid(SPEC.child("version"), version, ",".join(said))


def _validate_version(version: Mapping[str, Any], path: FieldPath, status: bool, options: Options) -> Errors:
    warning, name = version.get("deprecationWarning"), version.get("name") or ""
    for said in _deprecation_problems(bool(version.get("deprecated")), warning):
        yield invalid(path.child("deprecationWarning"), warning, said)
    yield from validate_validation(version.get("schema"), status, options.of_version(name), path.child("schema"))
    yield from validate_subresources(version.get("subresources"), path.child("subresources"))
    for i, column in enumerate(version.get("additionalPrinterColumns") or ()):
        yield from validate_column(column, path.child("additionalPrinterColumns").index(i))
    if version.get("selectableFields"):
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if schema is None:
            said = "may only be set when `version.schema.openAPIV3Schema` is not included"
            yield invalid(path.child("selectableFields"), "", said)
        else:
            yield from _validate_selectable(version, schema, path, options, name, path)


def _deprecation_problems(deprecated: bool, warning: str | None) -> Iterator[str]:
    if warning is None:
        return
    if not deprecated:
        yield "can only be set for deprecated versions"
        return
    if byte_length(warning) > MAX_DEPRECATION_WARNING:
        yield "must be <= 256 characters long"
    if not warning:
        yield "must not be an empty string"
    at = 0
    for c in warning:
        if not c.isprintable():
            yield f"must only contain printable UTF-8 characters; non-printable character found at index {at}"
            return
        at += byte_length(c)


def _validate_selectable(
    of: Mapping[str, Any], schema: Schema | None, path: FieldPath, options: Options, version: str, schema_path: FieldPath
) -> Errors:
    at = path.child("selectableFields")
    if said := structural_refusal(schema):
        yield invalid(schema_path.child("schema", "openAPIV3Schema"), "", said)
    seen: set[str] = set()
    for i, selectable in enumerate(of["selectableFields"]):
        json_path, where = selectable.get("jsonPath") or "", at.index(i).child("jsonPath")
        if not json_path:
            yield required(where)
            continue
        try:
            found = find_field(json_path, schema or {}, keys=False)
        except PathRefused as refused:
            yield invalid(where, json_path, f"is an invalid path: {refused}")
            continue
        if found.steps and found.steps[0][0] == "metadata":
            yield invalid(where, json_path, "must not point to fields in metadata")
        if type_of(found.schema) not in _SELECTABLE:
            said = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."
            yield invalid(where, json_path, said)
        if found.text in seen:
            yield duplicate(where, json_path)
        seen.add(found.text)
    if len(seen) > MAX_SELECTABLE_FIELDS and version not in options.many_selectable:
        yield too_many(at, len(seen), MAX_SELECTABLE_FIELDS)


def _validate_required_names(names: Mapping[str, Any]) -> Errors:
    for key in ("plural", "singular", "kind", "listKind"):
        if not names.get(key):
            yield required(SPEC.child("names", key))


def validate_names(names: Mapping[str, Any], path: FieldPath) -> Errors:
    """The names of a kind, as they are wanted or as they were given."""
    for key in ("plural", "singular"):
        if (name := names.get(key)) and (said := is_dns1035_label(name)):
            yield invalid(path.child(key), name, ",".join(said))
    for key in ("kind", "listKind"):
        if (name := names.get(key)) and (said := is_dns1035_label(name.lower())):
            yield invalid(path.child(key), name, "may have mixed case, but should otherwise match: " + ",".join(said))
    yield from _each_label(names, "shortNames", path)
    if names.get("kind") and names["kind"] == names.get("listKind"):
        yield invalid(path.child("listKind"), names["listKind"], "kind and listKind may not be the same")
    yield from _each_label(names, "categories", path)


def _each_label(names: Mapping[str, Any], key: str, path: FieldPath) -> Errors:
    for i, name in enumerate(names.get(key) or ()):
        if said := is_dns1035_label(name):
            yield invalid(path.child(key).index(i), name, ",".join(said))


def validate_column(column: Mapping[str, Any], path: FieldPath) -> Errors:
    """A column that kubectl prints."""
    if not column.get("name"):
        yield required(path.child("name"))
    of_type, form, json_path = (column.get(k) or "" for k in ("type", "format", "jsonPath"))
    said = f"must be one of {','.join(_COLUMN_TYPES)}"
    if not of_type:
        yield required(path.child("type"), said)
    elif of_type not in _COLUMN_TYPES:
        yield invalid(path.child("type"), of_type, said)
    if form and form not in _COLUMN_FORMATS:
        yield invalid(path.child("format"), form, f"must be one of {','.join(_COLUMN_FORMATS)}")
    if not json_path:
        yield required(path.child("JSONPath"))
    else:
        yield from _validate_json_path(json_path, path.child("JSONPath"))


def _validate_json_path(text: str, path: FieldPath) -> Errors:
    if not text.startswith("."):
        yield invalid(path, text, "must be a simple json path starting with .")


def validate_subresources(subresources: Mapping[str, Any] | None, path: FieldPath) -> Errors:
    """Where ``scale`` finds the numbers."""
    scale = (subresources or {}).get("scale")
    if scale is None:
        return
    at = path.child("scale")
    for key, prefixes, said in (
        ("specReplicasPath", (".spec.",), "should be a json path under .spec"),
        ("statusReplicasPath", (".status.",), "should be a json path under .status"),
        ("labelSelectorPath", (".spec.", ".status."), "should be a json path under either .spec or .status"),
    ):
        value = scale.get(key) or ""
        if not value:
            if key != "labelSelectorPath":
                yield required(at.child(key))
        elif not value.startswith("."):
            yield from _validate_json_path(value, at.child(key))
        elif not value.startswith(prefixes):
            yield invalid(at.child(key), value, said)


def _validate_conversion(spec: Mapping[str, Any], options: Options) -> Errors:
    conversion, path = spec.get("conversion"), SPEC.child("conversion")
    if conversion is None:
        return
    strategy, webhook = conversion.get("strategy") or "", conversion.get("webhook") or {}
    if strategy != "None" and spec.get("preserveUnknownFields"):
        yield invalid(path.child("strategy"), strategy, "must be None if spec.preserveUnknownFields is true")
    if not strategy:
        yield required(path.child("strategy"))
    elif strategy not in STRATEGIES:
        yield not_supported(path.child("strategy"), strategy, STRATEGIES)
    client, reviews = webhook.get("clientConfig"), webhook.get("conversionReviewVersions") or []
    if strategy == "Webhook":
        yield from _validate_client(client, path.child("webhookClientConfig"), options)
        yield from _validate_reviews(reviews, path.child("conversionReviewVersions"), options)
        return
    for key, value in (("webhookClientConfig", client), ("conversionReviewVersions", reviews or None)):
        if value is not None:
            yield forbidden(path.child(key), "should not be set when strategy is not set to Webhook")


def _validate_client(client: Mapping[str, Any] | None, path: FieldPath, options: Options) -> Errors:
    if client is None:
        yield required(path, "required when strategy is set to Webhook")
        return
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        yield required(path, "exactly one of url or service is required")
    elif url is not None:
        yield from validate_webhook_url(url, path.child("url"))
    elif service is not None:
        yield from validate_webhook_service(service, path.child("service"))
    bundle = client.get("caBundle") or ""
    if bundle and not options.any_ca_bundle and not is_certificate_bundle(bundle):
        yield invalid(path.child("caBundle"), bundle, "unable to load root certificates: unable to parse bytes as PEM block")


def is_recognized(versions: Sequence[str]) -> bool:
    """Whether the server can talk to a conversion webhook."""
    return any(v in _REVIEW_VERSIONS for v in versions)


def _validate_reviews(versions: Sequence[str], path: FieldPath, options: Options) -> Errors:
    if not versions:
        yield required(path)
        return
    for i, version in enumerate(versions):
        if version in versions[:i]:
            yield invalid(path.index(i), version, "duplicate version")
            continue
        for said in is_dns1035_label(version):
            yield invalid(path.index(i), version, said)
    if options.recognized_reviews and not is_recognized(versions):
        yield invalid(path, list(versions), f"must include at least one of {', '.join(_REVIEW_VERSIONS)}")


def validate_status(crd: Object) -> Errors:
    """The names that were accepted, and the versions that objects are stored in."""
    status = crd.get("status") or {}
    yield from validate_names(status.get("acceptedNames") or {}, STATUS.child("acceptedNames"))


def validate_stored_versions(crd: Object) -> Errors:
    """status.storedVersions: the storage version is among them, and all are still there."""
    stored, path = (crd.get("status") or {}).get("storedVersions"), STATUS.child("storedVersions")
    if not stored:
        yield invalid(path, stored, "must have at least one stored version")
        return
    names = []
    for version in crd["spec"].get("versions") or ():
        name = version.get("name") or ""
        if version.get("storage") and (name not in stored or name in names):
            yield invalid(path, stored, f"must have the storage version {name}")
        names.append(name)
    for i, name in enumerate(stored):
        if name not in names:
            said = (
                f"missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a "
                f"storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
            )
            yield invalid(path.index(i), name, said)


def validate_approval(crd: Object, old: Object | None) -> Errors:
    """APIs in Kubernetes' own groups need an approval."""
    if not is_protected(crd["spec"].get("group") or ""):
        return
    state, why = approval_state(crd)
    if old is not None and approval_state(old)[0] == state:
        return
    path = METADATA.child("annotations").key(APPROVAL)
    if state == "missing":
        yield required(path, why)
    elif state == "invalid":
        yield invalid(path, (crd["metadata"].get("annotations") or {}).get(APPROVAL) or "", why)


def validate_preserve_unknown_fields(crd: Object, old: Object | None) -> Errors:
    """spec.preserveUnknownFields is a thing of the past."""
    if old is not None and old["spec"].get("preserveUnknownFields"):
        return
    if crd["spec"].get("preserveUnknownFields"):
        said = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        yield invalid(SPEC.child("preserveUnknownFields"), True, said)
