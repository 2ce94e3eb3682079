"""APIServices.

Mirrors: staging/src/k8s.io/kube-aggregator/pkg/registry/apiservice/strategy.go,
         staging/src/k8s.io/kube-aggregator/pkg/apis/apiregistration/validation/validation.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import ROOT, SPEC, Errors, invalid, not_supported, required
from kplan.apiserver.rules.datasize import decoded_size
from kplan.apiserver.rules.metadata import validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import (
    Messages,
    each_invalid,
    is_dns1035_label,
    is_dns1123_subdomain,
    is_path_segment_name,
    is_valid_port_num,
)
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.gotext import GoText, go_json, go_quote
from kplan.model.instants import write_instant
from kplan.model.objects import Object

_PORT = 443
_CONDITION_STATUSES = ("True", "False", "Unknown")


def _default(service: Draft, _: StrategyContext) -> None:
    reference = (service.get("spec") or {}).get("service")
    if reference is not None and reference.get("port") is None:
        reference["port"] = _PORT


def _prepare_for_create(service: Draft, ctx: StrategyContext) -> None:
    """What is served by the API server itself is available at once."""
    service["status"] = {}
    if (service.get("spec") or {}).get("service") is None:
        local = {"type": "Available", "status": "True", "lastTransitionTime": write_instant(ctx.now)}
        local |= {"reason": "Local", "message": "Local APIServices are always available"}
        service["status"] = {"conditions": [local]}


def _validate(service: Object, _: StrategyContext) -> Errors:
    spec = service.get("spec") or {}
    group, version = spec.get("group") or "", spec.get("version") or ""
    wanted = f"{version}.{group}"

    def name_rule(name: str, _: bool) -> Messages:
        said = is_path_segment_name(name)
        return said or (() if name == wanted else (f'must be `spec.version+"."+spec.group`: {go_quote(wanted)}',))

    yield from validate_object_meta(service["metadata"], namespaced=False, name_rule=name_rule, kube_finalizers=False)
    if not group and version != "v1":
        yield required(SPEC.child("group"), "only v1 may have an empty group and it better be legacy kube")
    if group:
        yield from each_invalid(SPEC.child("group"), group, is_dns1123_subdomain(group))
    yield from each_invalid(SPEC.child("version"), version, is_dns1035_label(version))
    for field, most in (("groupPriorityMinimum", 20000), ("versionPriority", 1000)):
        value = spec.get(field) or 0
        if not 0 < value <= most:
            yield invalid(SPEC.child(field), value, f"must be positive and less than {most}")
    yield from _validate_reference(spec)


def _validate_reference(spec: Object) -> Errors:
    bundle, insecure, reference = spec.get("caBundle") or "", bool(spec.get("insecureSkipTLSVerify")), spec.get("service")
    if reference is None:
        if bundle:
            said = "local APIServices may not have a caBundle"
            yield invalid(SPEC.child("caBundle"), f"{decoded_size(bundle)} bytes", said)
        if insecure:
            said = "local APIServices may not have insecureSkipTLSVerify"
            yield invalid(SPEC.child("insecureSkipTLSVerify"), insecure, said)
        return
    path, port = SPEC.child("service"), reference.get("port") or 0
    for field in ("namespace", "name"):
        if not reference.get(field):
            yield required(path.child(field))
    if said_of_port := is_valid_port_num(port):
        yield invalid(path.child("port"), port, "port is not valid: " + ", ".join(said_of_port))
    if insecure and bundle:
        yield invalid(SPEC.child("insecureSkipTLSVerify"), insecure, "may not be true if caBundle is present")


def _validate_update(service: Object, old: Object, ctx: StrategyContext) -> Errors:
    yield from validate_update_of(service, old, kube_finalizers=False)
    if ctx.subresource != "status":
        yield from _validate(service, ctx)
        return
    for i, condition in enumerate((service.get("status") or {}).get("conditions") or ()):
        status = condition.get("status") or ""
        if status not in _CONDITION_STATUSES:
            path = ROOT.child("status", "conditions").index(i).child("status")
            yield not_supported(path, GoText(go_json(status)), _CONDITION_STATUSES)


STRATEGY = Strategy(
    kind="APIService.apiregistration.k8s.io",
    default=_default,
    prepare_for_create=_prepare_for_create,
    validate=_validate,
    validate_update=_validate_update,
    has_status=True,
    generation_fields=(),
)
