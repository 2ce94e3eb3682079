"""Where kinds keep a pod's spec, and the containers in it that a command means.

Mirrors: staging/src/k8s.io/kubectl/pkg/polymorphichelpers/updatepodspec.go, pkg/cmd/set/helper.go (1.36)
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from kplan.apiserver.merge.lookup import PatchSchema
from kplan.apiserver.merge.request import STRATEGIC
from kplan.apiserver.merge.strategicdiff import create_two_way_patch
from kplan.kubectl.client import CLIENT, Client
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, aggregate
from kplan.kubectl.info import Info
from kplan.model.objects import Object, thaw

_TEMPLATE = ("spec", "template", "spec")
POD_SPECS: dict[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "ReplicationController": _TEMPLATE,
    "Deployment.apps": _TEMPLATE,
    "DaemonSet.apps": _TEMPLATE,
    "ReplicaSet.apps": _TEMPLATE,
    "StatefulSet.apps": _TEMPLATE,
    "Job.batch": _TEMPLATE,
    "CronJob.batch": ("spec", "jobTemplate", *_TEMPLATE),
}

Draft = dict[str, Any]


def pod_spec_in(draft: Draft, info: Info) -> Draft | Failure:
    """The pod spec inside a draft of an object, made where it is missing."""
    path = POD_SPECS.get(info.kind.group_kind)
    if path is None:
        return Failure(f"the object is not a pod or does not have a pod template: *{info.kind.version}.{info.kind.kind}")
    spec = draft
    for step in path:
        spec = spec.setdefault(step, {})
    return spec


def chosen(spec: Draft, selector: str) -> list[Draft]:
    """The containers a selector with ``*`` matches, those of the init phase last."""
    every = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    return [c for c in every if matches(c.get("name") or "", selector)]


def matches(name: str, selector: str) -> bool:
    """kubectl's own reading of a name with ``*`` in it: each part must be found, in place and without backtracking."""
    if selector == "*" or "*" not in selector:
        return selector in ("*", name)
    at = 0
    parts = selector.split("*")
    for i, part in enumerate(parts):
        if not part:
            continue
        found = name[at:].find(part)
        if found < at or (i == 0 and at) or (i == len(parts) - 1 and len(name) != len(part) + found):
            return False
        at = found
    return True


Change = Callable[[Draft, Info], AnyFailure | None]
"""Changes a draft in place; gives back what is wrong with the object."""


def patch_all(
    command: Command,
    infos: list[Info],
    change: Change,
    operation: str,
    failed: str,
    *,
    check: Callable[[], Failure | None] = lambda: None,
    always: bool = False,
) -> AnyFailure | None:
    """Change every object with a strategic merge patch of the difference.

    ``failed`` begins the message about a refused patch; ``check`` is asked after each patch; ``always``: an empty patch
    is sent too.
    """
    errors: list[AnyFailure | None] = []
    for info in infos:
        live = info.object or {}
        draft = thaw(live)
        if (wrong := change(draft, info)) is not None:
            errors.append(Failure(f"error: {info.object_name} {wrong}\n"))
            continue
        body = difference(command.client, info, live, draft)
        if not body and not always:
            continue
        if command.arguments.values.get("local") or command.dry_run == CLIENT:
            command.say(draft, operation)
            continue
        outcome = command.client.patch(
            info.kind, info.namespace, info.name, STRATEGIC, body, manager=command.arguments["field-manager"], dry_run=command.dry_run
        )
        if outcome.error is not None:
            errors.append(Failure(f"{failed}{outcome.error.message}"))
            continue
        if (late := check()) is not None:
            return late
        command.say(command.client.in_version(outcome.object or {}, info.kind), operation)
    return aggregate(errors)


def difference(client: Client, info: Info, before: Object, after: Object) -> Draft:
    """The strategic merge patch from one state of an object to another."""
    return create_two_way_patch(before, copy.deepcopy(dict(after)), PatchSchema(client.server.catalog, info.kind.definition))
