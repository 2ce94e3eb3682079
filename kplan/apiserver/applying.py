"""Server-side apply at the door: the configuration becomes the whole object, which is then created or updated.

Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go: applyPatcher (1.36)
"""

from __future__ import annotations

from dataclasses import replace

from kplan.apiserver import outcome as answers
from kplan.apiserver.conversion import convert
from kplan.apiserver.outcome import Outcome, Status
from kplan.apiserver.server import APIServer
from kplan.catalog.kinds import KindInfo
from kplan.model.objects import Object, Ref
from kplan.model.secrets import values_of, without_values


def apply(
    server: APIServer,
    config: Object,
    info: KindInfo,
    ref: Ref,
    *,
    manager: str,
    force: bool = False,
    subresource: str = "",
    dry_run: bool = False,
) -> Outcome:
    """Apply a configuration of the object ``ref`` names."""
    stored = server.view.get(ref)
    live = stored if stored is None or stored["apiVersion"] == info.api_version else convert(stored, info)
    keeper = server.field_managers.of(info, server.strategy(server.storage_info(info)).has_status, server.now, subresource)
    is_unmanaged = stored is not None and not stored["metadata"].get("managedFields")
    if is_unmanaged:
        server.field_managers.unknown[ref] = None
    new = keeper.apply(live, config, manager, force or is_unmanaged)
    if isinstance(new, Status):
        return Outcome(error=replace(new, message=without_values(new.message, values_of(config, live))))
    if stored is not None:
        outcome = server.update(new, user=True, validation="Ignore", subresource=subresource, dry_run=dry_run)
    elif subresource:
        return Outcome(error=answers.not_found(info.resource, ref.name))
    elif uid := (config.get("metadata") or {}).get("uid"):
        why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        return Outcome(error=answers.conflict(info.resource, ref.name, why))
    else:
        outcome = server.create(new, user=True, validation="Ignore", dry_run=dry_run)
    return _of_conversion(outcome, new, info)


def _of_conversion(outcome: Outcome, new: Object, info: KindInfo) -> Outcome:
    """An object that cannot be read is not the request's fault: it is merged already."""
    marker = f" cannot be handled as a {info.kind}: "
    error = outcome.error
    if error is None or error.reason != "BadRequest" or marker not in error.message:
        return outcome
    meta = new.get("metadata") or {}
    kind = f"{info.group}/{info.version}, Kind={info.kind}"
    why = error.message.partition(marker)[2]
    said = f"failed to convert new object ({meta.get('namespace') or ''}/{meta.get('name') or ''}; {kind}) to proper version ({info.api_version}): {why}"
    return replace(outcome, error=Status(500, "", said))
