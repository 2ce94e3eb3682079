"""What descriptions of many kinds share: labels, taints, conditions, events, instants.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kplan.kubectl.client import Client
from kplan.kubectl.columns.base import NONE, since
from kplan.kubectl.describe.paper import Paper
from kplan.model.instants import read_instant
from kplan.model.objects import Object, Ref

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
LONGEST = 140
"""So many characters of an annotation stand on its line."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """One object to describe, and where to look for what belongs to it."""

    object: Object
    client: Client
    events: bool
    paper: Paper

    @property
    def now(self) -> float:
        """The simulated instant."""
        return self.client.server.now

    @property
    def meta(self) -> Mapping[str, Any]:
        """ObjectMeta."""
        found: Mapping[str, Any] = self.object["metadata"]
        return found

    def find(self, kind: str, namespace: str = "") -> list[Object]:
        """The objects of a kind (``Pod``) in a namespace, or all."""
        return list(self.client.server.view.objects(kind, namespace or None))

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object."""
        return self.client.server.view.get(Ref(kind, namespace, name))


def spec_of(obj: Object) -> Mapping[str, Any]:
    """The spec, empty where there is none."""
    found: Mapping[str, Any] = obj.get("spec") or {}
    return found


def status_of(obj: Object) -> Mapping[str, Any]:
    """The status, empty where there is none."""
    found: Mapping[str, Any] = obj.get("status") or {}
    return found


def head(case: Case, *, namespace: bool = True) -> None:
    """Name and namespace."""
    case.paper.line(0, "Name", case.meta.get("name") or "")
    if namespace:
        case.paper.line(0, "Namespace", case.meta.get("namespace") or "")


def marks(case: Case) -> None:
    """Labels and annotations."""
    labels(case.paper, "Labels", case.meta.get("labels"))
    notes(case.paper, "Annotations", case.meta.get("annotations"))


def rows(paper: Paper, title: str, lines: Iterable[str], indent: str = "") -> None:
    """A title with a line each beside it; ``<none>`` where there is none."""
    paper.write(0, f"{indent}{title}:\t")
    every = list(lines)
    for i, line in enumerate(every or [NONE]):
        paper.write(0, (f"{indent}\t" if i else "") + f"{line}\n")


def labels(paper: Paper, title: str, given: Mapping[str, str] | None, indent: str = "") -> None:
    """Labels, or anything like them, one a line."""
    rows(paper, title, (f"{k}={v}" for k, v in sorted((given or {}).items())), indent)


def notes(paper: Paper, title: str, given: Mapping[str, str] | None) -> None:
    """Annotations; long ones on lines of their own, the last-applied one not at all."""
    paper.write(0, f"{title}:\t")
    shown = {k: v for k, v in sorted((given or {}).items()) if k != LAST_APPLIED}
    if not shown:
        paper.write(0, f"{NONE}\n")
    for i, (key, value) in enumerate(shown.items()):
        if i:
            paper.write(0, "\t")
        value = value.removesuffix("\n")
        if len(value) + len(key) + 2 > LONGEST or "\n" in value:
            paper.write(0, f"{key}:\n")
            for text in value.split("\n"):
                paper.write(0, f"\t  {shortened(text, LONGEST - 2)}\n")
        else:
            paper.write(0, f"{key}: {value}\n")


def shortened(text: str, most: int) -> str:
    """Text, cut where it is too long."""
    return text[:most] + "..." if len(text) > most else text


def taints(paper: Paper, given: Iterable[Mapping[str, Any]] | None) -> None:
    """Taints of a node by effect and key."""
    found = sorted(given or (), key=lambda t: f"{t.get('effect')},{t.get('key')}")
    rows(paper, "Taints", map(_taint, found))


def _taint(taint: Mapping[str, Any]) -> str:
    key, value, effect = (taint.get(k) or "" for k in ("key", "value", "effect"))
    if not effect:
        return f"{key}={value}:" if value else key
    return f"{key}={value}:{effect}" if value else f"{key}:{effect}"


