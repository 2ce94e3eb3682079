"""DeviceClass.

Mirrors: pkg/apis/resource/validation/validation.go (ValidateDeviceClass), pkg/registry/resource/deviceclass/strategy.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import SPEC, Errors, invalid
from kplan.apiserver.rules.collections import validate_slice
from kplan.apiserver.rules.devices import MAX_CONFIG, validate_device_configuration, validate_selectors
from kplan.apiserver.rules.metadata import validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import is_dns1123_subdomain, max_bytes_error, max_len_error
from kplan.apiserver.rules.quantities import is_extended_resource_name
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object, get_in


def _long_name(name: str, prefix: bool) -> tuple[str, ...]:
    # The declarative rule says "bytes".
    return tuple(m.replace(max_len_error(253), max_bytes_error(253)) for m in is_dns1123_subdomain(name))


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    _drop_disabled(draft, None, context)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    _drop_disabled(draft, old, context)


def _drop_disabled(draft: Draft, old: Object | None, context: StrategyContext) -> None:
    if not context.gates.on("DRAExtendedResource") and get_in(old, ("spec", "extendedResourceName")) is None:
        draft.get("spec", {}).pop("extendedResourceName", None)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=False, name_rule=_long_name, check_generate_name=False)
    yield from _validate_spec(obj)


def _validate_spec(obj: Object) -> Errors:
    spec = obj.get("spec") or {}
    yield from validate_selectors(spec.get("selectors") or [], SPEC.child("selectors"))
    yield from validate_slice(spec.get("config") or [], MAX_CONFIG, validate_device_configuration, SPEC.child("config"))
    name = spec.get("extendedResourceName")
    if name is not None and not is_extended_resource_name(name):
        yield invalid(SPEC.child("extendedResourceName"), name, "must be a valid extended resource name")


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(new["metadata"], namespaced=False, name_rule=_long_name, check_generate_name=False)
    yield from validate_update_of(new, old)
    yield from _validate_spec(new)


STRATEGY = Strategy(
    kind="DeviceClass.resource.k8s.io",
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
)
