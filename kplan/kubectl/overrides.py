"""``--overrides``: a patch to an object that a command made of flags.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/util/override_options.go (1.36)
"""

from __future__ import annotations

import json
from typing import Any

from kplan.apiserver.merge.request import PatchRequest
from kplan.apiserver.outcome import Status
from kplan.kubectl.client import Client
from kplan.kubectl.failure import Failure
from kplan.kubectl.flags import flag
from kplan.model.objects import Object

FLAGS = (flag("overrides"), flag("override-type", default="merge"))


def overridden(client: Client, obj: Object, overrides: str, kind: str) -> Object | Failure:
    """The object with the patch applied; itself where there is none."""
    if not overrides:
        return obj
    if kind not in ("json", "merge", "strategic"):
        return Failure(f"invalid override type: {kind}")
    try:
        body: Any = json.loads(overrides)
    except ValueError as problem:
        return Failure(f"Invalid JSON Patch: {problem}")
    info = client.resolve(obj["apiVersion"], obj["kind"])
    if info is None:
        return obj
    patched = PatchRequest(kind, body, info, client.server.catalog)(obj)
    return Failure(patched.message) if isinstance(patched, Status) else patched
