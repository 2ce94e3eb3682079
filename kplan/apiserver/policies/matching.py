"""Whether a policy or a binding is about a request, and in which version of its resource.

Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/matching/matching.go,
         staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/{rules,namespace,object}/*.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kplan.apiserver.admission.contract import CREATE, UPDATE, AdmissionContext, Attributes
from kplan.catalog.kinds import KindInfo
from kplan.model.objects import Ref
from kplan.model.selectors import from_label_selector

GROUP = "admissionregistration.k8s.io"
EXEMPT = frozenset(
    f"{kind}.{GROUP}"
    for kind in (
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
    )
)
"""Kinds that no policy in the cluster is asked about."""
SUBRESOURCES = frozenset(("", "status", "scale", "binding", "eviction", "resize", "ephemeralcontainers", "approval", "finalize", "token"))
_SHARED_STORAGE = (frozenset(("Event", "Event.events.k8s.io")),)


class MatchError(Exception):
    """A request that cannot be matched; its text is the server's."""


def match(resources: Mapping[str, Any], attributes: Attributes, context: AdmissionContext) -> KindInfo | None:
    """The version in which ``matchConstraints`` or ``matchResources`` match a request, None where they do not.

    Raises: MatchError.
    """
    namespace_error: MatchError | None = None
    try:
        if not _matches_namespace(resources.get("namespaceSelector"), attributes, context):
            return None
    except MatchError as error:
        namespace_error = error
    if not _matches_object(resources.get("objectSelector"), attributes):
        return None
    policy = resources.get("matchPolicy")
    if _match_rules(resources.get("excludeResourceRules") or (), policy, attributes, context) is not None:
        return None
    rules = resources.get("resourceRules") or ()
    matched = _match_rules(rules, policy, attributes, context) if rules else attributes.info
    if matched is not None and namespace_error is not None:
        raise namespace_error
    return matched


def _matches_namespace(selector: Mapping[str, Any] | None, attributes: Attributes, context: AdmissionContext) -> bool:
    is_namespace = attributes.kind == "Namespace"
    chosen = from_label_selector(selector)
    if (not attributes.namespace and not is_namespace) or chosen.empty:
        return True
    if is_namespace and not attributes.subresource and attributes.operation in (CREATE, UPDATE):
        return chosen.matches(_labels(attributes.object))
    name = attributes.name if is_namespace else attributes.namespace
    found = context.view.get(Ref("Namespace", "", name))
    if found is None:
        raise MatchError(f'namespaces "{name}" not found')
    return chosen.matches(_labels(found))


def _matches_object(selector: Mapping[str, Any] | None, attributes: Attributes) -> bool:
    chosen = from_label_selector(selector)
    if chosen.empty:
        return True
    return any(obj is not None and chosen.matches(_labels(obj)) for obj in (attributes.object, attributes.old))


def _labels(obj: Mapping[str, Any] | None) -> Mapping[str, str]:
    return ((obj or {}).get("metadata") or {}).get("labels") or {}


def _match_rules(
    rules: Sequence[Mapping[str, Any]], policy: str | None, attributes: Attributes, context: AdmissionContext
) -> KindInfo | None:
    if not rules:
        return None
    candidates = [attributes.info]
    if policy == "Equivalent":
        candidates.extend(_equivalents(attributes, context))
    for info in candidates:
        for rule in rules:
            if _matches_rule(rule, info, attributes):
                names = rule.get("resourceNames") or ()
                if not names or attributes.name in names:
                    return info
    return None


def _equivalents(attributes: Attributes, context: AdmissionContext) -> Iterator[KindInfo]:
    """The other names under which the same objects can be asked for."""
    asked = attributes.info
    shared = next((s for s in _SHARED_STORAGE if asked.group_kind in s), frozenset((asked.group_kind,)))
    for info in context.kinds():
        if info.group_kind in shared and info.api_version != asked.api_version:
            yield info


def _matches_rule(rule: Mapping[str, Any], info: KindInfo, attributes: Attributes) -> bool:
    return (
        _in_scope(rule.get("scope") or "*", attributes)
        and _listed(rule.get("operations"), attributes.operation)
        and _listed(rule.get("apiGroups"), info.group)
        and _listed(rule.get("apiVersions"), info.version)
        and any(_is_resource(text, info.plural, attributes.subresource) for text in rule.get("resources") or ())
    )


def _in_scope(scope: str, attributes: Attributes) -> bool:
    cluster = attributes.kind == "Namespace" or not attributes.namespace
    return scope == "*" or (scope == "Cluster") is cluster


def _listed(items: Sequence[str] | None, wanted: str) -> bool:
    return any(item in ("*", wanted) for item in items or ())


def _is_resource(text: str, plural: str, subresource: str) -> bool:
    resource, _, sub = text.partition("/")
    return resource in ("*", plural) and sub in ("*", subresource)
