"""RuntimeClasses.

Mirrors: pkg/registry/node/runtimeclass/strategy.go, pkg/apis/node/validation/validation.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.apiserver.field import ROOT, Errors, FieldPath, duplicate, required
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.metadata import validate_immutable, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import each_invalid, name_is_dns_label, name_is_dns_subdomain
from kplan.apiserver.rules.nodeselectors import DEPRECATED_NODE_LABELS
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.podresources import validate_container_resources
from kplan.apiserver.rules.podscheduling import validate_tolerations
from kplan.apiserver.rules.selectors import validate_labels
from kplan.apiserver.strategy import Strategy, StrategyContext
from kplan.model.objects import Object

_HANDLER = ROOT.child("handler")


def _validate(runtime: Object, _: StrategyContext) -> Errors:
    meta, handler = runtime["metadata"], runtime.get("handler") or ""
    yield from validate_object_meta(meta, namespaced=False, name_rule=name_is_dns_subdomain, kube_finalizers=False)
    if handler:
        yield from each_invalid(_HANDLER, handler, name_is_dns_label(handler, False))
    else:
        yield required(_HANDLER)
    overhead, scheduling = runtime.get("overhead"), runtime.get("scheduling")
    if overhead is not None:
        yield from validate_container_resources({"limits": overhead.get("podFixed")}, (), ROOT.child("overhead"))
    if scheduling is not None:
        path = ROOT.child("scheduling")
        yield from validate_labels(scheduling.get("nodeSelector"), path.child("nodeSelector"))
        yield from _validate_tolerations(scheduling.get("tolerations") or [], path.child("tolerations"))


def _validate_tolerations(tolerations: list[Object], path: FieldPath) -> Errors:
    yield from validate_tolerations(tolerations, path, PodOptions())
    seen = set()
    for i, toleration in enumerate(tolerations):
        key = tuple(toleration.get(f) or "" for f in ("key", "operator", "value", "effect"))
        if key in seen:
            yield duplicate(path.index(i), internal_json("core.Toleration", toleration))
        seen.add(key)


def _validate_update(runtime: Object, old: Object, ctx: StrategyContext) -> Errors:
    yield from _validate(runtime, ctx)
    yield from validate_update_of(runtime, old, kube_finalizers=False)
    yield from validate_immutable(runtime.get("handler") or "", old.get("handler") or "", _HANDLER)


def _warnings(runtime: Object, _: Object | None, __: StrategyContext) -> Iterator[str]:
    for key in (runtime.get("scheduling") or {}).get("nodeSelector") or ():
        if said := DEPRECATED_NODE_LABELS.get(key):
            yield f"scheduling.nodeSelector: {said}"


STRATEGY = Strategy(
    kind="RuntimeClass.node.k8s.io",
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    generation_fields=(),
    allow_create_on_update=True,
)
