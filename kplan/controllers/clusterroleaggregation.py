"""Gives a ClusterRole with an aggregation rule the rules of all ClusterRoles its selectors match.

It applies them, server-side and by force: rules take those of others away, but no rules take away only its own.

Mirrors: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go (1.36)
Differs: where nobody's fields are kept, the rules are taken for its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.engine.contract import Context, Key, Noop, Steps, Update, Watch
from kplan.model.objects import Object, Ref, get_in, labels_of, ref_of
from kplan.model.selectors import from_label_selector
from kplan.store.journal import Write
from kplan.store.view import View

KIND = "ClusterRole.rbac.authorization.k8s.io"
_FIELDS = ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")
_OURS = ("clusterrole-aggregation-controller", "kube-controller-manager")


def _aggregating(write: Write, view: View) -> Iterable[Key]:
    """Every role that aggregates: nobody knows who depends on whom."""
    if write.seq == 0:
        return (write.ref,) if write.after is not None and write.after.get("aggregationRule") else ()
    return [ref_of(r) for r in view.objects(KIND) if r.get("aggregationRule")]


class ClusterRoleAggregation:
    """The key is a ClusterRole."""

    name = "clusterrole-aggregation-controller"
    priority = 0
    watches = (Watch(KIND, _aggregating, "a role it may take rules from"),)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Set the union of the selected roles' rules."""
        assert isinstance(key, Ref)
        role = view.get(key)
        if role is None or not role.get("aggregationRule"):
            return
        rules = aggregated_rules(role, view)
        if [_plain(r) for r in role.get("rules") or ()] == rules:
            yield Noop("rules-are-current")
        elif not rules and _are_somebody_elses(role):
            yield Noop("rules-are-somebody-elses")
        else:
            yield Update({**role, "rules": rules or None}, because="aggregation-rule")


def _are_somebody_elses(role: Object) -> bool:
    """Whether somebody else is said to manage the rules of a role."""
    return any(e.get("manager") not in _OURS and "f:rules" in (e.get("fieldsV1") or ()) for e in role["metadata"].get("managedFields") or ())


def aggregated_rules(role: Object, view: View) -> list[dict[str, Any]]:
    """The rules of the selected roles, selector by selector, by name, each once."""
    rules: list[dict[str, Any]] = []
    for selector in get_in(role, ("aggregationRule", "clusterRoleSelectors")) or ():
        wanted = from_label_selector(selector)
        for other in view.objects(KIND):
            if ref_of(other) != ref_of(role) and wanted.matches(labels_of(other)):
                for rule in map(_plain, other.get("rules") or ()):
                    if rule not in rules:
                        rules.append(rule)
    return rules


def _plain(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {f: rule[f] for f in _FIELDS if rule.get(f)}


CONTROLLER = ClusterRoleAggregation
