"""Pod templates as controllers compare and hash them, by the Go types of the plan's minor.

Each minor has fields of its own, empty ones are hashed too: one template has another hash in each.

Mirrors: pkg/controller/controller_utils.go ComputeHash; getPatch of pkg/controller/{statefulset,daemon} (1.36)
"""

from __future__ import annotations

from functools import cache
from typing import Any

from kplan.catalog.catalog import Catalog
from kplan.model.gojson import encode
from kplan.model.hashing import TemplateHasher
from kplan.model.objects import Object
from kplan.model.spew import GoTypes, read_go_types


@cache
def _types(minor: str) -> GoTypes:
    return read_go_types(Catalog.at(minor).pod_template_go_types)


@cache
def hasher(minor: str) -> TemplateHasher:
    """What computes ``pod-template-hash`` at a Kubernetes minor."""
    return TemplateHasher(_types(minor))


def revision_data(template: Object, minor: str) -> dict[str, Any]:
    """What a ControllerRevision keeps of a StatefulSet or DaemonSet: a patch that puts the template back."""
    return {"spec": {"template": {**encode(_types(minor), "v1.PodTemplateSpec", template), "$patch": "replace"}}}


def template_in(revision: Object) -> dict[str, Any]:
    """The pod template a ControllerRevision puts back."""
    template = ((revision.get("data") or {}).get("spec") or {}).get("template") or {}
    return {k: v for k, v in template.items() if k != "$patch"}
