"""Questions about authorization. Whoever binds ``authorizer`` answers them.

Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/authz.go (1.36)
Differs: selectors narrow nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "authorizer_path": lambda authorizer, path: authorizer.path(path),
    "authorizer_group": lambda authorizer, group: authorizer.group(group),
    "authorizer_serviceaccount": lambda authorizer, namespace, name: authorizer.as_service_account(namespace, name),
    "groupcheck_resource": lambda check, resource: check.resource(resource),
    "resourcecheck_subresource": lambda check, subresource: check.about(subresource=subresource),
    "resourcecheck_namespace": lambda check, namespace: check.about(namespace=namespace),
    "resourcecheck_name": lambda check, name: check.about(name=name),
    "authorizer_fieldselector": lambda check, selector: check,
    "authorizer_labelselector": lambda check, selector: check,
    "pathcheck_check": lambda check, verb: check.check(verb),
    "resourcecheck_check": lambda check, verb: check.check(verb),
    "decision_errored": lambda decision: False,
    "decision_error": lambda decision: "",
    "decision_allowed": lambda decision: decision.allowed,
    "decision_reason": lambda decision: decision.reason,
}
