"""ConfigMaps.

Mirrors: pkg/registry/core/configmap/strategy.go, pkg/apis/core/validation/validation.go: ValidateConfigMap (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import NOWHERE, ROOT, Errors, invalid, too_long
from kplan.apiserver.rules.datasize import MAX_DATA_SIZE, decoded_size, validate_immutable_data
from kplan.apiserver.rules.metadata import validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import byte_length, each_invalid, is_config_map_key, name_is_dns_subdomain
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object


def default(config: Draft, _: StrategyContext) -> None:
    """Null bytes are no bytes."""
    if config.get("binaryData"):
        config["binaryData"] = {k: v or "" for k, v in config["binaryData"].items()}


def validate(config: Object, _: StrategyContext) -> Errors:
    """A new ConfigMap: keys, keys in both bags, and the size of everything."""
    yield from validate_object_meta(config["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    data, binary = config.get("data") or {}, config.get("binaryData") or {}
    for key in data:
        path = ROOT.child("data").key(key)
        yield from each_invalid(path, key, is_config_map_key(key))
        if key in binary:
            yield invalid(path, key, "duplicate of key present in binaryData")
    for key in binary:
        yield from each_invalid(ROOT.child("binaryData").key(key), key, is_config_map_key(key))
    if sum(map(byte_length, data.values())) + sum(map(decoded_size, binary.values())) > MAX_DATA_SIZE:
        yield too_long(NOWHERE, "", MAX_DATA_SIZE)


def validate_update(config: Object, old: Object, ctx: StrategyContext) -> Errors:
    """A changed ConfigMap; an immutable one keeps its data and stays immutable."""
    yield from validate_update_of(config, old)
    yield from validate_immutable_data(config, old, ("data", "binaryData"))
    yield from validate(config, ctx)


STRATEGY = Strategy(kind="ConfigMap", default=default, validate=validate, validate_update=validate_update, generation_fields=())
