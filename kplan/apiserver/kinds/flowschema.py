"""FlowSchemas.

Mirrors: pkg/registry/flowcontrol/flowschema/strategy.go, pkg/apis/flowcontrol/validation/validation.go,
         pkg/apis/flowcontrol/v1/defaults.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import SPEC, Errors, FieldPath, forbidden, invalid, not_supported, required
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.flowcontrol import MANDATORY_FLOW_SCHEMAS, same_spec, validate_status
from kplan.apiserver.rules.metadata import validate_object_meta
from kplan.apiserver.rules.names import each_invalid, name_is_dns_label, name_is_dns_subdomain
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object, name_of

_DEFAULT_PRECEDENCE, _MOST_PRECEDENCE = 1000, 10000
_METHODS = ("ByNamespace", "ByUser")
_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch")
_SUBJECTS = {"ServiceAccount": "serviceAccount", "User": "user", "Group": "group"}
_FORBIDDEN_ORDER = {
    "ServiceAccount": ("User", "Group"),
    "User": ("ServiceAccount", "Group"),
    "Group": ("ServiceAccount", "User"),
}
"""Which other subjects may not be given with one, in the order they are named."""


def _default(schema: Draft, _: StrategyContext) -> None:
    spec = schema["spec"] = schema.get("spec") or {}
    spec["matchingPrecedence"] = spec.get("matchingPrecedence") or _DEFAULT_PRECEDENCE


def _prepare_for_create(schema: Draft, _: StrategyContext) -> None:
    schema["status"] = {}


def _validate(schema: Object, _: StrategyContext) -> Errors:
    yield from validate_object_meta(schema["metadata"], namespaced=False, name_rule=name_is_dns_subdomain)
    name, spec = name_of(schema), schema["spec"]
    yield from _validate_spec(name, spec)
    if name in MANDATORY_FLOW_SCHEMAS and not same_spec(spec, MANDATORY_FLOW_SCHEMAS[name]):
        shown = internal_json("flowcontrol.FlowSchemaSpec", spec)
        yield invalid(SPEC, shown, f"spec of '{name}' must equal the fixed value")
    yield from validate_status(schema.get("status") or {})


def _validate_update(schema: Object, _: Object, ctx: StrategyContext) -> Errors:
    return validate_status(schema.get("status") or {}) if ctx.subresource == "status" else _validate(schema, ctx)


def _validate_spec(name: str, spec: Object) -> Errors:
    precedence, path = spec.get("matchingPrecedence") or 0, SPEC.child("matchingPrecedence")
    if precedence <= 0:
        yield invalid(path, precedence, "must be a positive value")
    if precedence > _MOST_PRECEDENCE:
        yield invalid(path, precedence, f"must not be greater than {_MOST_PRECEDENCE}")
    if precedence == 1 and name != "exempt":
        yield invalid(path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1")
    method = spec.get("distinguisherMethod")
    if method is not None and method.get("type") not in _METHODS:
        shown = internal_json("flowcontrol.FlowDistinguisherMethod", method)
        yield not_supported(SPEC.child("distinguisherMethod", "type"), shown, _METHODS)
    level, path = (spec.get("priorityLevelConfiguration") or {}).get("name") or "", SPEC.child("priorityLevelConfiguration", "name")
    if level:
        yield from each_invalid(path, level, name_is_dns_subdomain(level, False))
    else:
        yield required(path, "must reference a priority level")
    for i, rule in enumerate(spec.get("rules") or ()):
        yield from _validate_rule(rule, SPEC.child("rules").index(i))


def _validate_rule(rule: Object, path: FieldPath) -> Errors:
    subjects, resources, others = (rule.get(f) or [] for f in ("subjects", "resourceRules", "nonResourceRules"))
    for i, subject in enumerate(subjects):
        yield from _validate_subject(subject, path.child("subjects").index(i))
    if not subjects:
        yield required(path.child("subjects"), "subjects must contain at least one value")
    if not resources and not others:
        yield required(path, "at least one of resourceRules and nonResourceRules has to be non-empty")
    for i, one in enumerate(resources):
        yield from _validate_resource_rule(one, path.child("resourceRules").index(i))
    for i, one in enumerate(others):
        yield from _validate_non_resource_rule(one, path.child("nonResourceRules").index(i))


def _validate_subject(subject: Object, path: FieldPath) -> Errors:
    kind = subject.get("kind") or ""
    if kind not in _SUBJECTS:
        yield not_supported(path.child("kind"), kind, ("Group", "ServiceAccount", "User"))
        return
    field = _SUBJECTS[kind]
    given, here = subject.get(field), path.child(field)
    if given is None:
        yield required(here, f"{field} is required when subject kind is '{kind}'")
    else:
        yield from _validate_named_subject(kind, given, here)
    for other in _FORBIDDEN_ORDER[kind]:
        field = _SUBJECTS[other]
        if subject.get(field) is not None:
            yield forbidden(path.child(field), f"{field} is forbidden when subject kind is not '{other}'")


def _validate_named_subject(kind: str, given: Object, path: FieldPath) -> Errors:
    name, namespace = given.get("name") or "", given.get("namespace") or ""
    if not name:
        yield required(path.child("name"))
    if kind != "ServiceAccount":
        return
    if name and name != "*":
        yield from each_invalid(path.child("name"), name, name_is_dns_subdomain(name, False))
    if namespace:
        yield from each_invalid(path.child("namespace"), namespace, name_is_dns_label(namespace, False))
    else:
        yield required(path.child("namespace"), "must specify namespace for service account")


def _validate_verbs(rule: Object, path: FieldPath) -> Errors:
    verbs, here = rule.get("verbs") or [], path.child("verbs")
    if not verbs:
        yield required(here, "verbs must contain at least one value")
    elif "*" in verbs:
        if len(verbs) > 1:
            yield invalid(here, verbs, "if '*' is present, must not specify other verbs")
    elif not set(verbs) <= set(_VERBS):
        yield not_supported(here, verbs, _VERBS)


def _validate_resource_rule(rule: Object, path: FieldPath) -> Errors:
    yield from _validate_verbs(rule, path)
    for field, one, several in (("apiGroups", "api group", "api groups"), ("resources", "resource", "resources")):
        given = rule.get(field) or []
        if not given:
            yield required(path.child(field), f"resource rules must supply at least one {one}")
        elif len(given) > 1 and "*" in given:
            yield invalid(path.child(field), given, f"if '*' is present, must not specify other {several}")
    namespaces, here = rule.get("namespaces") or [], path.child("namespaces")
    if not namespaces and not rule.get("clusterScope"):
        yield required(here, "resource rules that are not cluster scoped must supply at least one namespace")
    elif "*" in namespaces:
        if len(namespaces) > 1:
            yield invalid(here, namespaces, "if '*' is present, must not specify other namespaces")
    else:
        for i, namespace in enumerate(namespaces):
            for message in name_is_dns_label(namespace, False):
                yield invalid(here.index(i), namespace, f"each member of this list must be '*' or a DNS-1123 label; {message}")


def _validate_non_resource_rule(rule: Object, path: FieldPath) -> Errors:
    yield from _validate_verbs(rule, path)
    urls, here = rule.get("nonResourceURLs") or [], path.child("nonResourceURLs")
    if not urls:
        yield required(here, "nonResourceURLs must contain at least one value")
    elif "*" in urls:
        if len(urls) > 1:
            yield invalid(here, urls, "if '*' is present, must not specify other non-resource URLs")
    else:
        for i, url in enumerate(urls):
            if said := _bad_url(url):
                yield invalid(here.index(i), url, said)


def _bad_url(url: str) -> str:
    """What is wrong with the path of a URL; "" where nothing is."""
    if not url:
        return "must not be empty"
    if not url.startswith("/"):
        return "must start with slash"
    if " " in url:
        return "must not contain white-space"
    if "//" in url:
        return "must not contain double slash"
    stars = url.count("*")
    return "wildcard can only do suffix matching" if stars > 1 or (stars and not url.endswith("/*")) else ""


STRATEGY = Strategy(
    kind="FlowSchema.flowcontrol.apiserver.k8s.io",
    default=_default,
    prepare_for_create=_prepare_for_create,
    validate=_validate,
    validate_update=_validate_update,
    has_status=True,
)