def tolerations(paper: Paper, title: str, given: Iterable[Mapping[str, Any]] | None) -> None:
    """Tolerations by key."""
    rows(paper, title, map(_toleration, sorted(given or (), key=lambda t: t.get("key") or "")))


def _toleration(toleration: Mapping[str, Any]) -> str:
    key, value, effect = (toleration.get(k) or "" for k in ("key", "value", "effect"))
    text = key + (f"={value}" if value else "") + (f":{effect}" if effect else "")
    if toleration.get("operator") == "Exists" and not value:
        text += " op=Exists" if key or effect else "op=Exists"
    seconds = toleration.get("tolerationSeconds")
    return text + (f" for {seconds}s" if seconds is not None else "")


def instant(text: str | None) -> str:
    """An instant as mails have it: ``Mon, 02 Jan 2006 15:04:05 +0000``."""
    seconds = read_instant(text)
    if seconds is None:
        return "Mon, 01 Jan 0001 00:00:00 +0000"
    return (_EPOCH + timedelta(seconds=int(seconds))).strftime("%a, %d %b %Y %H:%M:%S +0000")


def controller(obj: Object) -> str:
    """``Kind/name`` of the controller, "" where there is none."""
    owner = next((r for r in obj["metadata"].get("ownerReferences") or () if r.get("controller")), None)
    return f"{owner['kind']}/{owner['name']}" if owner else ""


def conditions(paper: Paper, given: Iterable[Mapping[str, Any]] | None) -> None:
    """Conditions with their reasons."""
    found = list(given or ())
    if found:
        paper.write(0, "Conditions:\n  Type\tStatus\tReason\n")
        paper.write(1, "----\t------\t------\n")
        for c in found:
            paper.write(1, f"{c.get('type')} \t{c.get('status')}\t{c.get('reason') or ''}\n")


def yes_or_no(value: bool | None) -> str:
    """A boolean as descriptions have it."""
    return "<unset>" if value is None else "True" if value else "False"


def or_unset(value: Any, suffix: str = "") -> str:
    """A value, or that there is none."""
    return "<unset>" if value is None else f"{value}{suffix}"


def events(case: Case) -> None:
    """What happened to the object, as far as events tell."""
    if not case.events:
        return
    found = [e for e in case.find("Event") if _is_about(e, case.object)]
    if not found:
        case.paper.line(0, "Events", NONE)
        return
    case.paper.flush()
    case.paper.write(0, "Events:\n  Type\tReason\tAge\tFrom\tMessage\n")
    case.paper.write(1, "----\t------\t----\t----\t-------\n")
    for event in sorted(found, key=lambda e: read_instant(e.get("lastTimestamp")) or 0.0):
        case.paper.write(1, _event(event, case.now))


def _is_about(event: Object, obj: Object) -> bool:
    about = event.get("involvedObject") or {}
    meta = obj["metadata"]
    same = about.get("kind") == obj["kind"] and about.get("name") == meta.get("name")
    return same and (about.get("namespace") or "") == (meta.get("namespace") or "") and about.get("uid") in (None, "", meta.get("uid"))


def _event(event: Object, now: float) -> str:
    first = since(event.get("eventTime") or event.get("firstTimestamp"), now)
    series, count, age = event.get("series"), event.get("count") or 0, first
    if series:
        age = f"{since(series.get('lastObservedTime'), now)} (x{series.get('count')} over {first})"
    elif count > 1:
        age = f"{since(event.get('lastTimestamp'), now)} (x{count} over {first})"
    source = (event.get("source") or {}).get("component") or event.get("reportingComponent") or ""
    message = (event.get("message") or "").strip()
    if path := (event.get("involvedObject") or {}).get("fieldPath"):
        message = f"{path}: {message}"
    return f"{event.get('type') or ''}\t{event.get('reason') or ''}\t{age}\t{source}\t{message}\n"
