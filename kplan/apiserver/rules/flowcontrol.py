"""What FlowSchemas and PriorityLevelConfigurations have in common: conditions, and objects nobody may change.

Mirrors: pkg/apis/flowcontrol/validation/validation.go, staging/src/k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap/default.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.field import ROOT, Errors, duplicate, required
from kplan.model.objects import Object


def validate_status(status: Object) -> Errors:
    """Conditions have a type each, and each another one."""
    path, seen = ROOT.child("status", "conditions"), set()
    for i, condition in enumerate(status.get("conditions") or ()):
        kind = condition.get("type") or ""
        if kind in seen:
            yield duplicate(path.index(i).child("type"), kind)
        seen.add(kind)
        if not kind:
            yield required(path.index(i).child("type"))


def _everything(*groups: str) -> list[Any]:
    return [
        {
            "subjects": [{"kind": "Group", "group": {"name": g}} for g in groups],
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": True, "namespaces": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
        }
    ]


MANDATORY_FLOW_SCHEMAS: Mapping[str, Object] = {
    "exempt": {
        "priorityLevelConfiguration": {"name": "exempt"},
        "matchingPrecedence": 1,
        "rules": _everything("system:masters"),
    },
    "catch-all": {
        "priorityLevelConfiguration": {"name": "catch-all"},
        "matchingPrecedence": 10000,
        "distinguisherMethod": {"type": "ByUser"},
        "rules": _everything("system:unauthenticated", "system:authenticated"),
    },
}
MANDATORY_PRIORITY_LEVELS: Mapping[str, Object] = {
    "exempt": {"type": "Exempt"},
    "catch-all": {
        "type": "Limited",
        "limited": {"nominalConcurrencyShares": 5, "limitResponse": {"type": "Reject"}, "lendablePercent": 0},
    },
}
"""The specs of the objects the server keeps as they are; what is ``exempt`` of a level may change."""


def same_spec(a: Any, b: Any) -> bool:
    """Whether two specs say the same; what is empty is as if it were absent."""
    return bool(_bare(a) == _bare(b))


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: found for k, v in value.items() if (found := _bare(v)) not in (None, "", [], False)}
    if isinstance(value, list):
        return [_bare(v) for v in value]
    return value
