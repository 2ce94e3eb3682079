"""Telling Kubernetes objects from everything else that lies about in YAML, and kubectl's words for what is not one.

Mirrors: staging/src/k8s.io/kubectl/pkg/validation/validation.go: getObjectKind,
staging/src/k8s.io/cli-runtime/pkg/resource/visitor.go, metadata_decoder.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kplan.load.encrypted import encrypted_value
from kplan.load.kustomizations import FILES as KUSTOMIZATION_FILES

_VALIDATION_HINT = "if you choose to ignore these errors, turn validation off with --validate=false"
_CHART_FILES = frozenset(("Chart.yaml", "Chart.yml", "values.yaml", "values.yml", "values.schema.json"))
_KUSTOMIZE_GROUPS = ("kustomize.config.k8s.io/",)
_OBJECT_FIELDS = frozenset(("metadata", "spec", "data", "stringData", "items"))
_TEMPLATE = re.compile(r"\{\{")
_MANIFEST = re.compile(r"""^[\s{]*["']?(?:apiVersion|kind)["']?\s*:""", re.MULTILINE)

KUSTOMIZATION = "a kustomization, not an object: build it first (kubectl kustomize DIR | kplan … -f -)"
CHART = "part of a Helm chart: render it first (helm template DIR | kplan … -f -)"
TEMPLATE = "a Helm template, not YAML yet: render it first (helm template DIR | kplan … -f -)"
NOT_KUBERNETES = "not a Kubernetes object: it has neither apiVersion nor kind"


def foreign_file(name: str, *, in_chart: bool) -> str:
    """Why a file of that name holds no manifests; "" where it may."""
    if name in KUSTOMIZATION_FILES:
        return KUSTOMIZATION
    if in_chart:
        return CHART if name in _CHART_FILES else TEMPLATE
    return ""


def is_template(text: str) -> bool:
    """Whether a text that is no YAML looks like a template of it."""
    return _TEMPLATE.search(text) is not None


def looks_like_manifest(text: str) -> bool:
    """Whether a text that cannot be read was probably meant as a manifest."""
    return _MANIFEST.search(text) is not None


def foreign_value(value: Any) -> str:
    """Why a document that parsed is no manifest at all; "" where it is one, or a slip of one."""
    if not isinstance(value, Mapping):
        return NOT_KUBERNETES
    api_version, kind = value.get("apiVersion"), value.get("kind")
    if isinstance(api_version, str) and api_version.startswith(_KUSTOMIZE_GROUPS):
        return KUSTOMIZATION
    if api_version is None or kind is None:
        return "" if _looks_like_object(value) else NOT_KUBERNETES
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if any(isinstance(word, str) and "{{" in word for word in (api_version, kind, name)):
        return TEMPLATE
    return encrypted_value(value)


def _looks_like_object(value: Mapping[str, Any]) -> bool:
    """Whether one of apiVersion and kind is there beside what only objects have."""
    return ("apiVersion" in value or "kind" in value) and not _OBJECT_FIELDS.isdisjoint(value)


def kind_problem(value: Any) -> str:
    """What kubectl's validation says of a document's apiVersion and kind; "" where it has both."""
    if not isinstance(value, Mapping):
        return "invalid object to validate"
    problems = [p for p in (_api_version_problem(value.get("apiVersion")), _kind_problem(value.get("kind"))) if p]
    return problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]" if problems else ""


def _api_version_problem(api_version: Any) -> str:
    if api_version is None:
        return "apiVersion not set"
    if not isinstance(api_version, str):
        return "apiVersion isn't string type"
    if api_version.count("/") > 1:
        return f"unexpected GroupVersion string: {api_version}"
    return ""


def _kind_problem(kind: Any) -> str:
    if kind is None:
        return "kind not set"
    return "" if isinstance(kind, str) else "kind isn't string type"


def validation_failure(file: str, problem: str) -> str:
    """kubectl's line for a document its validation refuses."""
    return f'error validating "{file}": error validating data: {problem}; {_VALIDATION_HINT}'
