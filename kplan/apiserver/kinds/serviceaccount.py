"""ServiceAccounts.

Mirrors: pkg/registry/core/serviceaccount/strategy.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.apiserver.field import Errors
from kplan.apiserver.rules.metadata import validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object, annotations_of

_MOUNTABLE = "kubernetes.io/enforce-mountable-secrets"


def _clean_secret_references(account: Draft, *_: object) -> None:
    if account.get("secrets"):
        account["secrets"] = [{"name": s["name"]} if s.get("name") else {} for s in account["secrets"]]


def _validate(account: Object, _: StrategyContext) -> Errors:
    return validate_object_meta(account["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)


def _validate_update(account: Object, old: Object, ctx: StrategyContext) -> Errors:
    yield from validate_update_of(account, old)
    yield from _validate(account, ctx)


def _warnings(account: Object, old: Object | None, _: StrategyContext) -> Iterator[str]:
    if _MOUNTABLE in annotations_of(account) and (old is None or _MOUNTABLE not in annotations_of(old)):
        yield f"metadata.annotations[{_MOUNTABLE}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"


STRATEGY = Strategy(
    kind="ServiceAccount",
    prepare_for_create=_clean_secret_references,
    prepare_for_update=_clean_secret_references,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    generation_fields=(),
)
