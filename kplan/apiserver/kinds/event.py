"""Event, of the core group and, more strictly checked, of events.k8s.io.

Mirrors: pkg/registry/core/event/strategy.go, pkg/apis/core/validation/events.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.apiserver.field import ROOT, Errors, invalid, required
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.metadata import IMMUTABLE, semantically_equal, validate_object_meta, validate_update_of
from kplan.apiserver.rules.names import (
    byte_length,
    each_invalid,
    is_dns1123_subdomain,
    is_qualified_name,
    name_is_dns_subdomain,
)
from kplan.apiserver.strategy import Draft, Strategy, StrategyContext
from kplan.model.objects import EMPTY, Object, namespace_of

STRICT = "events.k8s.io/v1"
_MOST = 128
_MOST_OF_NOTE = 1024
_NOT_THERE = "does not match event.namespace"
_TO_BE_UNSET = "needs to be unset"
_STRUCTS = {"involvedObject": "core.ObjectReference", "related": "core.ObjectReference", "source": "core.EventSource"}
_POINTERS = ("firstTimestamp", "lastTimestamp", "eventTime", "related")
"""What is null where it is absent; the others have a zero value."""
_FIXED = (
    "involvedObject",
    "reason",
    "message",
    "source",
    "firstTimestamp",
    "lastTimestamp",
    "count",
    "reason",
    "type",
    "eventTime",
    "action",
    "related",
    "reportingController",
    "reportingInstance",
)


def _default(draft: Draft, context: StrategyContext) -> None:
    for field in ("reportingComponent", "reportingInstance"):
        if draft.get(field) is None:
            draft[field] = ""


def _validate(event: Object, context: StrategyContext) -> Errors:
    yield from _validate_for_all(event, context)
    if context.requested != STRICT:
        return
    yield from validate_object_meta(event["metadata"], namespaced=True, name_rule=name_is_dns_subdomain)
    yield from _validate_series(event)
    if event.get("eventTime") is None:
        yield required(ROOT.child("eventTime"))
    kind = event.get("type") or ""
    if kind not in ("Normal", "Warning"):
        yield invalid(ROOT.child("type"), "", f"has invalid value: {kind}")
    for field in ("firstTimestamp", "lastTimestamp", "count"):
        if event.get(field):
            yield invalid(ROOT.child(field), "", _TO_BE_UNSET)
    source = event.get("source") or EMPTY
    if source.get("component") or source.get("host"):
        yield invalid(ROOT.child("source"), "", _TO_BE_UNSET)


def _validate_series(event: Object) -> Errors:
    series = event.get("series")
    if series is None:
        return
    if (series.get("count") or 0) < 2:
        yield invalid(ROOT.child("series.count"), "", "should be at least 2")
    if series.get("lastObservedTime") is None:
        yield required(ROOT.child("series.lastObservedTime"))


def _validate_for_all(event: Object, context: StrategyContext) -> Errors:
    namespace = namespace_of(event)
    about = (event.get("involvedObject") or EMPTY).get("namespace") or ""
    if event.get("eventTime") is not None:
        if not about and namespace not in ("default", "kube-system"):
            yield invalid(ROOT.child("involvedObject", "namespace"), about, _NOT_THERE)
        yield from _validate_new_fields(event, context)
    elif namespace not in ((about,) if about else ("", "default")):
        yield invalid(ROOT.child("involvedObject", "namespace"), about, _NOT_THERE)
    yield from each_invalid(ROOT.child("namespace"), namespace, is_dns1123_subdomain(namespace))


def _validate_new_fields(event: Object, context: StrategyContext) -> Errors:
    reporter = event.get("reportingComponent") or ""
    here = ROOT.child("reportingComponent" if context.requested == "v1" else "reportingController")
    if not reporter:
        yield required(here)
    yield from each_invalid(here, reporter, is_qualified_name(reporter))
    for field in ("reportingInstance", "action", "reason"):
        value = event.get(field) or ""
        if not value:
            yield required(ROOT.child(field))
        yield from _validate_length(field, value, _MOST)
    yield from _validate_length("message", event.get("message") or "", _MOST_OF_NOTE)


def _validate_length(field: str, value: str, most: int) -> Errors:
    if byte_length(value) > most:
        yield invalid(ROOT.child(field), "", f"can have at most {most} characters")


def _validate_update(new: Object, old: Object, context: StrategyContext) -> Errors:
    yield from _validate_for_all(new, context)
    if context.requested != STRICT:
        return
    yield from validate_update_of(new, old)
    if new.get("series") != old.get("series"):
        yield from _validate_series(new)
    yield from _validate_fixed(new, old)


def _validate_fixed(new: Object, old: Object) -> Errors:
    for field in _FIXED:
        key = "reportingComponent" if field == "reportingController" else field
        now, was = new.get(key), old.get(key)
        if not semantically_equal(now, was):
            yield invalid(ROOT.child(field), _shown(field, now), IMMUTABLE)


def _shown(field: str, value: Any) -> Any:
    if field in _POINTERS and value is None:
        return None
    if field in _STRUCTS:
        return internal_json(_STRUCTS[field], value or EMPTY)
    return (0 if field == "count" else "") if value is None else value


STRATEGY = Strategy(
    kind="Event",
    default=_default,
    validate=_validate,
    validate_update=_validate_update,
    generation_fields=(),
    allow_create_on_update=True,
)
