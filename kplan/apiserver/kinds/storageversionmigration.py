"""StorageVersionMigration.

Mirrors: pkg/registry/storagemigration/storagemigration/strategy.go,
         pkg/apis/storagemigration/validation/validation.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kplan.apiserver.field import ROOT, SPEC, Errors, invalid, required
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.metadata import IMMUTABLE, semantically_equal, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import is_dns1035_label, is_dns1123_subdomain, name_is_dns_subdomain
from kplan.apiserver.rules.selectors import validate_conditions
from kplan.apiserver.rules.statuses import keep_metadata
from kplan.apiserver.strategy import Strategy, StrategyContext
from kplan.model.gotext import GoText, go_struct
from kplan.model.objects import EMPTY, Object, get_in

_RESOURCE = SPEC.child("resource")
_STATUS = ROOT.child("status")
_CONDITIONS = _STATUS.child("conditions")
_NUMBER = re.compile("[1-9][0-9]*", re.ASCII)
_CONDITION_FIELDS = ("type", "status", "observedGeneration", "lastTransitionTime", "reason", "message")


def _validate(migration: Object, _: StrategyContext) -> Errors:
    yield from validate_object_meta(migration["metadata"], namespaced=False, name_rule=name_is_dns_subdomain)
    target = get_in(migration, ("spec", "resource"), EMPTY)
    resource, group = target.get("resource") or "", target.get("group") or ""
    if not resource:
        yield required(_RESOURCE.child("resource"), "resource is required to be set")
    elif said := is_dns1035_label(resource):
        yield invalid(_RESOURCE.child("resource"), resource, ",".join(said))
    if group and (said := is_dns1123_subdomain(group)):
        yield invalid(_RESOURCE.child("group"), group, ",".join(said))


def _validate_update(migration: Object, old: Object, context: StrategyContext) -> Errors:
    yield from _validate(migration, context)
    yield from validate_update_of(migration, old)
    if not semantically_equal(migration.get("spec"), old.get("spec")):
        shown = internal_json("storagemigration.StorageVersionMigrationSpec", migration.get("spec"))
        yield invalid(SPEC, shown, IMMUTABLE)


def _validate_status(migration: Object, old: Object, _: StrategyContext) -> Errors:
    yield from validate_update_of(migration, old)
    status, before = migration.get("status") or EMPTY, old.get("status") or EMPTY
    version, had = status.get("resourceVersion") or "", before.get("resourceVersion") or ""
    conditions = status.get("conditions") or []
    if version and not _NUMBER.fullmatch(version):
        yield invalid(_STATUS.child("resourceVersion"), version, f"resource version is not well formed: {version}")
    yield from validate_conditions(conditions, _CONDITIONS)
    if had and had != version:
        yield invalid(_STATUS.child("resourceVersion"), version, IMMUTABLE)
    shown = _shown_conditions(conditions)
    if _is_true(status, "Succeeded") and _is_true(status, "Failed"):
        yield invalid(_CONDITIONS, shown, "Both success and failed conditions cannot be true at the same time")
    for kind, name in (("Succeeded", "Success"), ("Failed", "Failed")):
        if _is_true(before, kind) and not _is_true(status, kind):
            yield invalid(_CONDITIONS, shown, f"{name} condition cannot be set to false once it is true")


def _shown_conditions(conditions: Sequence[Object]) -> list[GoText] | None:
    return [go_struct(c, _CONDITION_FIELDS) for c in conditions] or None


def _is_true(status: Object, kind: str) -> bool:
    found = next((c for c in status.get("conditions") or () if c.get("type") == kind), EMPTY)
    return bool(found.get("status") == "True")


STRATEGY = Strategy(
    kind="StorageVersionMigration.storagemigration.k8s.io",
    prepare_for_status=keep_metadata,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    has_status=True,
    generation_fields=(),
)
