"""Field selectors: ``status.phase=Running,metadata.name!=a``. The server knows few fields of each kind.

Mirrors: staging/src/k8s.io/apimachinery/pkg/fields/selector.go, pkg/apis/*/v1/conversion.go: AddFieldLabelConversions…,
         staging/src/k8s.io/apimachinery/pkg/runtime/conversion.go: DefaultMetaV1FieldSelectorConversion (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from kplan.model.objects import Object, get_in

_META = ("metadata.name", "metadata.namespace")
_EVENT = (
    *(f"involvedObject.{f}" for f in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")),
    "reason", "reportingComponent", "source", "type",
)  # fmt: skip
_KNOWN: dict[str, tuple[str, ...]] = {
    "Pod": (
        *_META, "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName", "spec.host",
    ),
    "Node": ("metadata.name", "spec.unschedulable"),
    "ReplicationController": (*_META, "status.replicas"),
    "Event": (*_META, *_EVENT),
    "Namespace": ("metadata.name", "status.phase"),
    "Secret": (*_META, "type"),
    "Service": (*_META, "spec.clusterIP", "spec.type"),
    "Job.batch": (*_META, "status.successful"),
    "CertificateSigningRequest.certificates.k8s.io": ("metadata.name", "spec.signerName"),
    "ResourceSlice.resource.k8s.io": ("metadata.name", "spec.nodeName", "spec.driver"),
}  # fmt: skip
_WORDS = {
    "Job.batch": 'field label "{0}" not supported for Job',
    "ResourceSlice.resource.k8s.io": "field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: {0}",
}
_KEPT_AT = {"spec.host": "spec.nodeName", "status.successful": "status.succeeded", "source": "reportingComponent"}
_ABSENT = {"spec.unschedulable": "false", "spec.hostNetwork": "false", "status.replicas": "0", "status.successful": "0"}
_TERM = re.compile(r"([^=!]*?)(!=|==|=)(.*)")


class Term(NamedTuple):
    """A field, the value asked for, and whether it must be that or must not."""

    field: str
    value: str
    equal: bool


class FieldSelector(tuple[Term, ...]):
    """Terms that must all hold."""

    __slots__ = ()

    def matches(self, obj: Object) -> bool:
        """Whether an object has the values."""
        return all((_shown(obj, field) == value) == equal for field, value, equal in self)


def parse_field_selector(text: str, group_kind: str, selectable: Collection[str] | None = None) -> FieldSelector:
    """The condition of kubectl's ``--field-selector`` on objects of a kind. ``selectable``: what a custom kind declares.

    Raises: ValueError where the text is no selector, or asks for a field the server does not know.
    """
    terms = []
    for part in sorted(filter(None, re.split(r"(?<!\\),", text))):
        match = _TERM.fullmatch(part)
        if match is None:
            raise ValueError(f"invalid selector: '{text}'; can't understand '{part}'")
        terms.append(Term(match[1], match[3].replace("\\,", ","), match[2] != "!="))
    for term in terms:
        if why := _unknown(term.field, group_kind, selectable):
            raise ValueError(why)
    return FieldSelector(terms)


def _unknown(field: str, group_kind: str, selectable: Collection[str] | None) -> str:
    known = _KNOWN.get(group_kind, _META) if selectable is None else (*_META, *selectable)
    if field in known:
        return ""
    if group_kind in _KNOWN or selectable is not None:
        return _WORDS.get(group_kind, "field label not supported: {0}").format(field)
    return f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"'


def _shown(obj: Object, field: str) -> str:
    value = get_in(obj, tuple(_KEPT_AT.get(field, field).split(".")))
    if isinstance(value, bool):
        return "true" if value else "false"
    return _ABSENT.get(field, "") if value is None else str(value)
