"""Secrets.

Mirrors: pkg/registry/core/secret/strategy.go, pkg/apis/core/validation/validation.go: ValidateSecret,
         pkg/apis/core/v1/conversion.go: Convert_v1_Secret_To_core_Secret (1.36)
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from kplan.apiserver.field import METADATA, ROOT, Errors, invalid, required, too_long
from kplan.apiserver.rules.datasize import MAX_DATA_SIZE, decoded_size, validate_immutable_data
from kplan.apiserver.rules.jsonsyntax import object_error
from kplan.apiserver.rules.metadata import validate_immutable, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import each_invalid, is_config_map_key, name_is_dns_subdomain
from kplan.apiserver.rules.pem import key_pair_error
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object, annotations_of

_DATA = ROOT.child("data")
_ACCOUNT = "kubernetes.io/service-account.name"
_DOCKER_KEYS = {"kubernetes.io/dockercfg": ".dockercfg", "kubernetes.io/dockerconfigjson": ".dockerconfigjson"}


def _default(secret: Draft, _: StrategyContext) -> None:
    """Give it a type, and write stringData over data."""
    secret["type"] = secret.get("type") or "Opaque"
    texts = secret.pop("stringData", None)
    data = {k: v or "" for k, v in (secret.get("data") or {}).items()}
    data.update({k: base64.b64encode((v or "").encode()).decode() for k, v in (texts or {}).items()})
    if data:
        secret["data"] = data


def _prepare_for_update(secret: Draft, old: Object, _: StrategyContext) -> None:
    secret["type"] = secret.get("type") or old.get("type")


def _validate(secret: Object, _: StrategyContext) -> Errors:
    yield from validate_object_meta(secret["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    data = secret.get("data") or {}
    for key in data:
        yield from each_invalid(_DATA.key(key), key, is_config_map_key(key))
    if sum(map(decoded_size, data.values())) > MAX_DATA_SIZE:
        yield too_long(_DATA, "", MAX_DATA_SIZE)
    yield from _validate_type(secret, secret.get("type") or "", data)


def _validate_type(secret: Object, kind: str, data: dict[str, str]) -> Errors:
    """What each type must hold."""
    if kind in _DOCKER_KEYS:
        key = _DOCKER_KEYS[kind]
        if key not in data:
            yield required(_DATA.key(key))
        elif said := object_error(base64.b64decode(data[key])):
            yield invalid(_DATA.key(key), "<secret contents redacted>", said)
        return
    match kind:
        case "kubernetes.io/service-account-token":
            if not annotations_of(secret).get(_ACCOUNT):
                yield required(METADATA.child("annotations").key(_ACCOUNT))
        case "kubernetes.io/basic-auth":
            if "username" not in data and "password" not in data:
                yield required(_DATA.key("username"))
                yield required(_DATA.key("password"))
        case "kubernetes.io/ssh-auth":
            if not data.get("ssh-privatekey"):
                yield required(_DATA.key("ssh-privatekey"))
        case "kubernetes.io/tls":
            for key in ("tls.crt", "tls.key"):
                if key not in data:
                    yield required(_DATA.key(key))


def _validate_update(secret: Object, old: Object, ctx: StrategyContext) -> Errors:
    yield from validate_update_of(secret, old)
    yield from validate_immutable(secret.get("type"), old.get("type"), ROOT.child("type"))
    yield from validate_immutable_data(secret, old, ("data",))
    yield from _validate(secret, ctx)


def _warnings(secret: Object, _: Object | None, __: StrategyContext) -> Iterator[str]:
    if secret.get("type") == "kubernetes.io/tls":
        certificate, key = (base64.b64decode((secret.get("data") or {}).get(k) or "") for k in ("tls.crt", "tls.key"))
        if said := key_pair_error(certificate, key):
            yield said


STRATEGY = Strategy(
    kind="Secret",
    default=_default,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    generation_fields=(),
)
