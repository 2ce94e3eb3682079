"""PodTemplate.

Mirrors: pkg/registry/core/podtemplate/strategy.go, pkg/apis/core/validation/validation.go (ValidatePodTemplate) (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.apiserver.field import ROOT, Errors
from kplan.apiserver.rules.metadata import validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import name_is_dns_subdomain
from kplan.apiserver.rules.poddefaults import default_pod_template
from kplan.apiserver.rules.podtemplates import validate_pod_template_spec
from kplan.apiserver.rules.podwarnings import pod_template_warnings
from kplan.apiserver.rules.workloads import drop_disabled_template_fields, template_options
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import EMPTY, Object

_TEMPLATE = ROOT.child("template")


def _default(draft: Draft, context: StrategyContext) -> None:
    default_pod_template(draft.setdefault("template", {}))


def _prepare_for_create(draft: Draft, context: StrategyContext) -> None:
    drop_disabled_template_fields(draft["template"], None, context)


def _prepare_for_update(draft: Draft, old: Object, context: StrategyContext) -> None:
    drop_disabled_template_fields(draft["template"], old.get("template"), context)


def _validate(obj: Object, context: StrategyContext) -> Errors:
    yield from validate_object_meta(obj["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    yield from validate_pod_template_spec(obj.get("template") or EMPTY, _TEMPLATE, template_options(context))


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from validate_update_of(new, old)
    options = template_options(context, old.get("template") or EMPTY)
    yield from validate_pod_template_spec(new.get("template") or EMPTY, _TEMPLATE, options)


def _warnings(new: Object, old: Object | None, context: StrategyContext) -> Iterator[str]:
    if old is None or new["metadata"].get("generation") != old["metadata"].get("generation"):
        yield from pod_template_warnings(new.get("template") or EMPTY, _TEMPLATE, context.gates)


STRATEGY = Strategy(
    kind="PodTemplate",
    default=_default,
    prepare_for_create=_prepare_for_create,
    prepare_for_update=_prepare_for_update,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    generation_fields=("template",),
)
