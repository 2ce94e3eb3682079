"""Objects of one kind as ``kubectl get`` lists them.

Mirrors: staging/src/k8s.io/cli-runtime/pkg/printers/tableprinter.go,
         staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor/tableconvertor.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kplan.catalog.kinds import KindInfo
from kplan.kubectl.columns import cluster, network, pods, storage, workloads
from kplan.kubectl.columns.base import NONE, UNKNOWN, Columns, age, name, since
from kplan.kubectl.output.jsonpath import BadTemplate, Template, relaxed
from kplan.model.gotext import go_text
from kplan.model.instants import read_instant
from kplan.model.objects import Object

TABLES: Mapping[str, Columns] = {**pods.TABLES, **workloads.TABLES, **network.TABLES, **storage.TABLES, **cluster.TABLES}


@dataclass(frozen=True, slots=True)
class Style:
    """What the options ask of a table."""

    wide: bool = False
    with_namespace: bool = False
    with_kind: bool = False
    show_labels: bool = False
    label_columns: tuple[str, ...] = ()


def columns_of(info: KindInfo, crd: Object | None = None) -> Columns:
    """The columns of a kind; those of a custom kind its definition names."""
    found = TABLES.get(info.group_kind)
    if found is None:
        declared = _declared(crd, info.version) if crd is not None else []
        found = _custom(declared) if declared else Columns("NAME|AGE", lambda o, now: [name(o), age(o, now)])
    return found


def _declared(crd: Object, version: str) -> list[Mapping[str, Any]]:
    return next((v.get("additionalPrinterColumns") or [] for v in crd["spec"]["versions"] if v["name"] == version), [])


def _custom(declared: list[Mapping[str, Any]]) -> Columns:
    heads = ["NAME", *(c["name"].upper() + ("*" if c.get("priority") else "") for c in declared)]
    paths = [(Template(relaxed(c["jsonPath"])), c.get("type") or "") for c in declared]

    def cells(obj: Object, now: float) -> list[Any]:
        return [name(obj), *(_custom_cell(template, kind, obj, now) for template, kind in paths)]

    return Columns("|".join(heads), cells)


def _custom_cell(template: Template, kind: str, obj: Object, now: float) -> Any:
    try:
        found = [value for values in template.find(obj) for value in values]
    except BadTemplate:
        found = []
    if not found or found[0] is None:
        return ""
    value = found[0]
    if kind == "date":
        return since(value, now) if isinstance(value, str) and read_instant(value) is not None else UNKNOWN
    if kind == "string":
        return value if isinstance(value, str) else go_text(value)
    wanted: Any = {"integer": int, "number": (int, float), "boolean": bool}.get(kind, object)
    return value if isinstance(value, wanted) else ""


def rows_of(info: KindInfo, table: Columns, objects: Iterable[Object], now: float, style: Style) -> tuple[list[str], list[list[str]]]:
    """(heads, rows) of a table."""
    heads = table.names(style.wide)
    if style.with_namespace:
        heads = ["NAMESPACE", *heads]
    heads += [_label_head(label) for label in style.label_columns]
    if style.show_labels:
        heads.append("LABELS")
    return heads, [_row(info, table, obj, now, style) for obj in objects]


def _row(info: KindInfo, table: Columns, obj: Object, now: float, style: Style) -> list[str]:
    cells = table.row(obj, now, style.wide)
    if style.with_kind and table.heads.startswith("NAME|"):
        cells[0] = f"{info.group_kind.lower()}/{cells[0]}"
    if style.with_namespace:
        cells = [obj["metadata"].get("namespace") or "", *cells]
    labels = obj["metadata"].get("labels") or {}
    cells += [labels.get(label, "") for label in style.label_columns]
    if style.show_labels:
        cells.append(",".join(f"{k}={v}" for k, v in sorted(labels.items())) or NONE)
    return cells


def _label_head(label: str) -> str:
    return label.rpartition("/")[2].upper()
