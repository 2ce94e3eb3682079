"""The plan as data: versioned, canonical JSON (sorted keys), the same bytes for the same input.

``format_version`` rises in its second number when something is added, in its first when something changes its meaning.
``after_unknown`` mirrors an object with ``true`` at every leaf that only the real cluster will know: UIDs, drawn names,
addresses, times.  The shape is documented in ``docs/plan-format.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from kplan.apiserver.stages import stage_of
from kplan.model.instants import write_instant
from kplan.model.objects import Object, Ref
from kplan.plan.diff import ABSENT, FieldChange
from kplan.plan.explain import by_seq, chain
from kplan.plan.masking import masked, masked_fields
from kplan.plan.plan import FORMAT_VERSION, Change, Plan
from kplan.plan.stages import others, stages_at

_UNKNOWN_KEYS = frozenset(("uid", "resourceVersion", "creationTimestamp", "podIP", "podIPs", "hostIP", "hostIPs", "startTime"))
_TIMES = re.compile(r"(Time|Timestamp|At)$")
_DRAWN = frozenset(("clusterIP", "clusterIPs", "nodePort", "healthCheckNodePort"))


def render(plan: Plan, *, version: str = "", **_: Any) -> str:
    """The whole plan as one JSON document."""
    index = by_seq(plan.journal)
    document = {
        "format_version": FORMAT_VERSION,
        "kplan_version": version,
        "kubernetes": plan.minor,
        "cluster": plan.cluster,
        "now": write_instant(plan.now),
        "drift": [_change(c, plan, index) for c in plan.drift],
        "changes": [_change(c, plan, index) for c in plan.changes],
        "consequences": [_change(c, plan, index) for c in plan.consequences],
        "unscheduled": [{"ref": _ref(u.ref), "reason": u.reason, "message": u.message} for u in plan.unscheduled],
        "waiting": [{"ref": _ref(w.ref), "reason": w.reason, "message": w.message} for w in plan.waiting],
        "later": [{"at": write_instant(t.at), "actor": t.actor, "about": str(t.key), "note": t.note} for t in plan.later],
        "oscillations": [{"ref": _ref(o.ref), "at": write_instant(o.at), "writers": list(o.writers)} for o in plan.oscillations],
        "diagnostics": [_diagnostic(d) for d in plan.diagnostics],
        "quality": {"assumed": list(plan.quality.assumed), "not_modelled": list(plan.quality.not_modelled)},
        "summary": _summary(plan),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE, default=_plain).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (tuple, set, frozenset)):
        return list(value)
    raise TypeError(type(value).__name__)


def _ref(ref: Ref | None) -> dict[str, str] | None:
    if ref is None:
        return None
    return {"group": ref.group, "kind": ref.short_kind, "namespace": ref.namespace, "name": ref.name}


def _change(change: Change, plan: Plan, index: Mapping[int, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "ref": _ref(change.ref),
        "actions": list(change.symbol.actions),
        "actor": change.actor,
        "because": change.because,
        "before": masked(change.before),
        "after": masked(change.after),
        "after_unknown": unknown(change.before, change.after),
        "fields": [_field(f, change) for f in masked_fields(change)],
    }
    if change.stages is not None and change.before is None and (set_by := others(change.stages, stage_of(change.actor))):
        out["set_by"] = set_by
    if change.message:
        out["message"] = change.message
    if change.after is not None and change.ref in plan.ties:
        out["equal_nodes"] = list(plan.ties[change.ref])
    write = index.get(change.cause)
    if write is not None and change.woken_by:
        out["causes"] = [link.text for link in chain(plan.journal, write, index)][1:]
    return out


def _field(field: FieldChange, change: Change) -> dict[str, Any]:
    out: dict[str, Any] = {"path": list(field.path), "text": field.text}
    if field.before is not ABSENT:
        out["before"] = field.before
    if field.after is not ABSENT:
        out["after"] = field.after
        if change.stages is not None and (set_by := others(stages_at(change.stages, field.at), stage_of(change.actor))):
            out["set_by"] = set_by
    return out


def unknown(before: Object | None, after: Object | None) -> Any:
    """The mask of what only the real cluster will know of ``after``: ``true`` at unknown leaves, absent elsewhere."""
    if after is None or after is before:
        return {}
    mask = _mask(after, before or {})
    if before is None and after["metadata"].get("generateName"):
        mask.setdefault("metadata", {})["name"] = True
    return mask


def _mask(value: Mapping[str, Any], known: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, item in value.items():
        old = known.get(key) if isinstance(known, Mapping) else None
        if item is old or item == old:
            continue
        if (isinstance(item, str) and (key in _UNKNOWN_KEYS or key in _DRAWN or _TIMES.search(key))) or key in _UNKNOWN_KEYS or key in _DRAWN:
            out[key] = True
        elif isinstance(item, Mapping):
            if inner := _mask(item, old):
                out[key] = inner
        elif isinstance(item, list):
            olds = old if isinstance(old, list) else []
            items = [_mask(x, olds[i] if i < len(olds) else None) if isinstance(x, Mapping) else {} for i, x in enumerate(item)]
            if any(items):
                out[key] = items
    return out


def _diagnostic(d: Any) -> dict[str, Any]:
    at = {"file": d.at.file, "line": d.at.line, "column": d.at.column} if d.at else None
    return {
        "code": d.code,
        "severity": str(d.severity),
        "message": d.message,
        "ref": _ref(d.ref),
        "path": list(d.path),
        "hint": d.hint,
        "at": at,
    }


def _summary(plan: Plan) -> dict[str, Any]:
    def count(changes: tuple[Change, ...]) -> dict[str, int]:
        out: dict[str, int] = {}
        for c in changes:
            name = c.symbol.name.lower()
            out[name] = out.get(name, 0) + 1
        return out

    return {
        "changes": count(plan.changes),
        "consequences": count(plan.consequences),
        "pods_created": sum(c.ref.kind == "Pod" and c.before is None for c in plan.consequences + plan.changes),
        "pods_removed": sum(c.ref.kind == "Pod" and c.after is None for c in plan.consequences + plan.changes),
        "unscheduled": len(plan.unscheduled),
        "waiting": len(plan.waiting),
        "has_changes": plan.has_changes,
    }
