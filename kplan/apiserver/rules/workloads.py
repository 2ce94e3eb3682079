"""What the specs of controllers have in common: selector and template, numbers or percentages, options.

Mirrors: pkg/apis/apps/validation/validation.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kplan.apiserver.field import SPEC, Errors, FieldPath, forbidden, invalid, not_supported, required
from kplan.apiserver.rules.metadata import validate_nonnegative
from kplan.apiserver.rules.names import is_dns1123_label
from kplan.apiserver.rules.podfields import drop_disabled_fields
from kplan.apiserver.rules.podleniency import pod_options
from kplan.apiserver.rules.podoptions import PodOptions
from kplan.apiserver.rules.podtemplates import validate_pod_template_spec
from kplan.apiserver.rules.podwarnings import pod_template_warnings
from kplan.apiserver.rules.selectors import is_valid_selector, selector_json, validate_label_selector
from kplan.apiserver.strategy import Draft, StrategyContext
from kplan.model.objects import EMPTY, Object, get_in
from kplan.model.selectors import from_label_selector

TEMPLATE = SPEC.child("template")
NO_MATCH = "`selector` does not match template `labels`"
_IN_POD_NAMES = (
    "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
    "a DNS label is recommended: "
)


def template_of(obj: Object | None) -> Object:
    """spec.template, empty where there is none."""
    found: Object = get_in(obj, ("spec", "template"), EMPTY)
    return found


def template_options(context: StrategyContext, old: Object | None = None) -> PodOptions:
    """The options for the template of a controller; ``old`` is the stored template on update."""
    if old is None:
        return pod_options(context.gates)
    return pod_options(context.gates, old.get("spec") or EMPTY, old.get("metadata") or EMPTY)


def drop_disabled_template_fields(template: Draft, old: Object | None, context: StrategyContext) -> None:
    """Forget the fields of a template that are off."""
    drop_disabled_fields(template["spec"], (old or EMPTY).get("spec"), context.gates)


def template_labels(template: Object) -> Any:
    """The labels of a template as errors show them: null where there are none."""
    return (template.get("metadata") or EMPTY).get("labels")


def selector_matches(selector: Object | None, template: Object) -> bool:
    """Whether a valid selector selects the pods of a template."""
    return from_label_selector(selector).matches(template_labels(template) or EMPTY)


def is_empty_selector(selector: Object) -> bool:
    """Whether a LabelSelector asks nothing."""
    return not selector.get("matchLabels") and not selector.get("matchExpressions")


def validate_required_selector(selector: Object | None, path: FieldPath, of: str) -> Errors:
    """A selector that must be there and ask something; ``of`` is whose it is, in the words of the message."""
    if selector is None:
        yield required(path)
        return
    yield from validate_label_selector(selector, path)
    if is_empty_selector(selector):
        yield invalid(path, selector_json(selector), f"empty selector is invalid for {of}")


def validate_selected_template(spec: Object, path: FieldPath, options: PodOptions) -> Errors:
    """The template of a Deployment or ReplicaSet, which its selector must match."""
    selector, template, here = spec.get("selector"), spec.get("template") or EMPTY, path.child("template")
    if selector is not None and not is_valid_selector(selector):
        yield invalid(path.child("selector"), selector_json(selector), "invalid label selector")
        return
    if (selector is None or not is_empty_selector(selector)) and not selector_matches(selector, template):
        yield invalid(here.child("metadata", "labels"), template_labels(template), NO_MATCH)
    yield from validate_pod_template_spec(template, here, options)
    yield from validate_always_restarted(template, here, "ReplicaSet")


def validate_always_restarted(template: Object, path: FieldPath, kind: str) -> Errors:
    """Pods that are meant to run for ever."""
    spec = template.get("spec") or EMPTY
    if spec.get("restartPolicy") != "Always":
        yield not_supported(path.child("spec", "restartPolicy"), spec.get("restartPolicy") or "", ("Always",))
    if spec.get("activeDeadlineSeconds") is not None:
        here = path.child("spec", "activeDeadlineSeconds")
        yield forbidden(here, f"activeDeadlineSeconds in {kind} is not Supported")


def validate_nonnegative_fields(holder: Object, path: FieldPath, *fields: str) -> Errors:
    """Numbers that, where they are given, are at least 0."""
    for field in fields:
        if (value := holder.get(field)) is not None:
            yield from validate_nonnegative(value, path.child(field))


# -- warnings --------------------------------------------------------------------------------------------------------


def pod_name_warnings(obj: Object) -> Iterator[str]:
    """A name that its pods' hostnames will not take."""
    if said := is_dns1123_label(obj["metadata"].get("name") or ""):
        yield f"{_IN_POD_NAMES}[{' '.join(said)}]"


def template_warnings(new: Object, old: Object | None, context: StrategyContext, *, name: bool = True) -> Iterator[str]:
    """Warnings for a controller's name (on create) and template (on create, and when the generation rises)."""
    if old is None and name:
        yield from pod_name_warnings(new)
    if old is None or new["metadata"].get("generation") != old["metadata"].get("generation"):
        yield from pod_template_warnings(template_of(new), TEMPLATE, context.gates)
