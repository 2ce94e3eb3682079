"""IngressClasses.

Mirrors: pkg/registry/networking/ingressclass/strategy.go, pkg/apis/networking/validation/validation.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.field import SPEC, Errors, FieldPath, forbidden, not_supported, required, too_long
from kplan.apiserver.rules.metadata import validate_immutable, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import (
    byte_length,
    each_invalid,
    is_domain_prefixed_path,
    name_is_dns_label,
    name_is_dns_subdomain,
)
from kplan.apiserver.rules.references import validate_typed_reference
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import Object

_LONGEST_CONTROLLER = 250
_SCOPES = ("Cluster", "Namespace")


def _default(ingress_class: Draft, _: StrategyContext) -> None:
    parameters = (ingress_class.get("spec") or {}).get("parameters")
    if parameters is not None and parameters.get("scope") is None:
        parameters["scope"] = "Cluster"


def _validate(ingress_class: Object, _: StrategyContext) -> Errors:
    yield from validate_object_meta(ingress_class["metadata"], namespaced=False, name_rule=name_is_dns_subdomain)
    spec = ingress_class["spec"]
    controller, path = spec.get("controller") or "", SPEC.child("controller")
    if byte_length(controller) > _LONGEST_CONTROLLER:
        yield too_long(path, "", _LONGEST_CONTROLLER)
    yield from is_domain_prefixed_path(path, controller)
    if spec.get("parameters") is not None:
        yield from _validate_parameters(spec["parameters"], SPEC.child("parameters"))


def _validate_parameters(parameters: Object, path: FieldPath) -> Errors:
    yield from validate_typed_reference(parameters, path)
    scope, namespace = parameters.get("scope"), parameters.get("namespace")
    if scope is None:
        yield required(path.child("scope"))
    elif scope not in _SCOPES:
        yield not_supported(path.child("scope"), scope, _SCOPES)
    elif scope == "Namespace":
        if namespace is None:
            yield required(path.child("namespace"), "`parameters.scope` is set to 'Namespace'")
        else:
            yield from each_invalid(path.child("namespace"), namespace, name_is_dns_label(namespace, False))
    elif namespace is not None:
        yield forbidden(path.child("namespace"), "`parameters.scope` is set to 'Cluster'")


def _validate_update(ingress_class: Object, old: Object, ctx: StrategyContext) -> Errors:
    yield from validate_update_of(ingress_class, old)
    given, before = (o["spec"].get("controller") or "" for o in (ingress_class, old))
    yield from validate_immutable(given, before, SPEC.child("controller"))
    yield from _validate(ingress_class, ctx)


STRATEGY = Strategy(
    kind="IngressClass.networking.k8s.io",
    default=_default,
    validate=_validate,
    validate_update=_validate_update,
)
