"""The object graph for eyes and machines: Graphviz' dot, Mermaid, JSON, or plain lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import orjson

from kplan.model.objects import Ref

if TYPE_CHECKING:
    import networkx as nx

_DASHED = {"selects": "dashed", "refers": "dotted", "binds": "bold", "owns": "solid"}
_ARROWS = {"selects": "-.->", "refers": "-.->", "binds": "==>", "owns": "-->"}


def _edges(graph: nx.MultiDiGraph) -> list[tuple[Ref, str, Ref]]:
    return sorted((s, relation, t) for s, t, relation in graph.edges(keys=True))


def _missing(graph: nx.MultiDiGraph, ref: Ref) -> bool:
    return graph.nodes[ref]["object"] is None


def dot(graph: nx.MultiDiGraph) -> str:
    """Graphviz."""
    lines = ["digraph cluster {", "  rankdir=LR;", "  node [shape=box, fontname=monospace];"]
    for ref in sorted(graph):
        color = ", color=red, fontcolor=red" if _missing(graph, ref) else ""
        lines.append(f'  "{ref}" [label="{ref.short_kind}\\n{ref.name}"{color}];')
    lines += [f'  "{s}" -> "{t}" [style={_DASHED[relation]}, label="{relation}"];' for s, relation, t in _edges(graph)]
    return "\n".join([*lines, "}", ""])


def mermaid(graph: nx.MultiDiGraph) -> str:
    """Mermaid, as Git forges draw it in Markdown."""
    ids = {ref: f"n{i}" for i, ref in enumerate(sorted(graph))}
    lines = ["flowchart LR"]
    for ref, name in ids.items():
        lines.append(f'  {name}["{ref.short_kind}<br/>{ref.name}"]' + (":::missing" if _missing(graph, ref) else ""))
    lines += [f"  {ids[s]} {_ARROWS[relation]}|{relation}| {ids[t]}" for s, relation, t in _edges(graph)]
    return "\n".join([*lines, "  classDef missing stroke:#c00,color:#c00", ""])


def json(graph: nx.MultiDiGraph) -> str:
    """Nodes and edges as data."""

    def shown(ref: Ref) -> dict[str, str]:
        return {"group": ref.group, "kind": ref.short_kind, "namespace": ref.namespace, "name": ref.name}

    document = {
        "format_version": "1.0",
        "nodes": [{**shown(r), "missing": _missing(graph, r)} for r in sorted(graph)],
        "edges": [{"from": shown(s), "relation": relation, "to": shown(t)} for s, relation, t in _edges(graph)],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def text(graph: nx.MultiDiGraph) -> str:
    """One line an edge."""
    return "".join(f"{s} {relation} {t}{' (does not exist)' if _missing(graph, t) else ''}\n" for s, relation, t in _edges(graph))


FORMATS: dict[str, Callable[[nx.MultiDiGraph], str]] = {"text": text, "dot": dot, "mermaid": mermaid, "json": json}
