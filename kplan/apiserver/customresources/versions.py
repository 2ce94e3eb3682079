"""The versions of a custom kind, their order and what is said of deprecated ones; and the conditions of its definition.

Mirrors: staging/src/k8s.io/apimachinery/pkg/version/helpers.go, staging/src/k8s.io/apiextensions-apiserver/pkg/apihelpers/helpers.go,
         staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kplan.model.instants import write_instant
from kplan.model.objects import Object

CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
"""The finalizer of a definition that is being deleted while objects of its kind are there."""

_VERSION = re.compile(r"v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?")
_STAGES = {"alpha": 0, "beta": 1, None: 2}


def version_order(name: str) -> tuple[Any, ...]:
    """A key that sorts versions from old to new: ``v1beta2`` before ``v1``; other names before all, backwards."""
    match = _VERSION.fullmatch(name)
    if match is None:
        return (0, [-ord(c) for c in name])
    return (1, _STAGES[match[2]], int(match[1]), int(match[3] or 0))


def deprecation_warning(spec: Mapping[str, Any], version: Mapping[str, Any]) -> str:
    """What a request for a deprecated version is told; "" for others."""
    if not version.get("deprecated"):
        return ""
    own = version.get("deprecationWarning")
    if own is not None:
        return str(own)
    group, kind, name = spec["group"], spec["names"]["kind"], version["name"]
    newer = [
        v["name"]
        for v in spec["versions"]
        if v.get("served") and not v.get("deprecated") and version_order(v["name"]) > version_order(name)
    ]
    use = f"; use {group}/{max(newer, key=version_order)} {kind}" if newer else ""
    return f"{group}/{name} {kind} is deprecated{use}"


def condition(crd: Object, of_type: str) -> str:
    """The status of a condition of a definition; "" where it is not there."""
    conditions = (crd.get("status") or {}).get("conditions") or ()
    return next((c["status"] for c in conditions if c["type"] == of_type), "")


def with_condition(crd: Object, made: Mapping[str, str], now: float) -> Object:
    """The definition with a condition set; its time changes only with its status."""
    status = crd.get("status") or {}
    conditions = list(status.get("conditions") or ())
    at = next((i for i, c in enumerate(conditions) if c["type"] == made["type"]), len(conditions))
    old = conditions[at] if at < len(conditions) else {}
    kept = old.get("lastTransitionTime") if old.get("status") == made["status"] else None
    conditions[at : at + 1] = [{**made, "lastTransitionTime": kept or write_instant(now)}]
    return {**crd, "status": {**status, "conditions": conditions}}


def is_established(crd: Object) -> bool:
    """Whether the kind of a definition was served at some time."""
    return condition(crd, "Established") == "True"


def is_served(crd: Object) -> bool:
    """Whether the kind of a definition is served: nobody has objected to its names yet."""
    return is_established(crd) or (
        not condition(crd, "Established") and condition(crd, "NamesAccepted") != "False"
    )
