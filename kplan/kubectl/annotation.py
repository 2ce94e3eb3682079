"""The last-applied annotation, as kubectl writes and reads it.

Mirrors: staging/src/k8s.io/kubectl/pkg/util/apply.go (1.36)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kplan.kubectl.info import with_metadata
from kplan.model.gotext import go_json
from kplan.model.objects import Object

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def last_applied(obj: Object) -> str | None:
    """The annotation's text, None where there is none."""
    return read_annotations(obj).get(LAST_APPLIED)


def read_annotations(obj: Object) -> dict[str, str]:
    """An object's annotations as kubectl reads them: null is "", and one that is no text makes it see none at all."""
    metadata = obj.get("metadata")
    found = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    if not isinstance(found, Mapping):
        return {}
    texts = {k: "" if v is None else v for k, v in found.items()}
    return texts if all(isinstance(v, str) for v in texts.values()) else {}


def modified_configuration(obj: Object) -> tuple[dict[str, Any], str]:
    """The object of a file with the annotation it is to have, and that annotation's text: itself as one line of JSON."""
    own = {k: v for k, v in read_annotations(obj).items() if k != LAST_APPLIED}
    text = go_json(with_metadata(obj, annotations=own)) + "\n"
    return with_metadata(obj, annotations={**own, LAST_APPLIED: text}), text


def original_configuration(obj: Object) -> Any:
    """What was applied last, {} where nothing was.

    Raises: ValueError where the annotation is no JSON.
    """
    text = last_applied(obj)
    return json.loads(text) if text else {}


def updated_annotation(obj: Object, *, create: bool) -> Object:
    """The object with the annotation written anew; without ``create`` only where it has one (``--save-config``)."""
    if not create and not last_applied(obj):
        return obj
    return modified_configuration(obj)[0]
