"""Rules, role references and subjects of RBAC.

Mirrors: pkg/apis/rbac/validation/validation.go, pkg/apis/rbac/v1/defaults.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import ROOT, Errors, FieldPath, invalid, not_supported, required
from kplan.apiserver.rules.metadata import validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import Messages, each_invalid, is_path_segment_name, name_is_dns_subdomain
from kplan.apiserver.strategy import Draft, StrategyContext
from kplan.model.gotext import go_struct
from kplan.model.objects import Object

GROUP = "rbac.authorization.k8s.io"
_SUBJECTS = ("ServiceAccount", "User", "Group")
_REFERENCE = ("APIGroup", "Kind", "Name")


def name_is_rbac_name(name: str, _: bool) -> Messages:
    """The rule for names in RBAC: any segment of a URL."""
    return is_path_segment_name(name)


def validate_policy_rules(role: Object, *, namespaced: bool) -> Errors:
    """ObjectMeta and rules of a Role or ClusterRole."""
    yield from validate_object_meta(role["metadata"], namespaced=namespaced, name_rule=name_is_rbac_name)
    for i, rule in enumerate(role.get("rules") or ()):
        yield from validate_policy_rule(rule, ROOT.child("rules").index(i), namespaced=namespaced)


def validate_policy_rule(rule: Object, path: FieldPath, *, namespaced: bool) -> Errors:
    """One rule: verbs, and either resources or URLs."""
    if not rule.get("verbs"):
        yield required(path.child("verbs"), "verbs must contain at least one value")
    urls, here = rule.get("nonResourceURLs"), path.child("nonResourceURLs")
    if urls:
        if namespaced:
            yield invalid(here, urls, "namespaced rules cannot apply to non-resource URLs")
        if any(rule.get(f) for f in ("apiGroups", "resources", "resourceNames")):
            yield invalid(here, urls, "rules cannot apply to both regular resources and non-resource URLs")
        return
    if not rule.get("apiGroups"):
        yield required(path.child("apiGroups"), "resource rules must supply at least one api group")
    if not rule.get("resources"):
        yield required(path.child("resources"), "resource rules must supply at least one resource")


def default_binding(binding: Draft, _: StrategyContext) -> None:
    """Give roleRef and subjects their API group."""
    reference = binding["roleRef"] = binding.get("roleRef") or {}
    reference["apiGroup"] = reference.get("apiGroup") or GROUP
    reference["kind"], reference["name"] = reference.get("kind") or "", reference.get("name") or ""
    for subject in binding.get("subjects") or ():
        if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
            subject["apiGroup"] = GROUP


def validate_binding(binding: Object, kinds: tuple[str, ...], *, namespaced: bool) -> Errors:
    """ObjectMeta, roleRef and subjects of a RoleBinding or ClusterRoleBinding; ``kinds`` are those it may refer to."""
    yield from validate_object_meta(binding["metadata"], namespaced=namespaced, name_rule=name_is_rbac_name)
    reference, path = binding.get("roleRef") or {}, ROOT.child("roleRef")
    group, kind, name = (reference.get(f) or "" for f in ("apiGroup", "kind", "name"))
    if group != GROUP:
        yield not_supported(path.child("apiGroup"), group, (GROUP,))
    if kind not in kinds:
        yield not_supported(path.child("kind"), kind, kinds)
    if name:
        yield from each_invalid(path.child("name"), name, is_path_segment_name(name))
    else:
        yield required(path.child("name"))
    for i, subject in enumerate(binding.get("subjects") or ()):
        yield from _validate_subject(subject, ROOT.child("subjects").index(i), namespaced=namespaced)


def _validate_subject(subject: Object, path: FieldPath, *, namespaced: bool) -> Errors:
    group, kind, name = (subject.get(f) or "" for f in ("apiGroup", "kind", "name"))
    if not name:
        yield required(path.child("name"))
    if kind == "ServiceAccount":
        if name:
            yield from each_invalid(path.child("name"), name, name_is_dns_subdomain(name, False))
        if group:
            yield not_supported(path.child("apiGroup"), group, ("",))
        if not namespaced and not subject.get("namespace"):
            yield required(path.child("namespace"))
    elif kind not in _SUBJECTS:
        yield not_supported(path.child("kind"), kind, _SUBJECTS)
    elif group != GROUP:
        yield not_supported(path.child("apiGroup"), group, (GROUP,))


def validate_binding_update(binding: Object, old: Object) -> Errors:
    """What changes of a binding may not do: refer to another role."""
    yield from validate_update_of(binding, old)
    given, before = (o.get("roleRef") or {} for o in (binding, old))
    if any((given.get(f) or "") != (before.get(f) or "") for f in ("apiGroup", "kind", "name")):
        shown = dict(zip(_REFERENCE, (given.get(f) or "" for f in ("apiGroup", "kind", "name")), strict=True))
        yield invalid(ROOT.child("roleRef"), go_struct(shown, _REFERENCE), "cannot change roleRef")
